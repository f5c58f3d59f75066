// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/compaction.hpp"

#include <gtest/gtest.h>

#include <set>

#include "ledger/testing/batches.hpp"

namespace octroi::testing {
namespace {

// The hashes in this file were computed in Python from the octets in docs/format/chain.md.
constexpr std::string_view first_hash =
    "5e296fcc19d20dbc46f791a49599f73346fbe4394268aa432627bdcfa1a7267d";
constexpr std::string_view second_hash =
    "e76f6cf1960fa3e050c3d5bd86d72e3e5dd87bb334e1d597f06fbebf18db900c";

std::string octets_of_hex(std::string_view hex) {
    std::string octets;
    for (std::size_t i = 0; i < hex.size(); i += 2)
        octets += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    return octets;
}

std::string digest_of_batches(std::initializer_list<std::string_view> hashes) {
    BatchesDigest digest;
    for (const std::string_view hash : hashes) digest.add(octets_of_hex(hash), some_day, some_day);
    return digest.finish();
}

Batch batch_of(const Party& to, const Volume& volume) {
    Batch batch;
    batch.parties = {outside("world"), to};
    batch.services = {"web"};
    batch.transfers = {{some_day, 0, 1, 0, volume}};
    return batch;
}

CompactedMeter meter_of(const Batch& rows, const Volume& volume) {
    const BatchDigests lists = digests(canonical(rows));
    return {{"eth0", "capture", MeterRole::bill},
            volume,
            lists[static_cast<std::size_t>(BatchList::transfers)],
            lists[static_cast<std::size_t>(BatchList::sampled)]};
}

// The worked example of docs/format/chain.md.
CompactionRecord example_record() {
    const Volume volume{Bytes{1500}, Packets{2}, Flows{1}};
    return {.number = 1,
            .at = UtcTime::from_seconds(1'801'440'000),
            .level = CompactionLevel::hour,
            .first_batch = 1,
            .last_batch = 2,
            .traffic = {some_day, some_day + bucket_length},
            .removed = 3,
            .batches_digest = digest_of_batches({first_hash, second_hash}),
            .days = days_digest(std::vector{Interval{some_day, some_day + Duration::hours(24)}}),
            .cursors = kept_cursors_digest(
                std::vector{KeptCursor{"eth0", {"interface:eth0", octets_of_hex("01"), 1, ""}}}),
            .translations = kept_translations_digest({}),
            .meters = {meter_of(batch_of(account("bob", "10.0.0.1"), volume), volume)}};
}

TEST(Compaction, GivesTheHashOfTheDocument) {
    CompactionRecord record = example_record();
    EXPECT_EQ(to_hex(record.batches_digest),
              "ae56fc2d1b476d20bbbdd4e2d195cc6be803db484543c0066e8560a189245818");
    EXPECT_EQ(to_hex(record.meters[0].transfers.digest),
              "dd9fecc7154bbbda152aa8ddc7aa0293875379ebb5b86a5f28dfba9fbfea86cd");
    EXPECT_EQ(to_hex(record.days.digest),
              "bdd725d1a4a7653265da0478f56c970cdfddd8a2fa1bef22149aa7f10bf09d8b");
    EXPECT_EQ(to_hex(record.cursors.digest),
              "09f9f26378346eec08f0519c3a81b6bb94e3ea2de68ad2bd7ba5f3038d611d90");
    EXPECT_EQ(to_hex(record.translations.digest),
              "6c88ce1e3ba76bf8a44cdcd6a6d77a6eab6fdbc3b0b3908ceee7fc238305a522");
    const std::string first = compaction_hash(zero_hash(), record);
    EXPECT_EQ(to_hex(first), "397f143edc89cb2c71217610b09edacacd6a0852eea3821803a2ae3bf5e7c27b");
    record.number = 2;
    record.at = UtcTime::from_seconds(1'864'598'400);
    record.level = CompactionLevel::day;
    record.removed = 1;
    EXPECT_EQ(to_hex(compaction_hash(first, record)),
              "80250bd13620bae3d8a51bf5c023eccc08a686f910955b8929e7974d53678a27");
}

TEST(Compaction, WritesNegativeFiguresInTwosComplement) {
    const auto negative = [](std::uint64_t v) { return 0 - v; };
    Batch rows = batch_of(account("alice", "10.0.0.1"),
                          {Bytes{negative(1500)}, Packets{negative(2)}, Flows{negative(1)}});
    rows.parties.push_back(account("bob", "10.0.0.1"));
    rows.transfers.push_back({some_day, 0, 2, 0, {Bytes{1500}, Packets{2}, Flows{1}}});
    CompactionRecord record = example_record();
    record.first_batch = 2;
    record.removed = 2;
    record.batches_digest = digest_of_batches({second_hash});
    record.cursors = kept_cursors_digest({});
    record.meters = {meter_of(rows, {})};
    EXPECT_EQ(to_hex(record.batches_digest),
              "da5b671107097716fc84d526dff899dba9845ba626999d5b1c0122b4b1bfca94");
    EXPECT_EQ(to_hex(record.meters[0].transfers.digest),
              "8a2cde0cf090c09c5a49b6b66ede511a2cf3d4c12642ef63db2efbf0b2f0f201");
    EXPECT_EQ(to_hex(compaction_hash(zero_hash(), record)),
              "d474e0f164a2a7f25e528f234cb9f40f2386da24b30b0d53dc896c3b589cd825");
}

TEST(Compaction, DependsOnEveryField) {
    using Change = void (*)(CompactionRecord&);
    const Change changes[] = {
        [](CompactionRecord&) {},
        [](CompactionRecord& r) { r.number = 2; },
        [](CompactionRecord& r) { r.at.ns += 1; },
        [](CompactionRecord& r) { r.level = CompactionLevel::day; },
        [](CompactionRecord& r) { r.first_batch = 2; },
        [](CompactionRecord& r) { r.last_batch = 3; },
        [](CompactionRecord& r) { r.traffic.begin.ns += 1; },
        [](CompactionRecord& r) { r.traffic.end.ns += 1; },
        [](CompactionRecord& r) { r.removed = 4; },
        [](CompactionRecord& r) { r.batches_digest[31] = 0; },
        [](CompactionRecord& r) { r.days.rows = 2; },
        [](CompactionRecord& r) { r.days.digest[0] = 0; },
        [](CompactionRecord& r) { r.cursors.rows = 2; },
        [](CompactionRecord& r) { r.cursors.digest[0] = 0; },
        [](CompactionRecord& r) { r.translations.rows = 2; },
        [](CompactionRecord& r) { r.translations.digest[0] = 0; },
        [](CompactionRecord& r) { r.meters.clear(); },
        [](CompactionRecord& r) { r.meters[0].meter.name = "eth1"; },
        [](CompactionRecord& r) { r.meters[0].meter.kind = "collector"; },
        [](CompactionRecord& r) { r.meters[0].meter.role = MeterRole::witness; },
        [](CompactionRecord& r) { r.meters[0].meter.layer = Layer::frame; },
        [](CompactionRecord& r) { r.meters[0].volume.bytes += Bytes{1}; },
        [](CompactionRecord& r) { r.meters[0].volume.packets += Packets{1}; },
        [](CompactionRecord& r) { r.meters[0].volume.flows += Flows{1}; },
        [](CompactionRecord& r) { r.meters[0].transfers.rows = 2; },
        [](CompactionRecord& r) { r.meters[0].transfers.digest[0] = 0; },
        [](CompactionRecord& r) { r.meters[0].sampled.rows = 2; },
        [](CompactionRecord& r) { r.meters[0].sampled.digest[0] = 0; },
    };
    std::set<std::string> hashes;
    for (const Change change : changes) {
        CompactionRecord record = example_record();
        change(record);
        hashes.insert(compaction_hash(zero_hash(), record));
    }
    hashes.insert(compaction_hash(std::string(hash_octets, '\x01'), example_record()));
    EXPECT_EQ(hashes.size(), std::size(changes) + 1);
}

TEST(Compaction, TellsBatchesWithoutTransfersApart) {
    std::set<std::string> hashes;
    for (const auto& [first, last] :
         std::vector<std::pair<std::optional<UtcTime>, std::optional<UtcTime>>>{
             {{}, {}}, {UtcTime{}, {}}, {UtcTime{}, UtcTime{}}, {some_day, bucket_at(1)}}) {
        BatchesDigest digest;
        digest.add(octets_of_hex(first_hash), first, last);
        hashes.insert(digest.finish());
    }
    EXPECT_EQ(hashes.size(), 4U);
}

}  // namespace
}  // namespace octroi::testing
