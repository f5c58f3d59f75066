// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/identity_sessions.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

#include "attribute/class_table.hpp"
#include "host/log.hpp"
#include "ledger/audit.hpp"
#include "ledger/testing/batches.hpp"
#include "record/identity.hpp"
#include "service/late_identities.hpp"
#include "service/rebook.hpp"
#include "service/testing/temporary_ledger.hpp"

namespace octroi {
namespace {

using testing::bucket_at;
using testing::held;
using testing::some_day;
using testing::TemporaryLedger;

UtcTime minute(int number) { return some_day + Duration::minutes(number); }

// Filters and commits as the daemon does.
class Filter {
public:
    Filter(Ledger& ledger, UtcTime since)
        : ledger_(ledger), sessions_(*IdentitySessions::load(ledger, since, 1)) {}

    // How many events were stored.
    std::size_t commit(std::vector<IdentityEvent> events, const std::string& meter = "radius",
                       UtcTime booked_at = minute(10'000)) {
        std::ranges::sort(events);
        Batch batch = testing::BatchBuilder(++next_id, meter).identities(events).build();
        batch.booked_at = booked_at;
        EXPECT_TRUE(sessions_.drop_known(batch));
        EXPECT_TRUE(ledger_.commit(batch));
        EXPECT_TRUE(sessions_.refresh());
        return batch.identities.size();
    }
    const IdentitySessions& sessions() const { return sessions_; }

private:
    static inline std::uint64_t next_id = 1000;
    Ledger& ledger_;
    IdentitySessions sessions_;
};

TEST(IdentitySessions, ARepeatedStatementIsStoredEverySixHours) {
    const TemporaryLedger ledger;
    Filter filter(*ledger, UtcTime::min());
    std::size_t stored = 0;
    for (int i = 0; i < 24 * 60; ++i)
        stored += filter.commit({held("10.0.0.1", "user alice", minute(i))});
    EXPECT_EQ(stored, 4U);
    EXPECT_EQ(filter.sessions().table()->number(), 4U);
    EXPECT_EQ(filter.commit({held("10.0.0.1", "user bob", minute(30))}), 1U) << "a contradiction";
    EXPECT_EQ(filter.commit({held("10.0.0.1", "user bob", minute(30))}), 0U);
    EXPECT_EQ(filter.commit({held("10.0.0.1", "user alice", minute(31))}, "arp"), 1U)
        << "another source";
}

TEST(IdentitySessions, ARenewedLeaseIsStoredAndARepeatedOneIsNot) {
    const TemporaryLedger ledger;
    Filter filter(*ledger, UtcTime::min());
    EXPECT_EQ(filter.commit({held("10.0.0.1", "user alice", minute(0), minute(60))}), 1U);
    EXPECT_EQ(filter.commit({held("10.0.0.1", "user alice", minute(10), minute(60))}), 0U);
    EXPECT_EQ(filter.commit({held("10.0.0.1", "user alice", minute(30), minute(90))}), 1U);
    EXPECT_EQ(filter.commit({held("10.0.0.1", "user alice", minute(200), minute(260))}), 1U);
}

TEST(IdentitySessions, AnAddressThatTwoHostsClaimIsBounded) {
    const TemporaryLedger ledger;
    Filter filter(*ledger, UtcTime::min());
    std::vector<IdentityEvent> events;
    for (int second = 0; second < 600; ++second)
        events.push_back(held("10.0.0.1", second % 2 == 0 ? "user alice" : "user bob",
                              some_day + Duration::seconds(second)));
    EXPECT_EQ(filter.commit(events), 2 * identities_of_bucket_max);
}

// So many statements of 10.0.0.1, one a second, of alice, bob and carol in turn. The last one that
// is stored states alice.
std::vector<IdentityEvent> claims_of_three(int seconds) {
    constexpr std::array holders{"user alice", "user bob", "user carol"};
    std::vector<IdentityEvent> events;
    for (int second = 0; second < seconds; ++second)
        events.push_back(held("10.0.0.1", holders[static_cast<std::size_t>(second) % 3],
                              some_day + Duration::seconds(second)));
    return events;
}

// The newest session of 10.0.0.1.
HeldSessions::Event newest_of(const Filter& filter) {
    const auto* held = filter.sessions().table()->find(*HeldKey::of(*parse_identity("10.0.0.1")));
    EXPECT_TRUE(held != nullptr && !held->events.empty());
    return held == nullptr || held->events.empty() ? HeldSessions::Event() : held->events.back();
}

TEST(IdentitySessions, TheLastRefusedStatementIsStoredInTheNextFiveMinutes) {
    const TemporaryLedger ledger;
    Filter filter(*ledger, UtcTime::min());
    EXPECT_EQ(filter.commit(claims_of_three(98), "arp", minute(2)), identities_of_bucket_max);
    EXPECT_EQ(newest_of(filter).holder, *parse_identity("user alice"));
    EXPECT_EQ(filter.commit({}, "arp", minute(4)), 0U) << "not yet";
    EXPECT_EQ(filter.commit({}, "radius", minute(6)), 0U) << "another source";
    EXPECT_EQ(filter.commit({}, "arp", minute(6)), 1U);
    EXPECT_EQ(newest_of(filter).holder, *parse_identity("user bob"));
    EXPECT_EQ(newest_of(filter).at, minute(5));
    EXPECT_EQ(filter.commit({}, "arp", minute(7)), 0U) << "once";
}

TEST(IdentitySessions, ARefusedStatementThatIsTakenBackIsNotStored) {
    const TemporaryLedger ledger;
    Filter filter(*ledger, UtcTime::min());
    EXPECT_EQ(filter.commit(claims_of_three(98), "arp", minute(2)), identities_of_bucket_max);
    const auto alice = held("10.0.0.1", "user alice", minute(3));
    EXPECT_EQ(filter.commit({alice}, "arp", minute(3)), 0U) << "as it is stored";
    EXPECT_EQ(filter.commit({}, "arp", minute(6)), 0U);
}

// The stored statement is of a later moment than the one that comes late.
TEST(IdentitySessions, ALateRefusedStatementIsNotStoredBehindALaterOne) {
    const TemporaryLedger ledger;
    Filter filter(*ledger, UtcTime::min());
    auto events = claims_of_three(static_cast<int>(identities_of_bucket_max) - 1);
    events.push_back(held("10.0.0.1", "user dora", minute(4)));
    EXPECT_EQ(filter.commit(events, "arp", minute(4)), identities_of_bucket_max);
    const auto late = held("10.0.0.1", "user bob", minute(1));
    EXPECT_EQ(filter.commit({late}, "arp", minute(4)), 0U);
    EXPECT_EQ(filter.commit({}, "arp", minute(6)), 0U);
    EXPECT_EQ(newest_of(filter).holder, *parse_identity("user dora"));
}

TEST(IdentitySessions, ARefusedLeaseThatEndedMeanwhileEndsTheSession) {
    const TemporaryLedger ledger;
    Filter filter(*ledger, UtcTime::min());
    auto events = claims_of_three(98);
    events.back().until = minute(3);
    EXPECT_EQ(filter.commit(events, "arp", minute(2)), identities_of_bucket_max);
    EXPECT_EQ(filter.commit({}, "arp", minute(6)), 1U);
    EXPECT_EQ(newest_of(filter).holder, Identity());
    EXPECT_EQ(newest_of(filter).at, minute(5));
}

// As an import reads it, long after.
TEST(IdentitySessions, ARefusedStatementComesBeforeLaterOnesOfTheSameBatch) {
    for (const auto& [later, stored] :
         {std::pair{Duration::minutes(5), 1U}, std::pair{Duration::minutes(5) + Duration{1}, 2U}}) {
        const TemporaryLedger ledger;
        Filter filter(*ledger, UtcTime::min());
        auto events = claims_of_three(98);
        events.push_back(held("10.0.0.1", "user carol", some_day + later));
        EXPECT_EQ(filter.commit(events), identities_of_bucket_max + stored);
        EXPECT_EQ(newest_of(filter).holder, *parse_identity("user carol"));
        EXPECT_EQ(filter.commit(events), 0U) << "again";
    }
}

TEST(IdentitySessions, EventsBeforeTheLoadedTimeAreKnownToo) {
    const TemporaryLedger ledger;
    Filter all(*ledger, UtcTime::min());
    const std::vector<IdentityEvent> old{held("10.0.0.1", "user alice", minute(0)),
                                         held("10.0.0.1", "user bob", minute(10))};
    EXPECT_EQ(all.commit(old), 2U);
    EXPECT_EQ(all.commit({held("10.0.0.1", "user carol", minute(1000))}), 1U);
    Filter recent(*ledger, minute(500));
    EXPECT_EQ(recent.sessions().table()->held(), 1U);
    EXPECT_EQ(recent.commit(old), 0U);
}

TEST(IdentitySessions, SessionsThatEndedLongAgoAreRemovedFromMemory) {
    const TemporaryLedger ledger;
    const UtcTime now = minute(0) + sessions_loaded;
    Filter filter(*ledger, minute(0));
    EXPECT_EQ(filter.commit({held("10.0.0.1", "user alice", minute(1), minute(2)),
                             held("10.0.0.2", "user bob", minute(3))},
                            "radius", now),
              2U);
    EXPECT_EQ(filter.sessions().table()->held(), 2U);
    const UtcTime later = now + sessions_removal_interval;
    filter.commit({}, "eth0", later);
    EXPECT_EQ(filter.sessions().table()->held(), 1U);
    EXPECT_EQ(
        filter.commit({held("10.0.0.1", "user alice", minute(1), minute(2))}, "radius", later), 0U)
        << "the ledger knows it";
    // Old statements that came late: of the first one the end is not in memory, the second one ends
    // a session that is.
    const auto is_held = [&](const char* address) {
        Interval valid;
        const auto* held = filter.sessions().table()->find(*HeldKey::of(*parse_identity(address)));
        return held != nullptr && !held->at(later, valid).empty();
    };
    EXPECT_TRUE(is_held("10.0.0.2"));
    EXPECT_EQ(filter.commit({held("10.0.0.1", "user carol", minute(0)),
                             held("10.0.0.2", "user carol", minute(4), minute(5))},
                            "radius", later),
              2U);
    EXPECT_FALSE(is_held("10.0.0.1"));
    EXPECT_FALSE(is_held("10.0.0.2"));
    EXPECT_EQ(filter.sessions().table()->number(), 4U);
}

// ---- Late ones

class LateIdentitiesTest : public ::testing::Test {
protected:
    LateIdentitiesTest() {
        config_.attribute.local = {*parse_prefix("10.0.0.0/8")};
        config_.attribute.per_address = true;
        config_.services.push_back({"web", {"tcp/80"}});
        ledger_.bind("user alice", "alice");
        ledger_.bind("user bob", "bob");
    }
    void traffic(int bucket, std::uint64_t bytes, std::uint64_t known = 0) {
        Batch batch = testing::BatchBuilder(++id_)
                          .transfer(bucket, testing::unattributed("10.0.0.1"),
                                    testing::outside("unclassified"), "web", bytes)
                          .identities({}, known)
                          .build();
        batch.class_version.clear();
        batch.directory_version = 2;
        ASSERT_TRUE(ledger_->commit(batch));
    }
    void state(std::vector<IdentityEvent> events) {
        Batch batch = testing::BatchBuilder(++id_, "radius").identities(std::move(events)).build();
        batch.class_version.clear();
        ASSERT_TRUE(ledger_->commit(batch));
    }
    std::optional<RebookSummary> look() {
        const auto summary = rebook_late_identities(*ledger_, config_, testing::noon);
        EXPECT_TRUE(summary) << summary.error().text;
        return summary.value_or(std::nullopt);
    }
    std::uint64_t bytes_of(const std::string& account) {
        SumQuestion question;
        const auto sums = ledger_->sums(question);
        std::uint64_t bytes = 0;
        for (const TransferSum& sum : *sums)
            if (sum.from.name == account) bytes += sum.volume.bytes.value();
        return bytes;
    }

    TemporaryLedger ledger_;
    Config config_;
    std::uint64_t id_ = 0;
};

TEST_F(LateIdentitiesTest, MoveTheTrafficOfTheirTime) {
    traffic(0, 10);
    traffic(1, 20);
    traffic(2, 40);
    EXPECT_FALSE(*has_new_pairs(*ledger_)) << "nobody has stated anything";
    // From within bucket 0 to within bucket 2.
    state({held("10.0.0.1", "user alice", bucket_at(0) + Duration::seconds(3)),
           held("10.0.0.1", "user bob", bucket_at(2) + Duration::seconds(3))});
    EXPECT_TRUE(*has_new_pairs(*ledger_));
    const auto summary = look();
    ASSERT_TRUE(summary);
    EXPECT_EQ(summary->moved.bytes, Bytes{20});
    EXPECT_EQ(summary->unresolved.bytes, Bytes{50}) << "a change within five minutes";
    EXPECT_EQ(bytes_of("alice"), 20U);
    look();
    EXPECT_FALSE(look()) << "nothing new";
    const auto audited = audit(*ledger_);
    EXPECT_TRUE(audited && audited->findings.empty());
}

TEST_F(LateIdentitiesTest, ThatABatchKnewAreNoReason) {
    state({held("10.0.0.1", "user alice", bucket_at(0))});
    EXPECT_FALSE(look());
    traffic(1, 20, 1);
    EXPECT_FALSE(look());
    EXPECT_EQ(bytes_of("alice"), 0U) << "the batch knew it: it is not looked at";
}

TEST_F(LateIdentitiesTest, ThatChangeAHolderWithinABucketAreCountedForDebugMessages) {
    traffic(0, 10);
    state({held("10.0.0.1", "user alice", bucket_at(0) + Duration::seconds(3))});
    set_log_level(LogLevel::debug);
    ::testing::internal::CaptureStderr();
    EXPECT_FALSE(look()) << "no whole bucket";
    state({held("10.0.0.1", "user bob", bucket_at(1))});
    EXPECT_FALSE(look()) << "between two buckets, without traffic after it";
    const std::string logged = ::testing::internal::GetCapturedStderr();
    set_log_level(LogLevel::info);
    const std::size_t first = logged.find("held an address: 1 came after traffic");
    EXPECT_NE(first, std::string::npos) << logged;
    EXPECT_EQ(logged.find("came after traffic", first + 30), std::string::npos) << logged;
    EXPECT_EQ(bytes_of("alice"), 0U);
}

// A batch that waited for a full disk while others went on.
TEST_F(LateIdentitiesTest, ABatchThatComesAfterTheEventWasSettledIsLookedAt) {
    state({held("10.0.0.1", "user alice", bucket_at(0))});
    EXPECT_FALSE(look());
    traffic(1, 20);
    ASSERT_TRUE(look());
    EXPECT_EQ(bytes_of("alice"), 20U);
}

TEST_F(LateIdentitiesTest, ACorrectedStatementMovesItAgain) {
    traffic(1, 20);
    state({held("10.0.0.1", "user alice", bucket_at(0))});
    look();
    EXPECT_EQ(bytes_of("alice"), 20U);
    state({held("10.0.0.1", "user bob", bucket_at(0))});
    look();
    EXPECT_EQ(bytes_of("alice"), 0U);
    EXPECT_EQ(bytes_of("bob"), 20U);
    state({held("10.0.0.1", "", bucket_at(1))});
    look();
    EXPECT_EQ(bytes_of("bob"), 0U);
}

TEST_F(LateIdentitiesTest, AboutAMacAddressMoveTheTrafficOfItsAddresses) {
    traffic(1, 20);
    state({held("10.0.0.1", "mac 02:00:00:00:00:01", bucket_at(0))});
    state({held("10.0.0.2", "mac 02:00:00:00:00:02", bucket_at(0))});
    look();
    EXPECT_EQ(bytes_of("alice"), 0U);
    state({held("mac 02:00:00:00:00:01", "user alice", bucket_at(0))});
    look();
    EXPECT_EQ(bytes_of("alice"), 20U);
}

TEST_F(LateIdentitiesTest, LeaveOtherChangesToRebook) {
    Batch batch = testing::BatchBuilder(++id_)
                      .transfer(1, testing::unattributed("10.0.0.1"),
                                testing::outside("unclassified"), "web", 1)
                      .transfer(1, testing::unattributed("10.0.0.2"),
                                testing::outside("unclassified"), "web", 2)
                      .build();
    batch.class_version.clear();
    batch.directory_version = 2;
    ASSERT_TRUE(ledger_->commit(batch));
    ledger_.bind("10.0.0.2", "carol");
    state({held("10.0.0.1", "user alice", bucket_at(0))});
    const auto summary = look();
    ASSERT_TRUE(summary);
    EXPECT_EQ(summary->moved.bytes, Bytes{1});
    EXPECT_EQ(bytes_of("carol"), 0U);
    ASSERT_TRUE(rebook(*ledger_, config_, {.period = {}, .now = testing::noon}));
    EXPECT_EQ(bytes_of("carol"), 2U);
    EXPECT_EQ(bytes_of("alice"), 1U);
}

// ---- Late ones, after the tables of classes and services have changed

class LateIdentitiesPricesTest : public LateIdentitiesTest {
protected:
    void load_classes(const std::string& name) {
        ClassTable table;
        table.default_class = name;
        table.version = class_table_version(table);
        ASSERT_TRUE(ledger_->load_class_table(table, "test", testing::noon));
        version_ = table.version;
    }
    void commit(const Party& from, std::uint64_t bytes) {
        Batch batch = testing::BatchBuilder(++id_)
                          .transfer(1, from, testing::outside("first"), "http", bytes)
                          .build();
        batch.class_version = version_;
        batch.directory_version = 2;
        ASSERT_TRUE(ledger_->commit(batch));
    }
    void rebook_all() {
        const auto summary = rebook(*ledger_, config_, {.period = {}, .now = testing::noon});
        ASSERT_TRUE(summary) << summary.error().text;
    }
    // Each row with volume: "account class service bytes".
    std::set<std::string> rows() {
        std::set<std::string> texts;
        const auto sums = ledger_->sums({.period = {}, .by_service = true});
        for (const TransferSum& sum : *sums)
            if (sum.volume != Volume{})
                texts.insert(fmt::format("{} {} {} {}", to_string(sum.from), sum.to.name,
                                         sum.service, sum.volume.bytes.value()));
        return texts;
    }
    // Of 10.0.0.1, and of another address that no statement concerns.
    void meter_two_addresses() {
        load_classes("first");
        commit(testing::unattributed("10.0.0.1"), 20);
        commit(testing::unattributed("10.0.0.2"), 1);
    }

    std::string version_;
};

using Rows = std::set<std::string>;

TEST_F(LateIdentitiesPricesTest, ClassesAndServicesStayAsTheyAreBooked) {
    meter_two_addresses();
    load_classes("second");
    config_.services.push_back({"shop", {"tcp/80"}});
    state({held("10.0.0.1", "user alice", bucket_at(0))});
    const auto summary = look();
    ASSERT_TRUE(summary);
    EXPECT_EQ(summary->moved.bytes, Bytes{20});
    EXPECT_EQ(summary->unresolved.bytes, Bytes{0});
    EXPECT_EQ(rows(), (Rows{"alice first http 20", "@unattributed first http 1"}));
    state({held("10.0.0.1", "user bob", bucket_at(0))});
    look();
    EXPECT_EQ(rows(), (Rows{"bob first http 20", "@unattributed first http 1"}));
    state({held("10.0.0.2", "", bucket_at(0))});
    look();
    EXPECT_EQ(rows(), (Rows{"bob first http 20", "@unattributed first http 1"}));
    const auto audited = audit(*ledger_);
    EXPECT_TRUE(audited && audited->findings.empty());
}

TEST_F(LateIdentitiesPricesTest, AnEarlierRebookCounts) {
    meter_two_addresses();
    load_classes("second");
    rebook_all();
    EXPECT_EQ(rows(), (Rows{"@unattributed second http 21"}));
    load_classes("third");
    state({held("10.0.0.1", "user alice", bucket_at(0))});
    ASSERT_TRUE(look());
    EXPECT_EQ(rows(), (Rows{"alice second http 20", "@unattributed second http 1"}));
    rebook_all();
    EXPECT_EQ(rows(), (Rows{"alice third http 20", "@unattributed third http 1"}));
    const auto audited = audit(*ledger_);
    EXPECT_TRUE(audited && audited->findings.empty());
}

// The first correction replaces the identity of the address by that of the held prefix.
TEST_F(LateIdentitiesPricesTest, AHeldPrefixIsCorrectedAgain) {
    meter_two_addresses();
    load_classes("second");
    state({held("10.0.0.0/30", "user alice", bucket_at(0))});
    look();
    EXPECT_EQ(rows(), (Rows{"alice first http 21"}));
    state({held("10.0.0.0/30", "user bob", bucket_at(0))});
    look();
    EXPECT_EQ(rows(), (Rows{"bob first http 21"}));
    state({held("10.0.0.0/30", "", bucket_at(0))});
    look();
    EXPECT_EQ(rows(), (Rows{"@unattributed first http 21"}));
    EXPECT_EQ(*has_new_pairs(*ledger_), true) << "its own correction is a batch";
    look();
    EXPECT_FALSE(look());
}

}  // namespace
}  // namespace octroi
