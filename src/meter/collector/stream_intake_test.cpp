// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/stream_intake.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <list>

#include "host/log_limit.hpp"
#include "host/process.hpp"
#include "host/testing/folder.hpp"
#include "meter/journal/journal.hpp"

namespace octroi::collector {
namespace {

constexpr UtcTime now = UtcTime::from_seconds(1'700'000'000);

// A message with `more` octets behind its header.
std::string ipfix(std::size_t more, char filling) {
    ByteWriter out;
    out.be16(10);
    out.be16(static_cast<std::uint16_t>(16 + more));
    for (int i = 0; i < 3; ++i) out.be32(0);
    out.raw(std::string(more, filling));
    return out.drain();
}

class Client {
public:
    // from: an address of 127.0.0.0/8.
    explicit Client(std::uint16_t port, std::uint32_t from = INADDR_LOOPBACK)
        : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in own{};
        own.sin_family = AF_INET;
        own.sin_addr.s_addr = htonl(from);
        SocketAddressView own_view{&own};
        EXPECT_EQ(::bind(socket_.get(), own_view.generic, sizeof own), 0);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        to.sin_port = htons(port);
        SocketAddressView view{&to};
        EXPECT_EQ(::connect(socket_.get(), view.generic, sizeof to), 0);
    }
    void send(std::string_view octets) const {
        EXPECT_EQ(::send(socket_.get(), octets.data(), octets.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(octets.size()));
    }
    // Closes the connection so that the other side gets ECONNRESET.
    void reset() {
        const linger at_once{1, 0};
        EXPECT_EQ(::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
        socket_ = Fd();
    }
    [[nodiscard]] std::uint16_t port() const {
        sockaddr_in own{};
        socklen_t length = sizeof own;
        SocketAddressView view{&own};
        EXPECT_EQ(::getsockname(socket_.get(), view.generic, &length), 0);
        return ntohs(own.sin_port);
    }
    // The other side has closed.
    [[nodiscard]] bool is_closed() const {
        char octet = 0;
        return ::recv(socket_.get(), &octet, 1, 0) <= 0;
    }

private:
    union SocketAddressView {
        sockaddr_in* v4;
        sockaddr* generic;
    };
    Fd socket_;
};

class StreamIntakeTest : public ::testing::Test {
protected:
    StreamIntakeTest() { open("journal", {512, 4}); }
    void open(const char* name, const journal::SegmentShape& shape) {
        intake_.reset();
        journal_.reset();
        auto folder = OwnFolder::open(place_.file(name));
        EXPECT_TRUE(folder.has_value());
        folder_ = std::make_unique<OwnFolder>(std::move(*folder));
        journal::Options options;
        options.shape = shape;
        options.ready_octets = 0;
        options.limit_octets = 2 * journal::Segment::octets_of(options.shape);
        journal_ = *journal::Journal::open(*folder_, options, {});
        auto listener = listen_tcp(Address::v4(INADDR_LOOPBACK), 0);
        EXPECT_TRUE(listener.has_value()) << listener.error().text;
        port_ = (*listener)->port();
        std::vector<std::unique_ptr<StreamListener>> listeners;
        listeners.push_back(std::move(*listener));
        intake_ = std::make_unique<StreamIntake>(std::move(listeners), allowed_, "flows",
                                                 journal_->writer());
    }
    std::size_t step(Duration uptime = Duration::seconds(1)) {
        ::usleep(20'000);  // the loopback delivers at once, but not in no time
        const auto taken = intake_->step(now, uptime);
        EXPECT_TRUE(taken.has_value());
        return taken.value_or(0);
    }
    // From as many addresses of 127.0.0.0/8, each with these octets.
    std::list<Client> connect_many(std::size_t count, const std::string& octets) {
        constexpr std::size_t backlog = 64;
        std::list<Client> clients;
        for (std::size_t i = 0; i < count; ++i) {
            clients.emplace_back(port_, INADDR_LOOPBACK + 1 + static_cast<std::uint32_t>(i));
            if (!octets.empty()) clients.back().send(octets);
            if (i % backlog == backlog - 1) step(Duration::seconds(2));
        }
        step(Duration::seconds(2));
        return clients;
    }
    std::vector<std::size_t> lengths() {
        std::vector<std::size_t> all;
        journal::Message message;
        while (journal_->reader().next(message)) {
            if (message.transport == journal::Transport::stream_end) {
                ended_.push_back(message.port);
                cut_ += message.octets[0] == journal::stream_cut ? 1 : 0;
                continue;
            }
            EXPECT_EQ(message.transport, journal::Transport::stream);
            EXPECT_EQ(message.sender.octets[0], 127);
            EXPECT_EQ(message.received, now);
            all.push_back(message.octets.size());
        }
        return all;
    }

    testing::Folder place_;
    std::unique_ptr<OwnFolder> folder_;
    std::unique_ptr<journal::Journal> journal_;
    std::vector<Prefix> allowed_;
    std::vector<std::uint16_t> ended_;  // ports, as lengths() found them
    std::size_t cut_ = 0;               // of these
    std::unique_ptr<StreamIntake> intake_;
    std::uint16_t port_ = 0;
};

TEST_F(StreamIntakeTest, CutsTheStreamIntoMessagesHoweverItArrives) {
    const Client client(port_);
    const std::string all = ipfix(10, 'a') + ipfix(1000, 'b') + ipfix(0, 'c');
    client.send(all.substr(0, 3));
    EXPECT_EQ(step(), 0U);
    client.send(all.substr(3, 30));
    EXPECT_EQ(step(), 1U);
    client.send(all.substr(33));
    EXPECT_EQ(step(), 2U);
    EXPECT_EQ(lengths(), (std::vector<std::size_t>{26, 1016, 16}));
}

TEST_F(StreamIntakeTest, RecordsWhichSessionsHaveEnded) {
    std::uint16_t port = 0;
    {
        const Client client(port_);
        const Client silent(port_);
        client.send(ipfix(10, 'a'));
        EXPECT_EQ(step(), 1U);
        port = client.port();
    }
    EXPECT_EQ(step(), 0U);
    EXPECT_EQ(lengths(), std::vector<std::size_t>{26});
    EXPECT_EQ(ended_, std::vector<std::uint16_t>{port});
}

TEST_F(StreamIntakeTest, ClosesConnectionsThatSendNoIpfixAndKeepsTheOthers) {
    const Client good(port_);
    const Client bad(port_);
    good.send(ipfix(1, 'a'));
    bad.send(ipfix(2, 'b') + "GET / HTTP/1.1\r\n");
    EXPECT_EQ(step(), 2U);
    EXPECT_EQ(intake_->refused(), 1U);
    EXPECT_EQ(intake_->connections(), 1U);
    EXPECT_TRUE(bad.is_closed());
    good.send(ipfix(3, 'c'));
    EXPECT_EQ(step(), 1U);
    EXPECT_EQ(lengths(), (std::vector<std::size_t>{17, 18, 19}));
}

std::uint64_t logged(std::string_view kind) {
    for (const LimitedLog::Counts& counts : LimitedLog::counts())
        if (counts.kind == kind) return counts.messages;
    return 0;
}

TEST_F(StreamIntakeTest, CountsAndLogsConnectionsThatFail) {
    const std::uint64_t before = logged("failed_connection");
    Client resets(port_);
    const Client silent(port_);
    resets.send(ipfix(1, 'a'));
    EXPECT_EQ(step(), 1U);
    resets.reset();
    EXPECT_EQ(step(), 0U);
    EXPECT_EQ(intake_->failed(), 1U);
    EXPECT_EQ(intake_->connections(), 1U);
    step(Duration::seconds(1) + StreamIntake::first_message_max);
    EXPECT_EQ(intake_->failed(), 1U);
    step(Duration::seconds(2) + StreamIntake::first_message_max);
    EXPECT_EQ(intake_->failed(), 2U);
    EXPECT_EQ(intake_->connections(), 0U);
    EXPECT_EQ(intake_->refused(), 0U);
    EXPECT_EQ(logged("failed_connection") - before, 2U);
}

TEST_F(StreamIntakeTest, RefusesConnectionsBeyondTheLimitOfAnAddress) {
    const std::uint64_t before = logged("refused_connection");
    std::list<Client> clients;
    for (std::size_t i = 0; i < StreamIntake::connections_of_address_max + 2; ++i)
        clients.emplace_back(port_);
    step();
    EXPECT_EQ(intake_->connections(), StreamIntake::connections_of_address_max);
    EXPECT_EQ(intake_->refused(), 2U);
    EXPECT_EQ(logged("refused_connection") - before, 2U);
}

TEST_F(StreamIntakeTest, SessionsThatSentMessagesAreNotReplacedByNewOnes) {
    const Client exporter(port_);
    for (std::uint64_t i = 0; i < StreamSession::few_messages; ++i) exporter.send(ipfix(0, 'a'));
    step();
    const auto silent = connect_many(400, "");
    const auto spoke_once = connect_many(400, ipfix(0, 'b'));
    EXPECT_EQ(intake_->connections(), StreamIntake::connections_max);
    (void)lengths();
    exporter.send(ipfix(40, 'c'));
    journal_->release(journal_->reader().position());
    step(Duration::seconds(9));
    EXPECT_THAT(lengths(), ::testing::Contains(56U));
    EXPECT_THAT(ended_, ::testing::Not(::testing::Contains(exporter.port())));
}

TEST_F(StreamIntakeTest, AConnectionThatNobodyMakesWayForIsRefused) {
    std::string many;
    for (std::uint64_t i = 0; i < StreamSession::few_messages; ++i) many += ipfix(0, 'a');
    open("large", {512, 2048});
    const auto exporters = connect_many(StreamIntake::connections_max, many);
    (void)lengths();
    journal_->release(journal_->reader().position());
    ASSERT_EQ(intake_->connections(), StreamIntake::connections_max);
    const Client late(port_);
    step();
    EXPECT_EQ(intake_->refused(), 1U);
    EXPECT_TRUE(late.is_closed());
    EXPECT_TRUE(ended_.empty());
    const Client later(port_);
    step(Duration::seconds(2) + StreamIntake::replace_after);
    EXPECT_EQ(intake_->refused(), 1U);
    (void)lengths();
    EXPECT_EQ(ended_.size(), 1U);
    EXPECT_EQ(cut_, 1U) << "what it sent meanwhile is lost";
}

TEST_F(StreamIntakeTest, ASessionThatEndsWithinAMessageIsCut) {
    for (const std::string& rest : {std::string(), ipfix(9, 'b').substr(0, 20)}) {
        {
            const Client client(port_);
            client.send(ipfix(10, 'a') + rest);
            step();
        }
        step();
        (void)lengths();
        EXPECT_EQ(cut_, rest.empty() ? 0U : 1U);
        journal_->release(journal_->reader().position());
    }
    EXPECT_EQ(ended_.size(), 2U);
}

// The files of the journal and of the ledger need descriptors too.
TEST_F(StreamIntakeTest, LeavesDescriptorsForTheRestOfTheProcess) {
    constexpr std::uint64_t clients = 30;
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const std::uint64_t in_use = before.rlim_cur - free_descriptors();
    rlimit low = before;
    low.rlim_cur = in_use + spare_descriptors + clients + clients / 2;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
    {
        std::list<Client> open;
        for (std::uint64_t i = 0; i < clients; ++i) open.emplace_back(port_);
        (void)step();
        EXPECT_EQ(intake_->connections(), clients / 2);
        EXPECT_EQ(free_descriptors(), spare_descriptors);
    }
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST_F(StreamIntakeTest, MakesTheExporterWaitWhileTheJournalIsFull) {
    const Client client(port_);
    std::string all;
    for (std::size_t i = 0; i < 20; ++i) all += ipfix(i, 'x');
    client.send(all);
    EXPECT_EQ(step(), 8U);
    EXPECT_TRUE(journal_->writer().is_full());
    EXPECT_EQ(lengths().size(), 8U);
    std::size_t taken = 8;
    for (int i = 0; i < 10 && taken < 20; ++i) {
        journal_->release(journal_->reader().position());
        taken += step();
        for (const std::size_t length : lengths()) EXPECT_LE(length, 35U);
    }
    EXPECT_EQ(taken, 20U);
}

}  // namespace
}  // namespace octroi::collector
