// SPDX-License-Identifier: GPL-3.0-or-later
// A journal follows its collector to a new name, belongs to one ledger, and is never left behind
// without a message.
#include "meter/collector/journal_place.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "config/value.hpp"
#include "host/interfaces.hpp"
#include "host/testing/folder.hpp"
#include "meter/collector/collector.hpp"
#include "meter/collector/options.hpp"
#include "meter/journal/identity.hpp"

namespace octroi::collector {
namespace {

using octroi::testing::Folder;

const std::string one(32, '1');
const std::string two(32, '2');

class Sink final : public FlowSink {
public:
    void accept(std::span<const Reading> /*readings*/) override {}
};

class JournalPlaceTest : public ::testing::Test {
protected:
    static MeterConfig named(const std::string& name) {
        MeterConfig config;
        config.name = name;
        config.kind = "collector";
        config.options = default_values(meter_options);
        return config;
    }
    JournalPlace place(const std::string& meter, const std::string& ledger = one) {
        const std::vector<MeterConfig> configured{named(meter)};
        MeterSetup setup{configured.front(), {},     state_.file(""), sockets_, host_,
                         host_.clock(),      known_, configured,      ledger};
        auto found = place_journal(setup);
        EXPECT_TRUE(found) << found.error().text;
        return found.value_or(JournalPlace{});
    }
    // Makes the journal of a collector, with so many messages that no batch has.
    void run(const JournalPlace& place, const std::string& meter, int messages,
             const std::string& ledger = one) {
        CollectorOptions options;
        options.folder = place.folder;
        options.journal.shape = {512, 64};
        options.journal.ready_octets = 0;
        options.journal.boot_id = *boot_id();
        options.ledger_id = ledger;
        auto collector = *Collector::open(options, place.cursors, host_.clock());
        Sink sink;
        const Checkpoint made = *collector->checkpoint(sink);
        known_ = {{meter, made.cursors.front()}};
        collector->committed();
        for (int i = 0; i < messages; ++i)
            ASSERT_TRUE(collector->journal().writer().append(
                {as_octets("no export"), Address::v4(0x7f000001), 0, UtcTime{}, {}}));
    }
    static std::string name_of(const JournalPlace& place) {
        return std::filesystem::path(place.folder).filename().string();
    }

    const Folder state_;
    SystemCaptureHost host_;
    std::vector<Fd> sockets_;
    std::vector<OtherCursor> known_;  // of other meters than the one that is placed
};

TEST_F(JournalPlaceTest, ACollectorWithANewNameGoesOn) {
    const JournalPlace first = place("routers");
    EXPECT_EQ(name_of(first), "routers");
    run(first, "routers", 3);
    const auto id = journal::find_journal_id(first.folder);
    const JournalPlace renamed = place("renamed");
    EXPECT_EQ(name_of(renamed), "renamed");
    EXPECT_EQ(journal::find_journal_id(renamed.folder), id);
    ASSERT_EQ(renamed.cursors.size(), 1U);
    EXPECT_EQ(renamed.cursors.front().version, 1U) << "the next one is 2, for all meters";
    ASSERT_EQ(renamed.warnings.size(), 1U);
    EXPECT_NE(renamed.warnings[0].find("meter routers"), std::string::npos);
    EXPECT_EQ(find_journal("", state_.file(""), "whatever", known_.front().cursor), renamed.folder);
}

TEST_F(JournalPlaceTest, OneThatCannotBeTakenIsNamed) {
    run(place("routers"), "routers", 3);
    std::filesystem::create_directories(state_.file("journal/other"));
    const JournalPlace other = place("other");
    EXPECT_EQ(name_of(other), "other");
    ASSERT_EQ(other.warnings.size(), 1U);
    EXPECT_NE(other.warnings[0].find("journal/routers"), std::string::npos);
    EXPECT_NE(other.warnings[0].find("3 messages"), std::string::npos) << other.warnings[0];
}

TEST_F(JournalPlaceTest, ASecondLedgerHasAJournalOfItsOwn) {
    run(place("routers"), "routers", 3);
    known_.clear();
    const JournalPlace second = place("routers", two);
    EXPECT_EQ(name_of(second), "routers-22222222");
    EXPECT_TRUE(second.warnings.empty());
    run(second, "routers", 0, two);
    EXPECT_EQ(name_of(place("routers", two)), "routers-22222222");
    known_.clear();
    EXPECT_EQ(name_of(place("renamed", two)), "renamed");
    EXPECT_EQ(journal::find_ledger_of(state_.file("journal/renamed")), two);
    EXPECT_EQ(journal::find_ledger_of(state_.file("journal/routers")), one);
}

}  // namespace
}  // namespace octroi::collector
