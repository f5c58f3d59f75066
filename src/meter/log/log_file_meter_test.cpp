// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/log_file_meter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/check.hpp"
#include "host/testing/folder.hpp"
#include "meter/log/log_cursor.hpp"
#include "wire/log/formats.hpp"

namespace octroi::logs {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct SumSink : ReadingSink {
    void accept(std::span<const Reading> readings) override {
        for (const Reading& reading : readings) bytes += reading.bytes;
    }
    void accept_counted(std::span<const CountedVolume> /*volumes*/) override { ADD_FAILURE(); }
    std::uint64_t bytes = 0;
};

std::string line(std::uint64_t octets) {
    return "198.51.100.7 - - [30/Nov/2026:12:00:00 +0000] \"GET / HTTP/1.1\" 200 " +
           std::to_string(octets) + " \"-\" \"-\"\n";
}

// What an import did.
struct Imported {
    std::uint64_t bytes = 0;
    std::uint64_t observed = 0;
    std::uint64_t lines = 0;
    bool was_complete = false;
    std::string warning;
    std::string error;
    std::vector<Loss> losses;
};

class LogFileMeterTest : public ::testing::Test {
protected:
    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(folder_.file(name)) << text;
        return folder_.file(name);
    }
    std::string write_compressed(const std::string& name, const std::string& text) const {
        const gzFile out = gzopen(folder_.file(name).c_str(), "wb");
        CHECK(gzwrite(out, text.data(), static_cast<unsigned>(text.size())) > 0);
        gzclose(out);
        return folder_.file(name);
    }
    // commits_max: the process is killed behind so many.
    Imported import(const std::string& path, int commits_max = 1000) {
        Imported done;
        auto opened = LogFileMeter::open(path, logline::open_reader("combined", {}).value(),
                                         options_, cursors_);
        if (!opened) {
            done.error = opened.error().text;
            return done;
        }
        LogFileMeter& meter = **opened;
        done.was_complete = meter.already_complete();
        for (int commits = 0; commits < commits_max;) {
            SumSink sink;
            auto pulled = meter.pull(sink, {});
            if (!pulled) {
                done.error = pulled.error().text;
                return done;
            }
            held_ += sink.bytes;
            if (*pulled != Pull::end && *pulled != Pull::checkpoint) continue;
            const Checkpoint made = meter.checkpoint(sink).value();
            commit(made);
            done.bytes += std::exchange(held_, 0);
            done.observed += made.observed.bytes.value();
            done.losses.insert(done.losses.end(), made.losses.begin(), made.losses.end());
            ++commits;
            if (*pulled == Pull::end) break;
        }
        held_ = 0;
        done.lines = meter.frames();
        done.warning = meter.warning();
        return done;
    }
    void commit(const Checkpoint& made) {
        for (const Cursor& cursor : made.cursors) {
            std::erase_if(cursors_, [&](const Cursor& c) { return c.source == cursor.source; });
            cursors_.push_back(cursor);
        }
    }

    const testing::Folder folder_;
    LogFileMeterOptions options_{.host = "host.example.net"};
    std::vector<Cursor> cursors_;
    std::uint64_t held_ = 0;
};

TEST_F(LogFileMeterTest, AFileCountsOnceUnderAnyNameAndCompression) {
    std::string text;
    for (std::uint64_t i = 1; i <= 50; ++i) text += line(i);
    Imported done = import(write("access.log", text));
    EXPECT_EQ(done.bytes, 50U * 51 / 2);
    EXPECT_EQ(done.observed, 50U * 51 / 2);
    EXPECT_EQ(done.lines, 50U);
    EXPECT_THAT(done.warning, IsEmpty());
    EXPECT_TRUE(import(write("other", text)).was_complete);
    EXPECT_TRUE(import(write_compressed("access.log.1.gz", text)).was_complete);
    EXPECT_TRUE(import(write("shorter", text.substr(0, text.size() / 2))).was_complete);
}

TEST_F(LogFileMeterTest, OnlyTheNewLinesOfAFileThatHasGrownCount) {
    EXPECT_EQ(import(write("access.log", line(1) + line(10))).bytes, 11U);
    const Imported done =
        import(write_compressed("access.log.1.gz", line(1) + line(10) + line(100)));
    EXPECT_EQ(done.bytes, 100U);
    EXPECT_EQ(done.lines, 1U);
}

TEST_F(LogFileMeterTest, AKilledImportGoesOnAtItsLastCommit) {
    std::string text;
    for (std::uint64_t i = 1; i <= 1000; ++i) text += line(i);
    options_.checkpoint_lines = 128;
    const std::string path = write("access.log", text);
    std::uint64_t sum = 0;
    for (int i = 0; i < 8; ++i) sum += import(path, 1).bytes;
    EXPECT_EQ(sum, 1000U * 1001 / 2);
    EXPECT_TRUE(import(path).was_complete);
}

TEST_F(LogFileMeterTest, ALastLineWithoutAnEndCountsWhenTheFileCannotGrow) {
    const std::string text = line(1) + line(10).substr(0, line(10).size() - 1);
    Imported done = import(write("access.log", text));
    EXPECT_EQ(done.bytes, 1U);
    EXPECT_THAT(done.warning, HasSubstr("the last line has no end"));
    EXPECT_TRUE(import(folder_.file("access.log")).was_complete);
    done = import(write_compressed("access.log.gz", text));
    EXPECT_EQ(done.bytes, 10U);
    EXPECT_THAT(done.warning, IsEmpty());
    EXPECT_TRUE(import(folder_.file("access.log.gz")).was_complete);
}

TEST_F(LogFileMeterTest, BadLinesAreALossAndStopNoOther) {
    const Imported done = import(write("access.log", line(1) + "garbage\n" + line(10)));
    EXPECT_EQ(done.bytes, 11U);
    EXPECT_THAT(done.warning, HasSubstr("1 lines cannot be read; the first one is line 2"));
    ASSERT_THAT(done.losses, SizeIs(1));
    EXPECT_EQ(done.losses[0].reason, LossReason::corrupt);
    EXPECT_EQ(done.losses[0].packets, 1U);
}

TEST_F(LogFileMeterTest, AFileOfAnotherFormatIsRefused) {
    const Imported done = import(write("access.log", "a,b,c\n1,2,3\n"));
    EXPECT_THAT(done.error, HasSubstr("no line is of this format"));
    EXPECT_THAT(cursors_, IsEmpty());
}

TEST_F(LogFileMeterTest, AFileThatIsFollowedIsRefused) {
    const std::string path = write("access.log", line(1) + line(10));
    LogPosition position;
    position.path = "/var/log/access.log";
    position.state.present.emplace();
    auto stream = file::Stream::open(path).value();
    ASSERT_TRUE(note_head(stream, *position.state.present));
    position.state.present->offset = 1;
    cursors_.push_back({"logfollow:0123", position.save(), 1, ""});
    EXPECT_THAT(import(path).error, HasSubstr("/var/log/access.log"));
    EXPECT_EQ(import(write("other.log", line(7))).bytes, 7U);
}

}  // namespace
}  // namespace octroi::logs
