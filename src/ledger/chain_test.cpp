// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/chain.hpp"

#include <gtest/gtest.h>

#include <set>

#include "ledger/testing/batches.hpp"

namespace octroi::testing {
namespace {

Writer example_writer() {
    Writer writer{.node = "gate", .id = {}};
    writer.id.octets.fill(0xaa);
    return writer;
}

std::string hash_of(const Batch& batch, const std::string& previous = zero_hash(),
                    const Writer& writer = example_writer(), std::uint64_t sequence = 1) {
    return to_hex(batch_hash(writer, sequence, previous, batch, digests(canonical(batch))));
}

// The worked example of docs/format/chain.md. The hashes in this file were computed in Python from
// the octets in the document.
Batch example() {
    Batch batch;
    for (std::uint8_t i = 0; i < 16; ++i) batch.id.octets[i] = i;
    batch.meter = {"eth0", "capture", MeterRole::bill};
    batch.booked_at = UtcTime::from_seconds(1'793'491'500);
    batch.class_version = "";
    batch.directory_version = 3;
    batch.parties = {outside("world"), account("alice", "10.0.0.1")};
    batch.services = {"web"};
    batch.transfers = {{some_day, 0, 1, 0, {Bytes{1500}, Packets{2}, Flows{1}}}};
    batch.observed = batch.transfers[0].volume;
    batch.last_traffic = some_day + Duration::milliseconds(299'500);
    batch.cursors = {{"interface:eth0", "\x01", 1, ""}};
    batch.losses = {{"eth0", LossReason::kernel_drop, {some_day, some_day + bucket_length}, 4, {}}};
    return batch;
}

TEST(Hasher, IsBlake2b256) {
    Hasher empty;
    // Parameters of RFC 7693 with a digest of 32 octets: the output of `b2sum -l 256 < /dev/null`.
    EXPECT_EQ(to_hex(empty.finish()),
              "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
    Hasher abc;
    abc.raw("abc");
    EXPECT_EQ(to_hex(abc.finish()),
              "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

TEST(Hasher, DoesNotDependOnThePartsThatOctetsComeIn) {
    std::string octets;
    for (int i = 0; i < 100'000; ++i) octets += static_cast<char>(i * 7);
    Hasher whole;
    whole.raw(octets);
    const std::string expected = whole.finish();
    for (const std::size_t part : {1U, 7U, 16'383U, 16'384U, 16'385U}) {
        Hasher parts;
        for (std::size_t at = 0; at < octets.size(); at += part)
            parts.raw(std::string_view(octets).substr(at, part));
        EXPECT_EQ(parts.finish(), expected) << part;
    }
    Hasher numbers;
    for (std::size_t at = 0; at < octets.size(); ++at)
        numbers.u8(static_cast<std::uint8_t>(octets[at]));
    EXPECT_EQ(numbers.finish(), expected);
}

TEST(Chain, GivesTheHashOfTheWorkedExample) {
    EXPECT_EQ(hash_of(example()),
              "5e296fcc19d20dbc46f791a49599f73346fbe4394268aa432627bdcfa1a7267d");
}

TEST(Chain, CoversSampledCountsWhereThereAreAny) {
    Batch batch = example();
    batch.sampled = {{0, Bytes{15}, Packets{1}, 1, 2}};
    EXPECT_EQ(hash_of(batch), "1d522bb4ed72ccbc71a88443a31d91b6b027f169c08c877e765406d59315beef");
    std::set<std::string> hashes{hash_of(batch), hash_of(example())};
    const auto other = [&](auto spoil) {
        Batch changed = batch;
        spoil(changed.sampled[0]);
        hashes.insert(hash_of(changed));
    };
    other([](SampledVolume& s) { s.bytes += Bytes{1}; });
    other([](SampledVolume& s) { s.packets -= Packets{1}; });
    other([](SampledVolume& s) { ++s.bytes_variance; });
    other([](SampledVolume& s) { ++s.packets_variance; });
    EXPECT_EQ(hashes.size(), 6U);
}

TEST(Chain, CoversTranslationsWhereThereAreAny) {
    Batch batch = example();
    batch.translations = {translation(7, 40000, {some_day, UtcTime::max()})};
    EXPECT_EQ(hash_of(batch), "ca712a15f5b91df74bea3ed2bd18a4ba3cced958c9d1e93e0961cc7bcd0112c9");
    std::set<std::string> hashes{hash_of(batch), hash_of(example())};
    const auto other = [&](auto spoil) {
        Batch changed = batch;
        spoil(changed.translations[0]);
        hashes.insert(hash_of(changed));
    };
    other([](Translation& t) { t.device = {}; });
    other([](Translation& t) { t.outside = t.inside; });
    other([](Translation& t) { t.protocol = 17; });
    other([](Translation& t) { --t.first_port; });
    other([](Translation& t) { ++t.last_port; });
    other([](Translation& t) { ++t.port_step; });
    other([](Translation& t) { t.remote = t.inside; });
    other([](Translation& t) { ++t.remote_port; });
    other([](Translation& t) { t.inside = t.outside; });
    other([](Translation& t) { ++t.inside_port; });
    other([](Translation& t) { --t.valid.begin.ns; });
    other([](Translation& t) { --t.valid.end.ns; });
    EXPECT_EQ(hashes.size(), 14U);
}

TEST(Chain, DoesNotDependOnTheNumbersOfTheProducer) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const Batch batch = random_batch(seed, 1, 200);
        EXPECT_EQ(hash_of(renumbered(batch)), hash_of(batch));
        Batch unused = batch;
        unused.parties.insert(unused.parties.begin(), account("never-used"));
        for (Transfer& t : unused.transfers) {
            ++t.from;
            ++t.to;
        }
        EXPECT_EQ(hash_of(unused), hash_of(batch)) << "what no transfer uses says nothing";
    }
}

TEST(Chain, DependsOnEveryField) {
    using Change = void (*)(Batch&);
    const Change changes[] = {
        [](Batch&) {},
        [](Batch& b) { b.id.octets[15] ^= 1; },
        [](Batch& b) { b.meter.name = "eth1"; },
        [](Batch& b) { b.meter.kind = "log"; },
        [](Batch& b) { b.meter.role = MeterRole::witness; },
        [](Batch& b) { b.meter.layer = Layer::frame; },
        [](Batch& b) { b.booked_at.ns += 1; },
        [](Batch& b) { b.class_version = "0"; },
        [](Batch& b) { b.directory_version = 4; },
        [](Batch& b) { b.parties[0].name = "free"; },
        [](Batch& b) { b.parties[1].name = "bob"; },
        [](Batch& b) { b.parties[1].identity = "10.0.0.2"; },
        [](Batch& b) { std::swap(b.transfers[0].from, b.transfers[0].to); },
        [](Batch& b) { b.services[0] = "dns"; },
        [](Batch& b) { b.transfers[0].bucket = bucket_at(1); },
        [](Batch& b) { b.transfers[0].volume.bytes += Bytes{1}; },
        [](Batch& b) { b.transfers[0].volume.packets += Packets{1}; },
        [](Batch& b) { b.transfers[0].volume.flows += Flows{1}; },
        [](Batch& b) { b.observed.bytes += Bytes{1}; },
        [](Batch& b) { b.observed.packets += Packets{1}; },
        [](Batch& b) { b.observed.flows += Flows{1}; },
        [](Batch& b) { b.last_traffic->ns += 1; },
        [](Batch& b) { b.last_traffic.reset(); },
        [](Batch& b) { b.cursors[0].source = "x"; },
        [](Batch& b) { b.cursors[0].position = "x"; },
        [](Batch& b) { b.cursors[0].version = 2; },
        [](Batch& b) { b.cursors[0].note = "x"; },
        [](Batch& b) { b.cursors.clear(); },
        [](Batch& b) { b.losses[0].source = "x"; },
        [](Batch& b) { b.losses[0].reason = LossReason::corrupt; },
        [](Batch& b) { b.losses[0].interval.begin.ns += 1; },
        [](Batch& b) { b.losses[0].interval.end.ns += 1; },
        [](Batch& b) { b.losses[0].packets = 5; },
        [](Batch& b) { b.losses[0].packets.reset(); },
        [](Batch& b) { b.losses[0].bytes_bound = 0; },
        [](Batch& b) { b.losses.push_back(b.losses[0]); },
    };
    std::set<std::string> hashes;
    for (const Change change : changes) {
        Batch batch = example();
        change(batch);
        hashes.insert(hash_of(batch));
    }
    hashes.insert(hash_of(example(), std::string(hash_octets, '\1')));
    hashes.insert(hash_of(example(), zero_hash(), {"gate", {}}));
    hashes.insert(hash_of(example(), zero_hash(), {"gates", example_writer().id}));
    hashes.insert(hash_of(example(), zero_hash(), example_writer(), 2));
    EXPECT_EQ(hashes.size(), std::size(changes) + 4) << "each differs from all others";
}

// The transfer of the example, moved to another account.
Batch example_correction() {
    Batch batch = example();
    batch.cursors.clear();
    batch.losses.clear();
    batch.observed = {};
    batch.last_traffic.reset();
    batch.parties.push_back(account("bob", "10.0.0.1"));
    batch.correction = {.reason = "bindings",
                        .corrected = {some_day, some_day + bucket_length},
                        .removed = batch.transfers,
                        .removed_sampled = {}};
    batch.transfers[0].to = 2;
    return batch;
}

TEST(Chain, GivesTheHashOfTheCorrectionInTheDocument) {
    const Batch first = example();
    const std::string previous =
        batch_hash(example_writer(), 1, zero_hash(), first, digests(canonical(first)));
    EXPECT_EQ(hash_of(example_correction(), previous, example_writer(), 2),
              "e76f6cf1960fa3e050c3d5bd86d72e3e5dd87bb334e1d597f06fbebf18db900c");
}

TEST(Chain, GivesTheHashOfTheBatchWithIdentitiesInTheDocument) {
    Batch batch = example();
    batch.identities = {held("10.0.0.1", "user alice", some_day + Duration::seconds(3))};
    batch.identities_known = 7;
    EXPECT_EQ(hash_of(batch), "3098b0a08711a57934a8f1fd2aeaa8b3ae716057f63330551092f408d19bbcd9");
}

TEST(Chain, DependsOnEveryFieldOfIdentities) {
    using Change = void (*)(Batch&);
    const Change changes[] = {
        [](Batch&) {},
        [](Batch& b) { b.identities_known = 1; },
        [](Batch& b) { b.identities.clear(); },
        [](Batch& b) { b.identities.clear(), b.identities_known = 1; },
        [](Batch& b) { b.identities[0].at.ns += 1; },
        [](Batch& b) { b.identities[0].held.value = "10.0.0.2/32"; },
        [](Batch& b) { b.identities[0].holder.value = "bob"; },
        [](Batch& b) { b.identities[0].holder.kind = IdentityKind::domain; },
        [](Batch& b) { b.identities[0].until = some_day + bucket_length; },
    };
    std::set<std::string> hashes;
    for (const Change change : changes) {
        Batch batch = example();
        batch.identities = {held("10.0.0.1", "user alice")};
        change(batch);
        hashes.insert(hash_of(batch));
    }
    EXPECT_EQ(hashes.size(), std::size(changes)) << "each differs from all others";
}

TEST(Chain, HasTheTransfersThatACorrectionRemovesInTwosComplement) {
    const Batch batch = example_correction();
    ASSERT_FALSE(find_violation(batch));
    const CanonicalBatch rows = canonical(batch);
    ASSERT_EQ(rows.transfers.size(), 2U);
    EXPECT_EQ(rows.parties[rows.transfers[0].to]->name, "alice");
    EXPECT_EQ(static_cast<std::int64_t>(rows.transfers[0].volume.bytes.value()), -1500);
    EXPECT_EQ(static_cast<std::int64_t>(rows.transfers[0].volume.flows.value()), -1);
    EXPECT_EQ(rows.parties[rows.transfers[1].to]->name, "bob");
    EXPECT_EQ(rows.transfers[1].volume.bytes.value(), 1500U);
}

TEST(Chain, DependsOnEveryFieldOfACorrection) {
    using Change = void (*)(Batch&);
    const Change changes[] = {
        [](Batch&) {},
        [](Batch& b) { b.correction->reason = "classes"; },
        [](Batch& b) { b.correction->corrected.begin.ns -= 1; },
        [](Batch& b) { b.correction->corrected.end.ns += 1; },
        [](Batch& b) { b.correction->removed[0].volume.bytes -= Bytes{1}; },
        [](Batch& b) { b.correction->removed.swap(b.transfers); },
        [](Batch& b) { b.correction->removed_sampled = {{0, Bytes{15}, Packets{1}, 1, 2}}; },
        [](Batch& b) { b.correction->removed_sampled = {{0, Bytes{15}, Packets{1}, 2, 2}}; },
        [](Batch& b) { b.sampled = {{0, Bytes{15}, Packets{1}, 1, 2}}; },
        [](Batch& b) { b.correction.reset(); },
    };
    std::set<std::string> hashes;
    for (const Change change : changes) {
        Batch batch = example_correction();
        change(batch);
        hashes.insert(hash_of(batch));
    }
    EXPECT_EQ(hashes.size(), std::size(changes)) << "each differs from all others";
}

TEST(Chain, ContainsTheChangesOfAVersionOfTheDirectory) {
    Directory before;
    before.accounts = {{"a", "", ""}, {"b", "", ""}};
    before.bindings = {{1, {}, "a", {}, false}, {2, {}, "a", {}, false}};
    before.networks = {{"10.0.0.0/8", false}};
    Directory after = before;
    after.version = 1;
    after.accounts = {{"b", "", "new"}, {"c", "", ""}};
    after.bindings = {{2, {}, "b", {}, false}};
    after.networks = {{"10.0.0.0/8", true}};
    const DirectoryDelta delta = directory_delta(before, after, some_day);
    EXPECT_EQ(delta.version, 1U);
    EXPECT_EQ(delta.accounts, (std::vector<Account>{{"b", "", "new"}, {"c", "", ""}}));
    EXPECT_EQ(delta.accounts_removed, std::vector<std::string>{"a"});
    EXPECT_EQ(delta.bindings, after.bindings);
    EXPECT_EQ(delta.bindings_removed, std::vector<std::uint64_t>{1});
    EXPECT_EQ(delta.networks, after.networks);
    EXPECT_TRUE(delta.networks_removed.empty());
    DirectoryDelta later = delta;
    later.at.ns += 1;
    EXPECT_NE(directory_hash(zero_hash(), delta), directory_hash(zero_hash(), later));
    EXPECT_NE(directory_hash(zero_hash(), delta),
              directory_hash(directory_hash(zero_hash(), delta), delta));
}

// Ledgers have versions of before there were mail addresses.
TEST(Chain, AMailAddressChangesTheHashOfADirectoryThatHasOne) {
    DirectoryDelta delta;
    delta.version = 1;
    delta.accounts = {{"a", "", "A"}, {"b", "", "B"}};
    const std::string without = directory_hash(zero_hash(), delta);
    delta.accounts[1].email = "b@example.org";
    const std::string with = directory_hash(zero_hash(), delta);
    EXPECT_NE(with, without);
    delta.accounts[1].email = "c@example.org";
    EXPECT_NE(directory_hash(zero_hash(), delta), with);
    delta.accounts[1].email.clear();
    EXPECT_EQ(directory_hash(zero_hash(), delta), without);
}

}  // namespace
}  // namespace octroi::testing
