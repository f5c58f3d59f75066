// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/journal_meter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "host/testing/folder.hpp"
#include "wire/log/formats.hpp"

namespace octroi::logs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A program `journalctl` that comes first in PATH. Its entries are files with the cursors as
// names; it prints those from the cursor on, and with --follow waits for more. Entries of
// other.service match only without --unit.
constexpr const char* program = R"(#!/bin/sh
echo "$@" >> "{0}/arguments"
from=; after=; newest=; follow=; hidden=nothing
for each; do
    case $each in
        --cursor=*) from=${{each#*=}} ;;
        --lines=1) newest=yes ;;
        --follow) follow=yes ;;
        --unit=*) hidden=other.service ;;
    esac
done
cd "{0}/entries" || exit 1
if [ "$newest" ]; then
    last=$(ls | tail -n 1)
    [ -z "$last" ] || cat "$last"
    exit 0
fi
[ -f "$from" ] && ! grep -q "$hidden" "$from" && cat "$from"
after=$from
while [ -d "{0}/entries" ]; do
    for each in *; do
        [ -f "$each" ] || continue
        if [ "$each" \> "$after" ]; then
            grep -q "$hidden" "$each" || cat "$each"
            after=$each
        fi
    done
    [ "$follow" ] || exit 0
    sleep 0.05
done
echo "the journal is gone" >&2
exit 1
)";

class JournalMeterTest : public ::testing::Test, public FlowSink {
protected:
    JournalMeterTest() {
        std::filesystem::create_directory(folder_.file("entries"));
        std::filesystem::create_directory(folder_.file("bin"));
        const std::string path = folder_.file("bin") + "/journalctl";
        std::ofstream(path) << fmt::format(fmt::runtime(program), folder_.file(""));
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        old_path_ = std::getenv("PATH");
        ::setenv("PATH", (folder_.file("bin") + ":" + old_path_).c_str(), 1);
    }
    ~JournalMeterTest() override { ::setenv("PATH", old_path_.c_str(), 1); }

    void accept(std::span<const Reading> batch) override {
        for (const Reading& reading : batch) octets_ += reading.bytes;
    }
    // An rsync session that sent so many octets.
    void write(int number, int octets, const std::string& unit = "rsync.service") const {
        const std::string name = fmt::format("{:04}", number);
        const std::string hidden = folder_.file("new");
        std::ofstream(hidden) << "__CURSOR=" << name << "\n__REALTIME_TIMESTAMP="
                              << 1'714'564'800'000'000 + number * 1'000'000
                              << "\n_HOSTNAME=files\n_SYSTEMD_UNIT=" << unit
                              << "\nSYSLOG_IDENTIFIER=rsyncd\n_PID=82\nMESSAGE=sent " << octets
                              << " bytes  received 0 bytes  total size 1477\n\n";
        std::filesystem::rename(hidden, folder_.file("entries") + "/" + name);
    }
    Result<std::unique_ptr<JournalMeter>> open() {
        JournalMeterOptions options;
        options.matches = {"--unit=rsync.service"};
        TRY_ASSIGN(options.reader, logline::open_reader("rsyncd", {}));
        options.times = TimeResolver({.zone = Zone::utc(), .first_year = {}, .latest = {}});
        options.format = "rsyncd";
        return JournalMeter::open(std::move(options), clock_, cursors_);
    }
    // Reads until there are so many octets, and commits. Entries of one read are added up.
    void run(JournalMeter& meter, std::uint64_t octets) {
        for (int i = 0; i < 200 && octets_ < octets; ++i) {
            const auto pulled = meter.pull(*this, Duration::milliseconds(50));
            ASSERT_TRUE(pulled.has_value()) << pulled.error().text;
            if (*pulled == Pull::checkpoint) commit(meter);
        }
        commit(meter);
    }
    void commit(JournalMeter& meter) {
        const auto checkpoint = meter.checkpoint(*this);
        ASSERT_TRUE(checkpoint.has_value());
        if (!checkpoint->cursors.empty()) cursors_ = checkpoint->cursors;
        losses_.insert(losses_.end(), checkpoint->losses.begin(), checkpoint->losses.end());
    }
    void vacuum(int number) const {
        std::filesystem::remove(folder_.file("entries") + fmt::format("/{:04}", number));
    }
    [[nodiscard]] std::string arguments() const {
        std::ifstream in(folder_.file("arguments"));
        return {std::istreambuf_iterator<char>(in), {}};
    }

    const octroi::testing::Folder folder_;
    SystemClock clock_;
    std::string old_path_;
    std::uint64_t octets_ = 0;
    std::vector<Cursor> cursors_;
    std::vector<Loss> losses_;
};

TEST_F(JournalMeterTest, CountsEachEntryOnceOverRestarts) {
    write(1, 1000);
    {
        const auto meter = open().value();
        EXPECT_EQ(meter->pull(*this, {}).value(), Pull::checkpoint)
            << "the place in the journal is kept before the first entry";
        commit(*meter);
        write(2, 200);
        write(3, 30);
        run(*meter, 230);
        EXPECT_EQ(octets_, 230U) << "earlier entries are left";
    }
    EXPECT_THAT(arguments(), HasSubstr("--cursor=0001 --unit=rsync.service"));
    write(4, 4);
    const auto meter = open().value();
    write(5, 5);
    run(*meter, 239);
    EXPECT_EQ(octets_, 239U);
    EXPECT_EQ(cursors_.at(0).source, "journald:");
    EXPECT_THAT(losses_, IsEmpty());
}

// journalctl begins with the first entry behind the cursor that matches.
TEST_F(JournalMeterTest, CountsTheFirstEntryBehindACursorThatDoesNotMatch) {
    write(1, 1000, "other.service");
    write(2, 200);
    std::filesystem::rename(folder_.file("entries") + "/0002", folder_.file("later"));
    const auto meter = open().value();
    commit(*meter);
    std::filesystem::rename(folder_.file("later"), folder_.file("entries") + "/0002");
    run(*meter, 200);
    EXPECT_EQ(octets_, 200U);
}

// A kill: entries behind the last commit are read again.
TEST_F(JournalMeterTest, GoesOnBehindTheLastCommit) {
    write(1, 1000);
    {
        const auto meter = open().value();
        commit(*meter);
        write(2, 200);
        for (int i = 0; i < 200 && octets_ == 0; ++i)
            ASSERT_TRUE(meter->pull(*this, Duration::milliseconds(50)).has_value());
        octets_ = 0;
    }
    const auto meter = open().value();
    run(*meter, 200);
    EXPECT_EQ(octets_, 200U);
}

constexpr UtcTime time_of(int number) { return UtcTime::from_seconds(1'714'564'800 + number); }

TEST_F(JournalMeterTest, EntriesThatTheJournalDroppedAreALoss) {
    write(1, 1000);
    {
        const auto meter = open().value();
        commit(*meter);
        write(2, 200);
        run(*meter, 200);
    }
    write(3, 30);
    write(4, 4);
    for (const int number : {1, 2, 3}) vacuum(number);
    {
        const auto meter = open().value();
        EXPECT_THAT(meter->warnings(), ElementsAre(HasSubstr("has dropped entries between")));
        EXPECT_EQ(meter->pull(*this, {}).value(), Pull::checkpoint)
            << "the loss is kept before the first entry";
        commit(*meter);
        const Loss expected{"journal",
                            LossReason::truncated,
                            {time_of(2), time_of(4) + Duration{1}},
                            std::nullopt,
                            std::nullopt};
        EXPECT_THAT(losses_, ElementsAre(expected));
    }
    const auto meter = open().value();
    run(*meter, 204);
    EXPECT_EQ(octets_, 204U) << "the first entry that is left counts, also after a restart";
    EXPECT_EQ(losses_.size(), 1U) << "the loss is reported once";
}

TEST_F(JournalMeterTest, AJournalThatLostAllLaterEntriesGoesOnBehindTheRest) {
    write(1, 1000);
    write(2, 200);
    {
        const auto meter = open().value();
        commit(*meter);
    }
    vacuum(2);
    const auto meter = open().value();
    write(3, 30);
    run(*meter, 30);
    EXPECT_EQ(octets_, 30U) << "entry 1 may have been read before";
    ASSERT_EQ(losses_.size(), 1U);
    EXPECT_EQ(losses_.front().interval.begin, time_of(2));
}

TEST_F(JournalMeterTest, SaysThatThereIsNoJournal) {
    const auto empty = open();
    ASSERT_FALSE(empty.has_value());
    EXPECT_EQ(empty.error().code, ErrorCode::not_found);
    EXPECT_THAT(empty.error().text, HasSubstr("there is no journal on this machine"));
    ::setenv("PATH", folder_.file("entries").c_str(), 1);
    const auto absent = open();
    ASSERT_FALSE(absent.has_value());
    EXPECT_EQ(absent.error().code, ErrorCode::not_found);
    EXPECT_THAT(absent.error().text, HasSubstr("journalctl cannot be run"));
}

TEST_F(JournalMeterTest, EndsWhereTheProgramEnds) {
    write(1, 1000);
    const auto meter = open().value();
    commit(*meter);
    std::filesystem::remove_all(folder_.file("entries"));
    std::string error;
    for (int i = 0; i < 200 && error.empty(); ++i)
        if (const auto pulled = meter->pull(*this, Duration::milliseconds(50)); !pulled)
            error = pulled.error().text;
    EXPECT_THAT(error, HasSubstr("journalctl has ended: "));
}

TEST_F(JournalMeterTest, ACursorThatCannotBeReadIsAnError) {
    cursors_ = {{"journald:", "garbage", 3, ""}};
    const auto meter = open();
    ASSERT_FALSE(meter.has_value());
    EXPECT_EQ(meter.error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace octroi::logs
