// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/compaction.hpp"

#include "base/check.hpp"
#include "base/narrow.hpp"

namespace octroi {
namespace {

constexpr std::string_view compaction_tag = "octroi compaction 1\n";

void add_list_digest(Hasher& hasher, const ListDigest& list) {
    hasher.be64(list.rows);
    hasher.raw(list.digest);
}

}  // namespace

void BatchesDigest::add(std::string_view hash, std::optional<UtcTime> first_bucket,
                        std::optional<UtcTime> last_bucket) {
    hasher_.raw(hash);
    for (const auto& bucket : {first_bucket, last_bucket}) {
        hasher_.u8(bucket ? 1 : 0);
        hasher_.be64(static_cast<std::uint64_t>(bucket.value_or(UtcTime{}).ns));
    }
}

std::string compaction_hash(std::string_view previous_hash, const CompactionRecord& record) {
    CHECK(previous_hash.size() == hash_octets);
    Hasher hasher;
    hasher.raw(previous_hash);
    hasher.raw(compaction_tag);
    hasher.be64(record.number);
    hasher.be64(static_cast<std::uint64_t>(record.at.ns));
    hasher.u8(static_cast<std::uint8_t>(record.level));
    hasher.be64(record.first_batch);
    hasher.be64(record.last_batch);
    hasher.be64(static_cast<std::uint64_t>(record.traffic.begin.ns));
    hasher.be64(static_cast<std::uint64_t>(record.traffic.end.ns));
    hasher.be64(record.removed);
    hasher.raw(record.batches_digest);
    hasher.be32(narrow<std::uint32_t>(record.meters.size()));
    for (const CompactedMeter& meter : record.meters) {
        hasher.text(meter.meter.name);
        hasher.text(meter.meter.kind);
        hasher.u8(static_cast<std::uint8_t>(meter.meter.role));
        hasher.u8(static_cast<std::uint8_t>(meter.meter.layer));
        hasher.be64(meter.volume.bytes.value());
        hasher.be64(meter.volume.packets.value());
        hasher.be64(meter.volume.flows.value());
        add_list_digest(hasher, meter.transfers);
        add_list_digest(hasher, meter.sampled);
    }
    return hasher.finish();
}

}  // namespace octroi
