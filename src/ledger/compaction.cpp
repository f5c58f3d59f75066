// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/compaction.hpp"

#include <utility>

#include "base/check.hpp"
#include "ledger/hash_fields.hpp"

namespace octroi {
namespace {

constexpr std::string_view compaction_tag = "octroi compaction 1\n";
constexpr std::string_view days_tag = "octroi days 1\n";
constexpr std::string_view kept_cursors_tag = "octroi kept cursors 1\n";
constexpr std::string_view kept_translations_tag = "octroi kept translations 1\n";

}  // namespace

void BatchesDigest::add(std::string_view hash, std::optional<UtcTime> first_bucket,
                        std::optional<UtcTime> last_bucket) {
    hasher_.raw(hash);
    add_optional(hasher_, first_bucket);
    add_optional(hasher_, last_bucket);
}

ListDigest days_digest(std::span<const Interval> days) {
    Hasher hasher;
    hasher.raw(days_tag);
    add_count(hasher, days);
    for (const Interval& day : days) {
        add_time(hasher, day.begin);
        add_time(hasher, day.end);
    }
    return {days.size(), hasher.finish()};
}

ListDigest kept_cursors_digest(std::span<const KeptCursor> cursors) {
    Hasher hasher;
    hasher.raw(kept_cursors_tag);
    add_count(hasher, cursors);
    for (const KeptCursor& kept : cursors) {
        hasher.text(kept.meter);
        hasher.text(kept.cursor.source);
        hasher.text(kept.cursor.position);
        hasher.be64(kept.cursor.version);
        hasher.text(kept.cursor.note);
    }
    return {cursors.size(), hasher.finish()};
}

ListDigest translations_digest(std::vector<Translation> translations) {
    Batch batch;
    batch.translations = std::move(translations);
    return digests(canonical(batch))[static_cast<std::size_t>(BatchList::translations)];
}

ListDigest kept_translations_digest(std::span<const KeptTranslations> records) {
    ListDigest all;
    Hasher hasher;
    hasher.raw(kept_translations_tag);
    add_count(hasher, records);
    for (const KeptTranslations& kept : records) {
        hasher.be64(kept.first_batch);
        hasher.be64(kept.last_batch);
        add_digest(hasher, kept.list);
        all.rows += kept.list.rows;
    }
    all.digest = hasher.finish();
    return all;
}

bool CompactionContent::is_that_of(const CompactionRecord& record) const {
    return meters == record.meters && days == record.days &&
           kept_cursors_digest(cursors) == record.cursors &&
           (!translations || *translations == record.translations);
}

std::string compaction_hash(std::string_view previous_hash, const CompactionRecord& record) {
    CHECK(previous_hash.size() == hash_octets);
    Hasher hasher;
    hasher.raw(previous_hash);
    hasher.raw(compaction_tag);
    hasher.be64(record.number);
    add_time(hasher, record.at);
    hasher.u8(static_cast<std::uint8_t>(record.level));
    hasher.be64(record.first_batch);
    hasher.be64(record.last_batch);
    add_time(hasher, record.traffic.begin);
    add_time(hasher, record.traffic.end);
    hasher.be64(record.removed);
    hasher.raw(record.batches_digest);
    add_digest(hasher, record.days);
    add_digest(hasher, record.cursors);
    add_digest(hasher, record.translations);
    add_count(hasher, record.meters);
    for (const CompactedMeter& meter : record.meters) {
        hasher.text(meter.meter.name);
        hasher.text(meter.meter.kind);
        hasher.u8(static_cast<std::uint8_t>(meter.meter.role));
        hasher.u8(static_cast<std::uint8_t>(meter.meter.layer));
        add_volume(hasher, meter.volume);
        add_digest(hasher, meter.transfers);
        add_digest(hasher, meter.sampled);
    }
    return hasher.finish();
}

}  // namespace octroi
