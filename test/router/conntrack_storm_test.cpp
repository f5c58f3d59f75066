// SPDX-License-Identifier: GPL-3.0-or-later
// Very many short connections: the ledger and its losses cover the traffic that nft counted.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

#include "tracked_router.hpp"

namespace octroi {
namespace {

using support::Network;

// Each datagram is a connection of its own: (source port, destination port) differ.
class ShortConnections {
public:
    void send(int count) {
        while (count > 0) {
            if (port_ >= ports_end) open();
            const int sent = send_batch(std::min(count, ports_end - port_));
            if (sent <= 0) {
                ADD_FAILURE() << "cannot send";
                return;
            }
            count -= sent;
            port_ += sent;
        }
    }

private:
    static constexpr int ports_begin = 1024;
    static constexpr int ports_end = 61'024;
    static constexpr int batch_max = 256;

    void open() {
        socket_ = Fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        port_ = ports_begin;
    }
    int send_batch(int count) {
        static std::array<char, 32> payload{};
        std::array<sockaddr_in, batch_max> to{};
        std::array<mmsghdr, batch_max> messages{};
        iovec part{payload.data(), payload.size()};
        count = std::min(count, batch_max);
        for (int i = 0; i < count; ++i) {
            const auto at = static_cast<std::size_t>(i);
            to.at(at).sin_family = AF_INET;
            to.at(at).sin_port = htons(static_cast<std::uint16_t>(port_ + i));
            ::inet_pton(AF_INET, "10.78.2.2", &to.at(at).sin_addr);
            msghdr& header = messages.at(at).msg_hdr;
            header.msg_name = &to.at(at);
            header.msg_namelen = sizeof(sockaddr_in);
            header.msg_iov = &part;
            header.msg_iovlen = 1;
        }
        return ::sendmmsg(socket_.get(), messages.data(), static_cast<unsigned>(count), 0);
    }

    Fd socket_;
    int port_ = ports_end;
};

class ConntrackStorm : public router_test::TrackedRouter {
protected:
    void SetUp() override {
        TrackedRouter::SetUp();
        if (IsSkipped()) return;
        // The kernel tracks connections where a rule needs it.
        load(
            "table inet track {\n chain pre {\n  type filter hook prerouting priority 0; policy "
            "accept;\n  ct state invalid counter\n }\n}\n");
        set("net.netfilter.nf_conntrack_udp_timeout=1");
        // No errors come back.
        Network::must(
            network_.in(network_.server(), {"nft",
                                            "add table inet quiet; add chain inet quiet in { type "
                                            "filter hook prerouting priority 0; policy drop; }"}));
        Network::must(network_.in(network_.host(), {"ping", "-c1", "-W1", "10.78.1.1"}));
    }
    void storm(int bursts, int connections, std::chrono::milliseconds distance) const {
        ASSERT_TRUE(router_test::in_namespace(network_.host(), [&] {
            ShortConnections sender;
            auto next = std::chrono::steady_clock::now();
            for (int i = 0; i < bursts; ++i) {
                sender.send(connections);
                next += distance;
                const auto left = next - std::chrono::steady_clock::now();
                if (left.count() > 0)
                    support::pass(std::chrono::duration_cast<std::chrono::microseconds>(left));
            }
        }));
        // The meter lists the table each second, and the kernel removes expired entries then.
        EXPECT_TRUE(support::wait_until(
            [&] {
                const auto left = support::run(network_.in(
                    network_.router(), {"cat", "/proc/sys/net/netfilter/nf_conntrack_count"}));
                return std::stoi(left.out) < 10;
            },
            std::chrono::seconds(60)));
    }
    // The bound of a loss of so many octets.
    static void expect_close(std::uint64_t bound, std::uint64_t lost) {
        EXPECT_GE(bound, lost);
        EXPECT_LE(bound, lost + lost / 5);
    }
    struct Lost {
        std::uint64_t bytes = 0;
        bool is_known = true;
        std::size_t records = 0;
    };
    [[nodiscard]] Lost lost() const {
        Lost sum;
        const auto ledger = SqliteLedger::open(ledger_, {.mode = OpenMode::read_only});
        EXPECT_TRUE(ledger.has_value()) << ledger.error().text;
        const auto all = (*ledger)->losses({});
        EXPECT_TRUE(all.has_value());
        for (const MeterLoss& one : *all) {
            sum.is_known = sum.is_known && one.loss.bytes_bound.has_value();
            sum.bytes += one.loss.bytes_bound.value_or(0);
            ++sum.records;
        }
        return sum;
    }
};

TEST_F(ConntrackStorm, WithASmallBufferTheLedgerAndItsLossesCoverTheTraffic) {
    const auto daemon = start("socket_buffer = \"64 KiB\"\n");
    support::pass(std::chrono::milliseconds(1500));
    storm(10, 20'000, std::chrono::milliseconds(200));
    stop(*daemon);
    const std::uint64_t sent = counted().bytes;
    EXPECT_GT(counted().packets, 150'000U);
    const Lost missing = lost();
    RecordProperty("booked", std::to_string(booked().bytes));
    RecordProperty("lost", std::to_string(missing.bytes));
    EXPECT_LT(booked().bytes, sent) << "the buffer was large enough";
    EXPECT_GT(missing.records, 0U);
    EXPECT_TRUE(missing.is_known);
    expect_close(missing.bytes, sent - booked().bytes);
}

// Most events are read, and traffic never stops: the loss is a small part of the traffic.
TEST_F(ConntrackStorm, TheBoundOfASmallLossInTheMiddleOfTrafficIsClose) {
    const auto daemon = start("socket_buffer = \"64 KiB\"\n");
    support::pass(std::chrono::milliseconds(1500));
    for (int i = 0; i < 3; ++i) {
        storm(10, 500, std::chrono::milliseconds(100));
        storm(1, 20'000, std::chrono::milliseconds(100));
        storm(10, 500, std::chrono::milliseconds(100));
    }
    stop(*daemon);
    const std::uint64_t sent = counted().bytes;
    const Lost missing = lost();
    RecordProperty("booked", std::to_string(booked().bytes));
    RecordProperty("lost", std::to_string(missing.bytes));
    EXPECT_LT(booked().bytes, sent) << "the buffer was large enough";
    EXPECT_TRUE(missing.is_known);
    expect_close(missing.bytes, sent - booked().bytes);
}

TEST_F(ConntrackStorm, WithTheDefaultBufferNothingIsLost) {
    const auto daemon = start();
    support::pass(std::chrono::milliseconds(1500));
    storm(50, 2'000, std::chrono::milliseconds(100));
    stop(*daemon);
    EXPECT_GT(counted().packets, 95'000U);
    EXPECT_EQ(booked(), counted());
    EXPECT_EQ(lost().records, 0U);
}

}  // namespace
}  // namespace octroi
