// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/log_meter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "base/check.hpp"
#include "host/testing/folder.hpp"
#include "meter/log/log_file_meter.hpp"
#include "wire/log/formats.hpp"

namespace octroi::logs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
namespace fs = std::filesystem;

class SetClock : public Clock {
public:
    [[nodiscard]] UtcTime now() const override { return time; }
    [[nodiscard]] Duration uptime() const override { return up; }
    UtcTime time = parse_rfc3339("2026-11-30 12:30:00").value();
    Duration up;
};

struct SumSink : ReadingSink {
    void accept(std::span<const Reading> readings) override {
        for (const Reading& reading : readings) bytes += reading.bytes;
    }
    void accept_counted(std::span<const CountedVolume> /*volumes*/) override { ADD_FAILURE(); }
    void accept_identities(std::span<const IdentityEvent> /*events*/) override {}
    std::uint64_t bytes = 0;
};

std::string line(std::uint64_t octets) {
    return "www.example.org:80 198.51.100.7 - - [30/Nov/2026:12:00:00 +0000] \"GET / HTTP/1.1\" "
           "200 " +
           std::to_string(octets) + " \"-\" \"-\"\n";
}

class LogMeterTest : public ::testing::Test {
protected:
    void append(const std::string& name, const std::string& text) const {
        fs::create_directories(fs::path(folder_.file(name)).parent_path());
        std::ofstream(folder_.file(name), std::ios::app) << text;
    }
    LogMeterOptions options(const std::vector<std::string>& patterns) const {
        LogMeterOptions options;
        options.name = "web";
        for (const std::string& pattern : patterns) {
            auto parsed = PathPattern::parse(folder_.file(pattern));
            CHECK(parsed.has_value());
            options.paths.push_back(*std::move(parsed));
        }
        options.format = "vhost-combined";
        options.open_reader = [] { return logline::open_reader("vhost-combined", {}); };
        options.readings.domain = "host.example.net";
        options.poll = Duration::milliseconds(100);
        options.discover = Duration::milliseconds(100);
        return options;
    }
    void open(LogMeterOptions options) {
        auto meter = LogMeter::open(std::move(options), clock_, cursors_);
        ASSERT_TRUE(meter) << meter.error().text;
        meter_ = *std::move(meter);
    }
    // Until no log has more; returns the octets of the readings.
    std::uint64_t poll() {
        clock_.up = clock_.up + Duration::seconds(60);
        SumSink sink;
        for (Pull pulled = Pull::more; pulled == Pull::more;) {
            pulled = meter_->pull(sink, {}).value();
            requested_ = requested_ || pulled == Pull::checkpoint;
        }
        return sink.bytes;
    }
    // As the driver does: the cursors are in the ledger then.
    Checkpoint commit() {
        SumSink sink;
        Checkpoint made = meter_->checkpoint(sink).value();
        EXPECT_EQ(sink.bytes, 0U);
        for (const Cursor& cursor : made.cursors) {
            const auto known = std::ranges::find(cursors_, cursor.source, &Cursor::source);
            if (known == cursors_.end()) {
                EXPECT_EQ(cursor.version, 1U);
                cursors_.push_back(cursor);
            } else {
                EXPECT_EQ(cursor.version, known->version + 1);
                *known = cursor;
            }
        }
        meter_->committed();
        requested_ = false;
        return made;
    }
    [[nodiscard]] std::uint64_t counter(std::string_view name) const {
        for (const CounterValue& each : meter_->counters())
            if (each.name == name) return each.value;
        ADD_FAILURE() << name;
        return 0;
    }

    const testing::Folder folder_;
    SetClock clock_;
    std::vector<Cursor> cursors_;
    std::unique_ptr<LogMeter> meter_;
    bool requested_ = false;  // a checkpoint, since the last commit
};

TEST_F(LogMeterTest, CheckpointsHaveTheVolumeAndTheCursorsThatMoved) {
    append("a.log", line(100));
    append("b.log", line(10));
    open(options({"*.log"}));
    EXPECT_EQ(poll(), 110U);
    EXPECT_TRUE(requested_) << "a log without a cursor";
    Checkpoint made = commit();
    EXPECT_THAT(made.cursors, SizeIs(2));
    EXPECT_FALSE(requested_);
    EXPECT_EQ(made.observed.bytes, Bytes(110));
    EXPECT_EQ(made.observed.flows, Flows(2));
    append("b.log", line(1));
    EXPECT_EQ(poll(), 1U);
    EXPECT_FALSE(requested_);
    made = commit();
    ASSERT_THAT(made.cursors, SizeIs(1));
    EXPECT_EQ(made.cursors[0].note, folder_.file("b.log"));
    EXPECT_THAT(commit().cursors, IsEmpty());
}

TEST_F(LogMeterTest, ARestartGoesOnAtTheLastCommit) {
    append("a.log", line(100) + line(1));
    open(options({"*.log"}));
    EXPECT_EQ(poll(), 101U);
    commit();
    append("a.log", line(1000));
    EXPECT_EQ(poll(), 1000U);
    open(options({"*.log"}));  // killed before the commit
    EXPECT_EQ(poll(), 1000U);
}

TEST_F(LogMeterTest, NewFilesAreFoundAndEarlierFilesAreNoLogsOfTheirOwn) {
    append("vhosts/a/access.log", line(1));
    append("vhosts/a/access.log.1", line(10));
    open(options({"vhosts/*/access.log*"}));
    EXPECT_EQ(poll(), 11U);  // the pattern names the earlier file too
    EXPECT_THAT(meter_->logs(), ElementsAre(folder_.file("vhosts/a/access.log")));
    append("vhosts/b/access.log", line(100));
    EXPECT_EQ(poll(), 100U);
    fs::rename(folder_.file("vhosts/b/access.log"), folder_.file("vhosts/b/access.log.1"));
    append("vhosts/b/access.log", line(1000));
    EXPECT_EQ(poll(), 1000U);
    EXPECT_THAT(meter_->logs(), SizeIs(2));
    EXPECT_EQ(counter("log_rotations_total"), 1U);
    commit();
    open(options({"vhosts/*/access.log*"}));
    EXPECT_EQ(poll(), 0U);
}

// The server was killed within a line. Nobody writes the rest.
TEST_F(LogMeterTest, ALastLineThatEndsWithinANameIsALossOfAFinishedFile) {
    const std::string whole = "192.0.2.1 [30/Nov/2026:12:00:00 +0000] 100 example.com\n";
    append("a.log", whole + whole.substr(0, whole.size() - 5));
    LogMeterOptions reading = options({"a.log"});
    reading.format = "apache";
    reading.open_reader = [] { return logline::open_reader("apache", {.pattern = "%h %t %b %v"}); };
    open(std::move(reading));
    EXPECT_EQ(poll(), 100U) << "the file may still grow";
    EXPECT_THAT(commit().losses, IsEmpty());
    fs::rename(folder_.file("a.log"), folder_.file("a.log.1"));
    append("a.log", whole);
    EXPECT_EQ(poll(), 100U);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(poll(), 0U);
    EXPECT_EQ(counter("log_bad_lines_total"), 1U);
    const auto losses = commit().losses;
    ASSERT_THAT(losses, SizeIs(1));
    EXPECT_EQ(losses[0].reason, LossReason::corrupt);
}

TEST_F(LogMeterTest, ALinkToALogIsNoOtherLog) {
    append("access.20261130.log", line(1));
    fs::create_symlink("access.20261130.log", folder_.file("current.log"));
    open(options({"*.log"}));
    EXPECT_EQ(poll(), 1U);
}

TEST_F(LogMeterTest, OfSeveralNamesOfAFileOneIsFollowed) {
    append("access.20261130.log", line(1));
    fs::create_symlink("access.20261130.log", folder_.file("a_current.log"));
    fs::create_hard_link(folder_.file("access.20261130.log"), folder_.file("same.log"));
    open(options({"*.log"}));
    EXPECT_EQ(poll(), 1U);
    EXPECT_THAT(meter_->logs(), ElementsAre(folder_.file("access.20261130.log")));
    // The next day.
    fs::remove(folder_.file("a_current.log"));
    append("access.20261201.log", line(10));
    fs::create_symlink("access.20261201.log", folder_.file("a_current.log"));
    EXPECT_EQ(poll(), 10U);
}

TEST_F(LogMeterTest, ACopyOfALogIsNotCounted) {
    std::string text;
    for (std::uint64_t i = 0; i < 20; ++i) text += line(i);
    append("a.log", text);
    open(options({"*.log"}));
    EXPECT_EQ(poll(), 190U);
    fs::copy_file(folder_.file("a.log"), folder_.file("b.log"));
    EXPECT_EQ(poll(), 0U);
    EXPECT_THAT(meter_->logs(), SizeIs(1));
}

TEST_F(LogMeterTest, ALogGoesOnInARenamedFolder) {
    append("vhosts/a/access.log", line(1));
    open(options({"vhosts/*/access.log"}));
    EXPECT_EQ(poll(), 1U);
    commit();
    fs::rename(folder_.file("vhosts/a"), folder_.file("vhosts/b"));
    append("vhosts/b/access.log", line(10));
    EXPECT_EQ(poll(), 10U);
    EXPECT_THAT(meter_->logs(), ElementsAre(folder_.file("vhosts/b/access.log")));
    commit();
    EXPECT_THAT(cursors_, SizeIs(1));
    // While the daemon does not run, and the patterns name another path.
    fs::rename(folder_.file("vhosts"), folder_.file("sites"));
    append("sites/b/access.log", line(100));
    open(options({"sites/*/access.log"}));
    EXPECT_EQ(poll(), 100U);
    commit();
    EXPECT_THAT(cursors_, SizeIs(1));
}

TEST_F(LogMeterTest, ANumberedFileIsNoLogOfItsOwn) {
    append("access.log.1", line(10));
    open(options({"access.log*"}));
    EXPECT_EQ(poll(), 0U);
    append("access.log", line(1));
    EXPECT_EQ(poll(), 11U);
    fs::rename(folder_.file("access.log.1"), folder_.file("access.log.2"));
    fs::rename(folder_.file("access.log"), folder_.file("access.log.1"));
    append("access.log", line(100));
    EXPECT_EQ(poll(), 100U);
    EXPECT_THAT(meter_->logs(), ElementsAre(folder_.file("access.log")));
}

TEST_F(LogMeterTest, BadLinesAreCountedAndALoss) {
    append("a.log", line(1) + "garbage\n" + line(2) + "more garbage\n");
    open(options({"a.log"}));
    EXPECT_EQ(poll(), 3U);
    EXPECT_EQ(counter("log_lines_total"), 4U);
    EXPECT_EQ(counter("log_entries_total"), 2U);
    EXPECT_EQ(counter("log_bad_lines_total"), 2U);
    EXPECT_EQ(counter("log_lag_bytes"), 0U);
    const Checkpoint made = commit();
    ASSERT_THAT(made.losses, SizeIs(1));
    EXPECT_EQ(made.losses[0].reason, LossReason::corrupt);
    EXPECT_EQ(made.losses[0].packets, 2U);
    EXPECT_EQ(made.losses[0].source, folder_.file("a.log"));
}

TEST_F(LogMeterTest, ALogThatCannotBeReadStopsNoOther) {
    append("a.log", line(1));
    fs::create_directories(folder_.file("b.log"));
    append("c.log", line(2));
    open(options({"*.log"}));
    EXPECT_EQ(poll(), 3U);
}

TEST_F(LogMeterTest, TheCursorOfALogThatIsGoneIsUsedAgain) {
    append("log.1a", line(1));
    open(options({"log.*"}));
    EXPECT_EQ(poll(), 1U);
    commit();
    const std::string source = cursors_.at(0).source;
    fs::remove(folder_.file("log.1a"));
    EXPECT_EQ(poll(), 0U);
    clock_.up = clock_.up + Duration::hours(25);
    EXPECT_EQ(poll(), 0U);  // the earlier file is finished now
    commit();
    EXPECT_THAT(meter_->logs(), SizeIs(1));
    clock_.time = clock_.time + Duration::hours(24 * 400);
    EXPECT_EQ(poll(), 0U);
    EXPECT_THAT(meter_->logs(), IsEmpty());
    commit();
    open(options({"log.*"}));
    append("log.2a", line(10));
    EXPECT_EQ(poll(), 10U);
    commit();
    EXPECT_THAT(cursors_, SizeIs(1));
    EXPECT_EQ(cursors_[0].source, source);
    EXPECT_EQ(cursors_[0].note, folder_.file("log.2a"));
}

TEST_F(LogMeterTest, LogsThatNoPatternNamesAreFollowedNoLonger) {
    append("a.log", line(1));
    append("b.log", line(10));
    open(options({"*.log"}));
    EXPECT_EQ(poll(), 11U);
    commit();
    append("a.log", line(2));
    append("b.log", line(20));
    open(options({"b.log"}));
    EXPECT_THAT(meter_->logs(), ElementsAre(folder_.file("b.log")));
    EXPECT_EQ(poll(), 20U);
    commit();
    open(options({"*.log"}));
    EXPECT_EQ(poll(), 2U) << "it goes on where it was";
}

TEST_F(LogMeterTest, LinesThatWereImportedAreNotCountedAgain) {
    std::string text;
    for (std::uint64_t i = 0; i < 20; ++i) text += line(i);
    append("a.log", text);
    auto import = LogFileMeter::open(folder_.file("a.log"),
                                     logline::open_reader("vhost-combined", {}).value(),
                                     TimeResolver({}), {}, {});
    ASSERT_TRUE(import);
    SumSink sink;
    while ((*import)->pull(sink, {}).value() != Pull::end) continue;
    cursors_ = (*import)->checkpoint(sink).value().cursors;
    EXPECT_EQ(sink.bytes, 190U);
    open(options({"*.log"}));
    EXPECT_EQ(poll(), 0U);
    append("a.log", line(100));
    EXPECT_EQ(poll(), 100U);
}

TEST_F(LogMeterTest, ALimitOfLogsIsCounted) {
    LogMeterOptions few = options({"*.log"});
    few.logs_max = 2;
    for (const char* name : {"a.log", "b.log", "c.log"}) append(name, line(1));
    open(std::move(few));
    EXPECT_EQ(poll(), 2U);
    EXPECT_EQ(counter("log_refused"), 1U);
    EXPECT_EQ(counter("log_followed"), 2U);
}

// The size of a mail stands in another line than its recipients, and rotation may come between.
TEST_F(LogMeterTest, TheStateOfAFormatSurvivesRestartsAndRotation) {
    const auto mail = [](const std::string& text) {
        return "Nov 30 12:00:00 mx postfix/" + text + "\n";
    };
    LogMeterOptions postfix = options({"mail.log"});
    postfix.format = "postfix";
    postfix.open_reader = [] { return logline::open_reader("postfix", {}); };
    append("mail.log",
           mail("qmgr[1]: A01234: from=<x@a.example>, size=70, nrcpt=2 (queue active)"));
    open(postfix);
    EXPECT_EQ(poll(), 70U);
    commit();
    fs::rename(folder_.file("mail.log"), folder_.file("mail.log.1"));
    append("mail.log",
           mail("smtp[2]: A01234: to=<bob@b.example>, relay=mx[192.0.2.25]:25, delay=1, "
                "status=sent (ok)"));
    open(postfix);
    EXPECT_EQ(poll(), 70U);
    EXPECT_EQ(counter("log_bad_lines_total"), 0U);
    // A state of another format is not used.
    commit();
    postfix.format = "postfix, another pattern";
    open(postfix);
    append("mail.log",
           mail("smtp[2]: A01234: to=<eve@b.example>, relay=mx[192.0.2.25]:25, delay=1, "
                "status=sent (ok)"));
    EXPECT_EQ(poll(), 0U);
    EXPECT_EQ(counter("log_bad_lines_total"), 1U);
}

TEST_F(LogMeterTest, NamesInThePathAreThoseOfTheLog) {
    append("home/alice/logs/shop.example.org.log", "");
    LogMeterOptions wanted = options({"home/{user}/logs/{domain}.log"});
    wanted.open_reader = [] { return logline::open_reader("combined", {}); };
    open(std::move(wanted));
    const auto rows = meter_->names().rows();
    ASSERT_THAT(rows, SizeIs(3));
    EXPECT_EQ(rows[0].text, "host.example.net");
    EXPECT_EQ(rows[1].text, "shop.example.org");
    EXPECT_EQ(rows[2].text, "alice");
    EXPECT_EQ(rows[2].within, 2U);
}

}  // namespace
}  // namespace octroi::logs
