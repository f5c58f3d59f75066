// SPDX-License-Identifier: GPL-3.0-or-later
// A NAT device reports its translations, and a router on its outside reports the traffic. Both send
// real datagrams to a running collector, which is killed in between. Checks the accounts of the
// traffic in the ledger, and the answers of `octroi who`. The test holds the socket, as a service
// manager would.

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "base/time.hpp"
#include "host/datagrams.hpp"
#include "host/socket_address.hpp"
#include "store/sqlite/sqlite_ledger.hpp"
#include "support/given_socket.hpp"
#include "support/process.hpp"
#include "wire/ipfix/testing/messages.hpp"
#include "wire/packet/testing/build.hpp"
#include "wire/pcap/testing/writer.hpp"

namespace octroi {
namespace {

using ipfix::testing::data;
using ipfix::testing::templates;
using ipfix::testing::values;
using support::Ended;
using support::Folder;
using support::octroi;
using support::Process;

constexpr std::uint32_t alice = 0x0a000001;    // 10.0.0.1
constexpr std::uint32_t bob = 0x0a000002;      // 10.0.0.2
constexpr std::uint32_t outside = 0xcb007105;  // 203.0.113.5
constexpr std::uint32_t far = 0xc6336401;      // 198.51.100.1
constexpr std::uint16_t port = 40000;
constexpr std::uint8_t session_create = 4;
constexpr std::uint8_t session_delete = 5;
constexpr std::uint8_t block_allocation = 16;

class Exporter {
public:
    Exporter(std::uint32_t address, std::uint16_t to)
        : address_(Address::v4(address)), socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        const SocketAddress own = socket_address(address_, 0);
        const SocketAddress meter = socket_address(Address::v4(INADDR_LOOPBACK), to);
        EXPECT_EQ(::bind(socket_.get(), own.get(), own.length), 0);
        EXPECT_EQ(::connect(socket_.get(), meter.get(), meter.length), 0);
    }
    void send(const std::string& sets, unsigned records) {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(
            std::chrono::system_clock::now().time_since_epoch());
        const std::string message = values()
                                        .u16(10)
                                        .u16(16 + sets.size())
                                        .u32(static_cast<std::uint64_t>(seconds.count()))
                                        .u32(sequence_)
                                        .u32(1)
                                        .raw(sets);
        sequence_ += records;
        EXPECT_EQ(::send(socket_.get(), message.data(), message.size(), 0),
                  static_cast<ssize_t>(message.size()));
        sent_.push_back(message);
    }
    // All messages, as they would be in a capture.
    void write_to(pcap::PcapWriter& capture, UtcTime time) const {
        for (const std::string& message : sent_)
            capture.frame(time, packet::build::Frame()
                                    .ethernet({{2, 0, 0, 0, 0, 1}}, {{2, 0, 0, 0, 0, 2}})
                                    .ipv4({.src = address_, .dst = Address::v4(INADDR_LOOPBACK)})
                                    .udp(50'000, 4739)
                                    .raw(message)
                                    .octets());
    }

private:
    Address address_;
    std::vector<std::string> sent_;
    Fd socket_;
    std::uint32_t sequence_ = 0;
};

class NatTest : public testing::Test {
protected:
    NatTest() {
        auto source = UdpSource::open(
            {.address = Address::v4(INADDR_LOOPBACK), .port = 0, .buffer_octets = 1U << 20U});
        EXPECT_TRUE(source.has_value()) << source.error().text;
        source_ = std::move(*source);
        translator_.emplace(INADDR_LOOPBACK + 1, source_->port());
        router_.emplace(INADDR_LOOPBACK + 2, source_->port());
        configure("");
    }
    void configure(const std::string& more) const {
        std::ofstream(config_) << "[ledger]\ncommit_interval = \"1s\"\n"
                                  "[attribute]\nlocal = [\"10.0.0.0/8\", \"203.0.113.0/24\"]\n"
                                  "[[exporter]]\nprefix = \"127.0.0.2\"\ntrusted_nat = true\n"
                                  "[[meter]]\nname = \"routers\"\nkind = \"collector\"\n"
                               << more;
    }
    [[nodiscard]] support::Arguments command(support::Arguments more) const {
        more.insert(more.begin(), {"--config", config_});
        return octroi(ledger_, more);
    }
    [[nodiscard]] Ended ran(const support::Arguments& more) const {
        Ended ended = support::run(command(more));
        EXPECT_EQ(ended.status, 0) << ended.err;
        return ended;
    }
    // Milliseconds since 1970 at `seconds` after the beginning of the test traffic.
    [[nodiscard]] std::uint64_t ms(int seconds) const {
        return static_cast<std::uint64_t>(began_.count() + seconds * 1000);
    }
    [[nodiscard]] std::string moment(int seconds) const {
        return to_rfc3339({static_cast<std::int64_t>(ms(seconds)) * 1'000'000}, 3);
    }
    void send_templates() {
        translator_->send(
            templates({{256,
                        {{323, 8},
                         {230, 1},
                         {4, 1},
                         {8, 4},
                         {7, 2},
                         {225, 4},
                         {227, 2},
                         {12, 4},
                         {11, 2}}},
                       {257, {{323, 8}, {230, 1}, {8, 4}, {225, 4}, {361, 2}, {362, 2}}}}),
            0);
        router_->send(
            templates(
                {{300,
                  {{8, 4}, {12, 4}, {7, 2}, {11, 2}, {4, 1}, {1, 8}, {2, 8}, {152, 8}, {153, 8}}}}),
            0);
    }
    void send_session(std::uint8_t event, std::uint32_t inside, int seconds) {
        translator_->send(data(256, values()
                                        .u64(ms(seconds))
                                        .u8(event)
                                        .u8(6)
                                        .u32(inside)
                                        .u16(1234)
                                        .u32(outside)
                                        .u16(port)
                                        .u32(far)
                                        .u16(443)),
                          1);
    }
    void send_block(std::uint32_t inside, int seconds) {
        translator_->send(data(257, values()
                                        .u64(ms(seconds))
                                        .u8(block_allocation)
                                        .u32(inside)
                                        .u32(outside)
                                        .u16(1024)
                                        .u16(2047)),
                          1);
    }
    // A flow as the router outside of the NAT device sees it.
    void send_flow(std::uint64_t bytes, int first, int last, bool back = false,
                   std::uint16_t outside_port = port) {
        auto record = values();
        if (back)
            record.u32(far).u32(outside).u16(443).u16(outside_port);
        else
            record.u32(outside).u32(far).u16(outside_port).u16(443);
        router_->send(data(300, record.u8(6).u64(bytes).u64(1).u64(ms(first)).u64(ms(last))), 1);
    }
    // Waits until the batches contain `bytes` in total.
    [[nodiscard]] bool ledger_has(std::uint64_t bytes) const {
        return support::wait_until(
            [&] {
                const auto ledger = SqliteLedger::open(ledger_, {.mode = OpenMode::read_only});
                if (!ledger) return false;
                const auto sums = (*ledger)->sums({});
                std::uint64_t sum = 0;
                if (sums)
                    for (const TransferSum& row : *sums) sum += row.volume.bytes.value();
                return sum == bytes;
            },
            std::chrono::seconds(20));
    }
    [[nodiscard]] nlohmann::json rows(const support::Arguments& more) const {
        support::Arguments all = more;
        all.emplace_back("--json");
        auto parsed = nlohmann::json::parse(ran(all).out, nullptr, false);
        EXPECT_FALSE(parsed.is_discarded());
        return parsed.is_object() ? parsed["rows"] : parsed;
    }
    // Bytes sent and received by identity.
    using Usage = std::map<std::string, std::pair<std::uint64_t, std::uint64_t>>;
    [[nodiscard]] Usage usage() const {
        Usage found;
        for (const auto& row : rows({"usage", "--by", "identity", "--since", "-1d"}))
            if (row.contains("identity"))
                found[row["identity"]] = {row.value("sent_bytes", std::uint64_t{0}),
                                          row.value("received_bytes", std::uint64_t{0})};
        return found;
    }
    [[nodiscard]] std::string who(const std::string& end, int seconds) const {
        const auto found = rows({"who", end, "--at", moment(seconds)});
        if (found.size() != 1) return std::to_string(found.size()) + " rows";
        return found[0].value("account", "");
    }

    const Folder folder_;
    const std::string ledger_ = folder_ / "ledger.db";
    const std::string config_ = folder_ / "octroi.toml";
    const std::chrono::milliseconds began_ =
        std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::system_clock::now().time_since_epoch()) -
        std::chrono::seconds(200);
    std::unique_ptr<UdpSource> source_;
    std::optional<Exporter> translator_;
    std::optional<Exporter> router_;
};

// The same two exporters in a capture.
TEST_F(NatTest, AnImportAcceptsEventsOfTheConfiguredExporters) {
    send_templates();
    send_session(session_create, alice, 0);
    send_flow(1000, 1, 10);
    const auto capture = [&](const std::string& name, int seconds) {
        std::string octets;
        pcap::PcapWriter writer(octets);
        const UtcTime time{static_cast<std::int64_t>(ms(seconds)) * 1'000'000};
        translator_->write_to(writer, time);
        router_->write_to(writer, time);
        std::ofstream(folder_ / name, std::ios::binary) << octets;
        return folder_ / name;
    };
    (void)ran({"import", "flow", capture("configured.pcap", 20)});
    EXPECT_EQ(usage(), (Usage{{"10.0.0.1", {1000, 0}}}));
    std::ofstream(config_) << "[attribute]\nlocal = [\"10.0.0.0/8\", \"203.0.113.0/24\"]\n";
    (void)ran({"import", "flow", capture("not_configured.pcap", 21)});
    EXPECT_EQ(usage(), (Usage{{"10.0.0.1", {1000, 0}}, {"203.0.113.5", {1000, 0}}}));
}

TEST_F(NatTest, TrafficIsCountedForTheHostBehindTheAddressAlsoAcrossKills) {
    for (const char* name : {"alice", "bob"}) (void)ran({"account", "add", name});
    (void)ran({"bind", "10.0.0.1", "alice"});
    (void)ran({"bind", "10.0.0.2", "bob"});
    {
        Process process(command({"run"}), support::giving_socket(source_->descriptor()));
        send_templates();
        send_session(session_create, alice, 0);
        send_block(bob, 0);
        send_flow(1000, 1, 10);
        send_flow(70, 1, 10, true);
        ASSERT_TRUE(ledger_has(1070)) << process.err_so_far();
        process.signal(SIGKILL);
        EXPECT_EQ(process.wait().status, 128 + SIGKILL);
    }
    EXPECT_EQ(who("203.0.113.5:40000/tcp", 20), "alice");
    EXPECT_EQ(who("203.0.113.5:40000/tcp", -10), "0 rows");
    // Sent while the collector is down, without templates.
    send_session(session_delete, alice, 30);
    send_session(session_create, bob, 40);
    {
        Process process(command({"run"}), support::giving_socket(source_->descriptor()));
        send_flow(2000, 41, 50);
        // Everything was received, but most likely not yet committed.
        support::pass(std::chrono::milliseconds(300));
        process.signal(SIGKILL);
        EXPECT_EQ(process.wait().status, 128 + SIGKILL);
    }
    send_flow(500, 12, 20);  // reported late: alice had the address
    send_flow(30, 35, 36);   // no host had the address
    send_flow(8, 41, 50, true, 1500);
    const Ended last =
        Process(command({"run", "--for", "4s"}), support::giving_socket(source_->descriptor()))
            .wait();
    ASSERT_EQ(last.status, 0) << last.err;
    ASSERT_TRUE(ledger_has(1070 + 2538));

    EXPECT_EQ(usage(),
              (Usage{{"10.0.0.1", {1500, 70}}, {"10.0.0.2", {2000, 8}}, {"203.0.113.5", {30, 0}}}));

    EXPECT_EQ(who("203.0.113.5:40000/tcp", 20), "alice");
    EXPECT_EQ(who("203.0.113.5:40000", 35), "0 rows");
    EXPECT_EQ(who("203.0.113.5:40000/tcp", 100), "bob");
    EXPECT_EQ(who("203.0.113.5:40000/udp", 100), "0 rows");
    EXPECT_EQ(who("203.0.113.5:1500/udp", 100), "bob") << "a block is valid for every protocol";
    EXPECT_EQ(who("10.0.0.1", 100), "alice") << "the inside address itself";
    const auto alices = rows({"who", "203.0.113.5:40000/tcp", "--at", moment(20)})[0];
    EXPECT_EQ(alices["inside"], "10.0.0.1");
    EXPECT_EQ(alices["inside_port"], 1234);
    EXPECT_EQ(alices["remote"], "198.51.100.1");
    EXPECT_EQ(alices["exporter"], "127.0.0.2");
    EXPECT_EQ(rows({"who", "203.0.113.5", "--at", moment(100)}).size(), 2U);
    (void)ran({"audit"});

    // Each translation is stored once, however often the daemon was killed.
    const auto ledger = SqliteLedger::open(ledger_, {.mode = OpenMode::read_only});
    ASSERT_TRUE(ledger.has_value());
    std::size_t stored_translations = 0;
    const auto walked = (*ledger)->each_batch([&](const StoredBatch& stored) -> Status {
        stored_translations += stored.batch.translations.size();
        return {};
    });
    ASSERT_TRUE(walked.has_value());
    EXPECT_EQ(stored_translations, 4U) << "begin and end of alice's, bob's port and bob's block";
}

TEST_F(NatTest, TranslationsAreKeptButNotAppliedIfConfigured) {
    configure("nat_events = \"keep\"\n");
    (void)ran({"account", "add", "alice"});
    (void)ran({"bind", "10.0.0.1", "alice"});
    send_templates();
    send_session(session_create, alice, 0);
    send_flow(1000, 1, 10);
    const Ended last =
        Process(command({"run", "--for", "3s"}), support::giving_socket(source_->descriptor()))
            .wait();
    ASSERT_EQ(last.status, 0) << last.err;
    ASSERT_TRUE(ledger_has(1000));
    EXPECT_EQ(usage(), (Usage{{"203.0.113.5", {1000, 0}}}));
    EXPECT_EQ(who("203.0.113.5:40000/tcp", 20), "alice");
}

}  // namespace
}  // namespace octroi
