// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/conntrack/event_log_meter.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "host/testing/folder.hpp"

namespace octroi::conntrack {
namespace {

// With NAT: the inner host is 10.0.0.`host`.
std::string ends_of(int host, const std::string& up, const std::string& down) {
    return fmt::format(
        "src=10.0.0.{} dst=192.0.2.9 sport=40 dport=443 {} src=192.0.2.9 dst=198.51.100.1 "
        "sport=443 dport=50 {} [ASSURED]",
        host, up, down);
}

std::string begun(int second, int host) {
    return fmt::format("[18000000{:02}.500000]\t    [NEW] tcp      6 120 SYN_SENT {}\n", second,
                       ends_of(host, "[UNREPLIED]", ""));
}

std::string ended(int second, int host, int up, int down, const std::string& behind = "") {
    return fmt::format("[18000000{:02}.250000]\t[DESTROY] tcp      6 {} {}\n", second,
                       ends_of(host, fmt::format("packets=2 bytes={}", up),
                               fmt::format("packets=1 bytes={}", down)),
                       behind);
}

constexpr std::string_view listed =
    "tcp      6 300 ESTABLISHED src=10.0.0.7 dst=192.0.2.9 sport=1 dport=2 packets=9 bytes=9000 "
    "src=192.0.2.9 dst=10.0.0.7 sport=2 dport=1 packets=9 bytes=9000 [ASSURED] use=1\n";

class EventLog : public ::testing::Test, public FlowSink {
protected:
    void accept(std::span<const Reading> batch) override {
        readings_.insert(readings_.end(), batch.begin(), batch.end());
    }
    void write(const std::string& content) { std::ofstream(path_, std::ios::binary) << content; }
    // Imports the file as `octroi import` does, and commits each checkpoint.
    Result<std::string> import(std::uint64_t commits_max = 1000) {
        TRY_ASSIGN(const auto meter, EventLogMeter::open(path_, options_, cursors_));
        was_complete_ = meter->already_complete();
        for (std::uint64_t commits = 0; commits < commits_max;) {
            TRY_ASSIGN(const Pull pulled, meter->pull(*this, {}));
            if (pulled == Pull::more) continue;
            TRY(commit(*meter));
            ++commits;
            if (pulled == Pull::end) return meter->warning();
        }
        readings_.resize(committed_);  // like a kill
        return std::string("killed");
    }
    Status commit(EventLogMeter& meter) {
        TRY_ASSIGN(const Checkpoint checkpoint, meter.checkpoint(*this));
        std::uint64_t bytes = 0;
        for (std::size_t i = committed_; i < readings_.size(); ++i) bytes += readings_[i].bytes;
        EXPECT_EQ(checkpoint.observed.bytes.value(), bytes);
        committed_ = readings_.size();
        losses_.insert(losses_.end(), checkpoint.losses.begin(), checkpoint.losses.end());
        for (const Cursor& moved : checkpoint.cursors) {
            std::erase_if(cursors_, [&](const Cursor& c) { return c.source == moved.source; });
            cursors_.push_back(moved);
        }
        return {};
    }
    [[nodiscard]] std::uint64_t bytes_of(int host) const {
        const Address address = Address::v4(0x0a000000U + static_cast<unsigned>(host));
        std::uint64_t bytes = 0;
        for (const Reading& r : readings_)
            if (r.src == address || r.dst == address) bytes += r.bytes;
        return bytes;
    }

    const octroi::testing::Folder folder_;
    const std::string path_ = folder_.file("events.log");
    EventLogMeterOptions options_;
    std::vector<Cursor> cursors_;
    std::vector<Reading> readings_;
    std::vector<Loss> losses_;
    std::size_t committed_ = 0;
    bool was_complete_ = false;
};

TEST_F(EventLog, CountsAConnectionFromItsBeginToItsEndAtTheInnerAddress) {
    write(begun(1, 1) + ended(5, 1, 100, 1000) + ended(9, 2, 200, 2000, "delta-time=7") +
          ended(9, 3, 300, 3000));
    const auto warning = import();
    ASSERT_TRUE(warning.has_value()) << warning.error().text;
    EXPECT_EQ(*warning, "");
    ASSERT_EQ(readings_.size(), 6U);
    EXPECT_EQ(readings_[0].src, Address::v4(0x0a000001U));
    EXPECT_EQ(readings_[0].dst, Address::v4(0xc0000209U));
    EXPECT_EQ(readings_[0].bytes, 100U);
    EXPECT_EQ(readings_[0].packets, 2U);
    EXPECT_EQ(readings_[0].dport, 443);
    EXPECT_EQ(readings_[0].first, UtcTime::from_seconds(1'800'000'001) + Duration{500'000'000});
    EXPECT_EQ(readings_[0].last, UtcTime::from_seconds(1'800'000'005) + Duration{250'000'000});
    EXPECT_EQ(readings_[1].dst, readings_[0].src) << "not the outer address";
    EXPECT_EQ(readings_[2].first, UtcTime::from_seconds(1'800'000'002) + Duration{250'000'000});
    EXPECT_EQ(readings_[4].first, readings_[4].last) << "its begin is not known";
    for (const Reading& r : readings_) {
        EXPECT_EQ(r.flows, 1U);
        EXPECT_EQ(r.kind, ReadingKind::ip);
    }
    EXPECT_TRUE(losses_.empty());
}

TEST_F(EventLog, IsInTheLedgerOnceAlsoWhenItGrows) {
    const std::string first = begun(1, 1) + begun(2, 2) + ended(5, 1, 100, 1000);
    write(first);
    ASSERT_TRUE(import().has_value());
    ASSERT_TRUE(import().has_value());
    EXPECT_TRUE(was_complete_);
    write(first + ended(6, 2, 200, 2000));
    ASSERT_TRUE(import().has_value());
    EXPECT_FALSE(was_complete_);
    EXPECT_EQ(bytes_of(1), 1100U);
    EXPECT_EQ(bytes_of(2), 2200U);
    EXPECT_EQ(readings_.back().first, UtcTime::from_seconds(1'800'000'002) + Duration{500'000'000})
        << "it began in the part that is in the ledger";
}

TEST_F(EventLog, GoesOnAfterAKillAtAnyCheckpoint) {
    std::string log;
    for (int host = 1; host < 60; ++host) log += begun(host, host);
    for (int host = 1; host < 60; ++host) log += ended(host, host, 100, 1000 + host);
    write(log);
    options_.checkpoint_lines = 7;
    std::vector<Reading> undisturbed;
    for (const std::uint64_t killed_after : {1000U, 1U, 2U, 9U, 12U}) {
        readings_.clear();
        cursors_.clear();
        committed_ = 0;
        ASSERT_TRUE(import(killed_after).has_value());
        ASSERT_TRUE(import().has_value());
        ASSERT_EQ(readings_.size(), 118U);
        if (undisturbed.empty()) undisturbed = readings_;
        for (std::size_t i = 0; i < readings_.size(); ++i) {
            EXPECT_EQ(readings_[i].bytes, undisturbed[i].bytes);
            EXPECT_EQ(readings_[i].first, undisturbed[i].first);
        }
    }
}

TEST_F(EventLog, ReadsALineWhenItHasItsEnd) {
    const std::string whole = ended(5, 1, 100, 1000) + ended(6, 2, 200, 123'456);
    const std::size_t digits = whole.rfind("3456");
    write(whole.substr(0, digits));
    const auto warning = import();
    ASSERT_TRUE(warning.has_value());
    EXPECT_NE(warning->find("no end"), std::string::npos) << *warning;
    EXPECT_EQ(bytes_of(2), 0U);
    write(whole);
    EXPECT_EQ(import().value_or("?"), "");
    EXPECT_EQ(bytes_of(1), 1100U);
    EXPECT_EQ(bytes_of(2), 123'656U);
}

// A file system leaves NULs at the end of a log after a power cut; the log goes on behind them.
TEST_F(EventLog, ContinuesBehindNulsAndALineThatIsTooLong) {
    const std::string nuls(100'000, '\0');
    const std::string begin = ended(5, 1, 100, 1000) + nuls;
    write(begin);
    ASSERT_TRUE(import().has_value());
    write(begin + ended(6, 2, 200, 2000));
    EXPECT_EQ(import().value_or("?"), "");
    EXPECT_EQ(bytes_of(1), 1100U);
    EXPECT_EQ(bytes_of(2), 2200U);
    // All of its fields are there, and more than a line may have.
    std::string longest = ended(7, 3, 300, 3000);
    longest.insert(longest.size() - 1, std::string(20'000, ' '));
    write(begin + ended(6, 2, 200, 2000) + longest + ended(8, 4, 400, 4000));
    const auto warning = import();
    ASSERT_TRUE(warning.has_value());
    EXPECT_NE(warning->find("1 lines are no connections; the first one is line 3"),
              std::string::npos)
        << *warning;
    EXPECT_EQ(bytes_of(3), 0U);
    EXPECT_EQ(bytes_of(4), 4400U);
}

TEST_F(EventLog, RefusesAListingOfLiveConnections) {
    write(std::string(listed) + std::string(listed));
    options_.checkpoint_lines = 1;
    const auto refused = import();
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
    EXPECT_NE(refused.error().text.find("octroi inspect conntrack"), std::string::npos);
    EXPECT_TRUE(cursors_.empty());
    // Beside events, it does not count.
    write(std::string(listed) + ended(5, 1, 100, 1000));
    EXPECT_EQ(import().value_or("?"), "");
    EXPECT_EQ(bytes_of(7), 0U);
    EXPECT_EQ(bytes_of(1), 1100U);
}

TEST_F(EventLog, RefusesEventsWithoutATimeAndOtherFiles) {
    const std::string line = ended(5, 1, 100, 1000);
    write(line.substr(line.find("[DESTROY]")));
    const auto untimed = import();
    ASSERT_FALSE(untimed.has_value());
    EXPECT_NE(untimed.error().text.find("next: write the log with conntrack -E -o timestamp"),
              std::string::npos);
    write("hello\nworld\n");
    const auto other = import();
    ASSERT_FALSE(other.has_value());
    EXPECT_EQ(other.error().code, ErrorCode::corrupt);
    EXPECT_TRUE(readings_.empty());
}

TEST_F(EventLog, RecordsWhatIsMissingAsLosses) {
    const std::string uncounted =
        "[1800000007.000000]\t[DESTROY] udp      17 " + ends_of(4, "", "") + "\n";
    write(ended(5, 1, 100, 1000) + "[1800000006.0\n" + std::string(100'000, 'x') + "\n" +
          uncounted + "WARNING: We have hit ENOBUFS! We are losing events.\n" +
          ended(9, 2, 200, 2000));
    const auto warning = import();
    ASSERT_TRUE(warning.has_value());
    EXPECT_NE(warning->find("2 lines are no connections; the first one is line 2"),
              std::string::npos)
        << *warning;
    EXPECT_NE(warning->find("1 connections have no counters"), std::string::npos) << *warning;
    std::map<LossReason, int> found;
    for (const Loss& loss : losses_) ++found[loss.reason];
    const std::map<LossReason, int> expected{
        {LossReason::corrupt, 1}, {LossReason::not_running, 1}, {LossReason::event_drop, 1}};
    EXPECT_EQ(found, expected);
    EXPECT_EQ(bytes_of(1), 1100U);
    EXPECT_EQ(bytes_of(2), 2200U);
}

TEST_F(EventLog, DoesNotBelieveImpossibleVolumes) {
    const auto volume = [](const std::string& count) {
        return "[1800000007.000000]\t[DESTROY] udp      17 " +
               ends_of(4, count, "packets=1 bytes=84") + "\n";
    };
    for (const char* const count :
         {"packets=1 bytes=18446744073709551615", "packets=18446744073709551615 bytes=60",
          "packets=0 bytes=60", "packets=10 bytes=199", "packets=100 bytes=53000000"}) {
        readings_.clear();
        cursors_.clear();
        committed_ = 0;
        write(volume(count));
        ASSERT_TRUE(import().has_value());
        ASSERT_FALSE(readings_.empty());
        EXPECT_EQ(readings_[0].kind, ReadingKind::implausible) << count;
    }
}

TEST_F(EventLog, IsBounded) {
    options_.begun_max = 2;
    std::string log;
    for (int host = 1; host <= 4; ++host) log += begun(1, host);
    for (int host = 1; host <= 4; ++host) log += ended(9, host, 100, 1000);
    write(log);
    ASSERT_TRUE(import().has_value());
    EXPECT_EQ(readings_.size(), 8U);
    EXPECT_LT(readings_[0].first, readings_[0].last);
    EXPECT_EQ(readings_[6].first, readings_[6].last) << "its begin was dropped";
}

}  // namespace
}  // namespace octroi::conntrack
