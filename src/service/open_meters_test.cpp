// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/open_meters.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "host/datagrams.hpp"
#include "service/testing/temporary_ledger.hpp"

namespace octroi {
namespace {

using octroi::testing::TemporaryLedger;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// What each call of `open` got.
struct Opened {
    std::vector<std::uint16_t> ports;  // of the inherited sockets
    std::vector<std::string> rules;
};
std::vector<Opened> all_opened;

class IdleMeter final : public Meter {
public:
    explicit IdleMeter(std::vector<std::unique_ptr<UdpSource>> sockets)
        : sockets_(std::move(sockets)) {}
    Result<Pull> pull(ReadingSink& /*sink*/, Duration /*wait*/) override { return Pull::end; }
    Result<Checkpoint> checkpoint(ReadingSink& /*sink*/) override { return Checkpoint{}; }
    [[nodiscard]] const NameTable& names() const override { return names_; }
    [[nodiscard]] std::vector<CounterValue> counters() const override { return {}; }

private:
    std::vector<std::unique_ptr<UdpSource>> sockets_;
    NameTable names_;
};

// Claims the sockets, as a collector does. The first time it fails after that.
Result<OpenedMeter> open_listening(MeterSetup& setup) {
    Opened& opened = all_opened.emplace_back();
    for (const RuleRow& row : setup.rules) opened.rules.push_back(row.rule.name);
    std::vector<std::unique_ptr<UdpSource>> sockets;
    for (Fd& socket : std::exchange(setup.sockets, std::vector<Fd>())) {
        TRY_ASSIGN(sockets.emplace_back(), UdpSource::adopt(std::move(socket), 4096));
        opened.ports.push_back(sockets.back()->port());
    }
    if (all_opened.size() == 1) return fail(ErrorCode::not_found, "the journal is out of reach");
    return OpenedMeter{std::make_unique<IdleMeter>(std::move(sockets)), {}, {}};
}

constexpr MeterKind listening{
    .name = "listening", .help = "", .runs_unconfigured = true, .open = open_listening};
constexpr std::array kinds{&listening};

// As a service manager does: sd_listen_fds(3). The descriptor 3 of this process comes back.
class PassedSocket {
public:
    PassedSocket() : before_(::fcntl(first_passed, F_DUPFD_CLOEXEC, first_passed + 1)) {
        auto source = UdpSource::open(
            {.address = Address::v4(INADDR_LOOPBACK), .port = 0, .buffer_octets = 4096});
        EXPECT_TRUE(source.has_value()) << source.error().text;
        port_ = (*source)->port();
        if ((*source)->descriptor() == first_passed) {
            // Released with the source: a copy takes its place.
            const int copy = ::fcntl(first_passed, F_DUPFD_CLOEXEC, first_passed + 1);
            source->reset();
            ::dup2(copy, first_passed);
            ::close(copy);
        } else {
            ::dup2((*source)->descriptor(), first_passed);
        }
        ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
        ::setenv("LISTEN_FDS", "1", 1);
    }
    PassedSocket(const PassedSocket&) = delete;
    PassedSocket& operator=(const PassedSocket&) = delete;
    ~PassedSocket() {
        if (before_ < 0) return;
        ::dup2(before_, first_passed);
        ::close(before_);
    }
    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    static constexpr int first_passed = 3;
    int before_;
    std::uint16_t port_ = 0;
};

class OpenMetersTest : public ::testing::Test {
protected:
    OpenMetersTest() {
        all_opened.clear();
        for (const char* name : {"first", "second"}) {
            MeterConfig meter;
            meter.name = name;
            meter.kind = "listening";
            configs_.push_back(meter);
        }
        config_.rules = {{.rule = {.name = "old"}, .where = {}}};
    }
    std::vector<DaemonMeter> open() {
        auto meters =
            open_meters(configs_, config_, kinds, host_, *ledger_, "", AtStart::some_open);
        EXPECT_TRUE(meters.has_value()) << meters.error().text;
        return meters ? *std::move(meters) : std::vector<DaemonMeter>();
    }

    const PassedSocket passed_;  // first: the ledger must not have its descriptor
    const TemporaryLedger ledger_;
    SystemCaptureHost host_;
    Config config_;
    std::vector<MeterConfig> configs_;
};

TEST_F(OpenMetersTest, AMeterThatIsOpenedAgainGetsItsInheritedSocketsAgain) {
    {
        std::vector<DaemonMeter> meters = open();
        ASSERT_EQ(all_opened.size(), 2U);
        EXPECT_THAT(all_opened[0].ports, ElementsAre(passed_.port()));
        EXPECT_THAT(all_opened[1].ports, IsEmpty()) << "the first meter has claimed them";
        for (int again = 0; again < 2; ++again) {
            const auto opened = meters[0].open({});
            EXPECT_TRUE(opened.has_value());
            EXPECT_THAT(all_opened.back().ports, ElementsAre(passed_.port()));
        }
        EXPECT_TRUE(meters[1].open({}).has_value());
        EXPECT_THAT(all_opened.back().ports, IsEmpty());
    }
    // They are closed with the meters: another process may bind the port.
    EXPECT_TRUE(UdpSource::open({.address = Address::v4(INADDR_LOOPBACK),
                                 .port = passed_.port(),
                                 .buffer_octets = 4096})
                    .has_value());
}

TEST_F(OpenMetersTest, AMeterThatIsOpenedAgainHasTheRulesOfTheLastReload) {
    std::vector<DaemonMeter> meters = open();
    ASSERT_EQ(meters.size(), 2U);
    EXPECT_THAT(all_opened[0].rules, ElementsAre("old"));
    AttributionTables tables;
    tables.rules =
        std::make_shared<const std::vector<RuleConfig>>(std::vector{RuleConfig{.name = "new"}});
    EXPECT_TRUE(meters[0].open(tables).has_value());
    EXPECT_THAT(all_opened.back().rules, ElementsAre("new"));
}

}  // namespace
}  // namespace octroi
