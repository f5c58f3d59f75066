// SPDX-License-Identifier: GPL-3.0-or-later
// The state that a collector keeps over a restart, and the state that ends with a process.
#include "meter/collector/collector.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "host/testing/folder.hpp"
#include "meter/journal/saved_position.hpp"
#include "meter/state/state_files.hpp"
#include "wire/ipfix/testing/messages.hpp"

namespace octroi::collector {
namespace {

using namespace ipfix::testing;
using octroi::testing::Folder;

const Address router = Address::v4(0xcb007101);
constexpr UtcTime now = UtcTime::from_seconds(export_seconds);
const Fields totals{{8, 4}, {12, 4}, {148, 8}, {85, 8}, {86, 8}};

// Octets and packets of one flow since it began.
std::string total(std::uint64_t bytes, std::uint64_t packets) {
    return values().u32(0x0a000001).u32(0x08080808).u64(77).u64(bytes).u64(packets);
}

class StandingClock final : public Clock {
public:
    [[nodiscard]] UtcTime now() const override { return collector::now; }
    [[nodiscard]] Duration uptime() const override { return {}; }
};

class Sum final : public FlowSink {
public:
    void accept(std::span<const Reading> readings) override {
        for (const Reading& reading : readings) bytes += reading.bytes;
    }
    std::uint64_t bytes = 0;
};

class CollectorRestart : public ::testing::Test {
protected:
    CollectorRestart() { start(); }
    void start() {
        collector_.reset();
        CollectorOptions options;
        options.folder = place_.file("journal");
        options.journal.shape = {512, 64};
        options.journal.ready_octets = 0;
        options.decoder.seed = 1;
        auto opened = Collector::open(options, known_, clock_);
        ASSERT_TRUE(opened.has_value()) << opened.error().text;
        collector_ = std::move(*opened);
    }
    void send(const std::string& message, std::uint16_t session = 0) {
        const auto kept = collector_->journal().writer().append(
            {as_octets(message), router, session, now,
             session == 0 ? journal::Transport::datagram : journal::Transport::stream});
        ASSERT_TRUE(kept.value_or(false));
    }
    // As if the ledger had committed it.
    Checkpoint commit() {
        auto made = collector_->checkpoint(sum_);
        EXPECT_TRUE(made.has_value());
        known_ = made->cursors;
        collector_->committed();
        return *std::move(made);
    }
    [[nodiscard]] std::vector<std::string> snapshots() const {
        std::vector<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator(place_.file("journal")))
            if (entry.path().filename().string().starts_with("state-"))
                found.push_back(entry.path().string());
        return found;
    }
    // As another version of Octroi would have written it.
    void change_snapshot(std::size_t offset, char octet) {
        ASSERT_EQ(snapshots().size(), 1U);
        std::string content = *read_state_file(snapshots()[0]);
        content[offset] = octet;
        std::filesystem::remove(snapshots()[0]);
        const std::string name = state_file_name("9", content);
        std::ofstream(place_.file("journal/" + name), std::ios::binary) << content;
        for (Cursor& cursor : known_) {
            auto position = journal::decode_saved_position(cursor.position);
            ASSERT_TRUE(position.has_value());
            position->snapshot = name;
            cursor.position = encode(*position);
        }
    }

    const Folder place_;
    const StandingClock clock_;
    Sum sum_;
    std::vector<Cursor> known_;
    std::unique_ptr<Collector> collector_;
};

TEST_F(CollectorRestart, TotalsAreNotBookedTwiceWhereTemplatesCannotBeRead) {
    const std::string announced = templates({{256, totals}});
    send(ipfix_message(1, {announced, data(256, total(1'000'000, 10))}));
    commit();
    EXPECT_EQ(sum_.bytes, 1'000'000U);
    // The exporters' part begins with its version, behind the magic and a length.
    change_snapshot(8 + 3, '\x63');
    start();
    EXPECT_NE(collector_->notice().find("templates and sampling are learned again"),
              std::string::npos)
        << collector_->notice();
    send(ipfix_message(1, {announced, data(256, total(1'000'500, 11))}, 1));
    const Checkpoint after = commit();
    ASSERT_EQ(after.losses.size(), 1U);
    EXPECT_EQ(after.losses[0].reason, LossReason::corrupt);
    EXPECT_TRUE(after.losses[0].source.starts_with(journal_source_prefix));
    EXPECT_FALSE(after.losses[0].packets.has_value());
    EXPECT_NE(collector_->notice().find("reported as a loss"), std::string::npos);
    EXPECT_EQ(sum_.bytes, 1'000'500U);
    start();
    EXPECT_TRUE(commit().losses.empty()) << "reported once";
}

// Both parts, as where the file is cut, and as where it is gone.
TEST_F(CollectorRestart, ASnapshotThatCannotBeReadIsALoss) {
    send(ipfix_message(1, {data(256, total(100, 1))}));  // waits for its template
    commit();
    ASSERT_EQ(snapshots().size(), 1U);
    std::filesystem::resize_file(snapshots()[0], 10);
    start();
    EXPECT_EQ(commit().losses.size(), 1U);
    std::filesystem::remove(snapshots().at(0));
    start();
    EXPECT_EQ(commit().losses.size(), 1U);
    start();
    EXPECT_TRUE(commit().losses.empty());
}

TEST_F(CollectorRestart, SegmentsThatAreGoneAreALoss) {
    send(ipfix_message(1, {templates({{256, totals}}), data(256, total(100, 1))}));
    EXPECT_TRUE(commit().losses.empty());
    send(ipfix_message(1, {data(256, total(300, 3))}, 1));
    collector_.reset();
    std::filesystem::remove(place_.file("journal/000000.journal"));
    start();
    EXPECT_NE(collector_->notice().find("missing or damaged"), std::string::npos);
    const Checkpoint after = commit();
    ASSERT_FALSE(after.losses.empty());
    EXPECT_EQ(after.losses[0].reason, LossReason::corrupt);
    EXPECT_FALSE(after.losses[0].packets.has_value());
    start();
    EXPECT_TRUE(commit().losses.empty()) << "reported once";
}

TEST_F(CollectorRestart, AJournalBelongsToOneLedger) {
    collector_.reset();
    CollectorOptions options;
    options.folder = place_.file("journal");
    options.journal.shape = {512, 64};
    options.journal.ready_octets = 0;
    options.ledger_id = std::string(32, '1');
    ASSERT_TRUE(Collector::open(options, {}, clock_));
    ASSERT_TRUE(Collector::open(options, {}, clock_));
    options.ledger_id = std::string(32, '2');
    const auto other = Collector::open(options, {}, clock_);
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, ErrorCode::conflict);
    EXPECT_NE(other.error().text.find("another ledger"), std::string::npos);
}

TEST_F(CollectorRestart, SessionsOfTheProcessBeforeHaveEnded) {
    const std::string announced = templates({{256, totals}});
    send(ipfix_message(1, {announced, data(256, total(100, 1))}), 5000);
    // Not read yet, but it belongs to the same session.
    send(ipfix_message(1, {data(256, total(300, 3))}, 1), 5000);
    EXPECT_TRUE(commit().losses.empty());
    EXPECT_EQ(sum_.bytes, 300U);
    start();
    // A new connection that has the same port number by chance.
    send(ipfix_message(1, {data(256, total(999, 9))}), 5000);
    const Checkpoint after = commit();
    EXPECT_EQ(sum_.bytes, 300U);
    ASSERT_EQ(after.losses.size(), 1U);
    EXPECT_EQ(after.losses[0].reason, LossReason::not_running);
    EXPECT_EQ(after.losses[0].source, "203.0.113.1");
    EXPECT_FALSE(after.losses[0].packets.has_value());
}

TEST_F(CollectorRestart, AQuietMinuteWritesNoSnapshot) {
    send(ipfix_message(1, {templates({{256, totals}})}));
    commit();
    const auto before = snapshots();
    commit();
    EXPECT_EQ(snapshots(), before);
    start();  // from the cursor of the quiet one
    EXPECT_EQ(collector_->notice(), "");
    send(ipfix_message(1, {data(256, total(5, 1))}));
    commit();
    EXPECT_EQ(sum_.bytes, 5U);
    EXPECT_NE(snapshots(), before);
}

}  // namespace
}  // namespace octroi::collector
