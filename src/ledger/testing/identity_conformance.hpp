// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What every store must do with identities over time. The fixture is that of store_conformance.hpp.

#include "ledger/identity_store.hpp"
#include "ledger/testing/store_conformance.hpp"

namespace octroi::testing {

template <typename Fixture>
class IdentityConformance : public StoreConformance<Fixture> {
protected:
    std::vector<StoredIdentity> events(const IdentityQuestion& question = {}) {
        std::vector<StoredIdentity> all;
        const auto done = this->ledger_.identities().each_identity(
            question, [&](const StoredIdentity& stored) -> Status {
                all.push_back(stored);
                return {};
            });
        EXPECT_TRUE(done) << done.error().text;
        return all;
    }
    std::vector<std::uint64_t> numbers(const IdentityQuestion& question) {
        std::vector<std::uint64_t> numbers;
        for (const StoredIdentity& stored : events(question)) numbers.push_back(stored.number);
        return numbers;
    }
    bool is_without(std::uint64_t event, const Interval& buckets, std::uint64_t until = 99) {
        const auto found = this->ledger_.identities().has_traffic_without(event, buckets, until);
        EXPECT_TRUE(found) << found.error().text;
        return found.value_or(false);
    }
};
TYPED_TEST_SUITE_P(IdentityConformance);

TYPED_TEST_P(IdentityConformance, KeepsTheEventsOfABatchWithItsHash) {
    EXPECT_EQ(*this->ledger_.identities().newest_identity(), 0U);
    const std::vector<IdentityEvent> first{
        held("10.0.0.1", "mac 02:00:00:00:00:01", some_day),
        held("mac 02:00:00:00:00:01", "user alice", some_day + Duration::seconds(3))};
    std::vector<Batch> committed;
    committed.push_back(BatchBuilder(1, "radius").identities(first).build());
    committed.push_back(BatchBuilder(2)
                            .transfer(0, account("alice", "10.0.0.1"), outside("world"), "web", 7)
                            .identities({held("10.0.0.1", "", bucket_at(4))}, 2)
                            .build());
    committed.push_back(BatchBuilder(3).identities({}, 3).build());
    committed.push_back(BatchBuilder(4).build());
    for (const Batch& batch : committed) EXPECT_EQ(this->commit(batch), "committed");
    EXPECT_EQ(this->commit(committed[0]), "already");
    this->ledger_.reopen();
    const auto stored = this->batches();
    ASSERT_EQ(stored.size(), committed.size());
    for (std::size_t i = 0; i < stored.size(); ++i) {
        EXPECT_EQ(stored[i].batch.identities, committed[i].identities);
        EXPECT_EQ(stored[i].batch.identities_known, committed[i].identities_known);
        EXPECT_EQ(stored[i].digests, digests(canonical(committed[i])));
    }
    const auto events = this->events();
    ASSERT_EQ(events.size(), 3U);
    EXPECT_EQ(*this->ledger_.identities().newest_identity(), 3U);
    EXPECT_EQ(events[0].number, 1U);
    EXPECT_EQ(events[0].event, first[0]);
    EXPECT_EQ(events[0].source, "radius");
    EXPECT_EQ(events[0].booked_at, committed[0].booked_at);
    EXPECT_EQ(events[2].event, committed[1].identities[0]);
    EXPECT_EQ(events[2].source, "eth0");
    this->expect_holds(4);
}

TYPED_TEST_P(IdentityConformance, FindsEventsThatMayStillHold) {
    const auto at = [](int minute) { return some_day + Duration::minutes(minute); };
    ASSERT_EQ(this->commit(BatchBuilder(1, "radius")
                               .identities({held("10.0.0.1", "user alice", at(0)),
                                            held("10.0.0.2", "user bob", at(1), at(5)),
                                            held("10.0.0.3", "user carol", at(2)),
                                            held("10.0.0.1", "user dora", at(10))})
                               .build()),
              "committed");
    ASSERT_EQ(this->commit(BatchBuilder(2, "arp")
                               .identities({held("10.0.0.1", "mac 02:00:00:00:00:01", at(3))})
                               .build()),
              "committed");
    using Numbers = std::vector<std::uint64_t>;
    EXPECT_EQ(this->numbers({}), (Numbers{1, 2, 3, 4, 5}));
    EXPECT_EQ(this->numbers({.after = 1, .until = 3}), (Numbers{2, 3}));
    // Of alice the session is over, of bob the lease; each source has its own.
    EXPECT_EQ(this->numbers({.since = at(20)}), (Numbers{3, 4, 5}));
    EXPECT_EQ(this->numbers({.since = at(4)}), (Numbers{1, 2, 3, 4, 5}));
    EXPECT_EQ(this->numbers({.held = held("10.0.0.1", "").held}), (Numbers{1, 4, 5}));
}

TYPED_TEST_P(IdentityConformance, FindsTrafficThatDidNotKnowAnEvent) {
    const auto traffic = [&](std::uint64_t id, int bucket, std::uint64_t known) {
        return this->commit(
            BatchBuilder(id)
                .transfer(bucket, unattributed("10.0.0.1"), outside("world"), "web", 1)
                .identities({}, known)
                .build());
    };
    ASSERT_EQ(this->commit(BatchBuilder(1, "radius")
                               .identities({held("10.0.0.1", "user alice"),
                                            held("10.0.0.1", "user bob", bucket_at(2))})
                               .build()),
              "committed");
    ASSERT_EQ(traffic(2, 5, 0), "committed");
    ASSERT_EQ(traffic(3, 6, 1), "committed");
    ASSERT_EQ(traffic(4, 7, 2), "committed");
    EXPECT_TRUE(this->is_without(1, {bucket_at(5), bucket_at(6)}));
    EXPECT_FALSE(this->is_without(1, {bucket_at(6), bucket_at(9)}));
    EXPECT_TRUE(this->is_without(2, {bucket_at(6), bucket_at(9)}));
    EXPECT_FALSE(this->is_without(2, {bucket_at(7), UtcTime::max()}));
    EXPECT_FALSE(this->is_without(2, {bucket_at(5), bucket_at(5)}));
    EXPECT_FALSE(this->is_without(2, {bucket_at(6), bucket_at(9)}, 2)) << "later batches";
    std::vector<std::pair<std::uint64_t, std::uint64_t>> found;
    ASSERT_TRUE(this->ledger_.identities().each_batch_without(
        2, 1, 99, [&](const IdentityKnowledge& batch) -> Status {
            found.emplace_back(batch.batch, batch.identities_known);
            EXPECT_EQ(batch.buckets.end, batch.buckets.begin + bucket_length);
            return {};
        }));
    EXPECT_EQ(found, (std::vector<std::pair<std::uint64_t, std::uint64_t>>{{2, 0}, {3, 1}}));
    SumQuestion question;
    question.by_bucket = question.by_versions = question.observed_only = true;
    std::vector<std::uint64_t> known;
    for (const TransferSum& sum : this->sums(question)) known.push_back(sum.identities_known);
    EXPECT_EQ(known, (std::vector<std::uint64_t>{0, 1, 2}));
}

TYPED_TEST_P(IdentityConformance, KeepsHowFarLateEventsWereTakenIntoAccount) {
    EXPECT_EQ(*this->ledger_.identities().identity_progress(), IdentityProgress{});
    for (const IdentityProgress& progress :
         {IdentityProgress{3, 4}, IdentityProgress{.events = 5, .batches = 9}}) {
        ASSERT_TRUE(this->ledger_.identities().put_identity_progress(progress));
        this->ledger_.reopen();
        EXPECT_EQ(*this->ledger_.identities().identity_progress(), progress);
    }
}

REGISTER_TYPED_TEST_SUITE_P(IdentityConformance, KeepsTheEventsOfABatchWithItsHash,
                            FindsEventsThatMayStillHold, FindsTrafficThatDidNotKnowAnEvent,
                            KeepsHowFarLateEventsWereTakenIntoAccount);

}  // namespace octroi::testing
