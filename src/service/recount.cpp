// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/recount.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "attribute/split.hpp"
#include "config/value.hpp"
#include "host/stop.hpp"
#include "record/reading_sink.hpp"
#include "record/volume_limits.hpp"

namespace octroi {
namespace {

// A file that the ledger holds as a whole.
struct ImportedSource {
    std::string source;  // of its cursor
    const Importer* importer;
};

// nullopt: the file was not imported with this importer.
Result<std::optional<ImportedSource>> find_import(Ledger& ledger, const Importer& importer,
                                                  const std::string& file) {
    TRY_ASSIGN(const auto known, ledger.cursors(importer.cursor_prefix));
    std::vector<Cursor> cursors;
    for (const auto& entry : known) cursors.push_back(entry.cursor);
    const OptionValues values = default_values(importer.command.options);
    TRY_ASSIGN(const auto meter, importer.open({file, values, cursors}));
    if (meter->known_as().empty()) return std::nullopt;
    if (!meter->already_complete())
        return fail(ErrorCode::failed,
                    fmt::format("{} is in the ledger in part only. Next: octroi import {} {}", file,
                                importer.command.noun, file));
    return ImportedSource{meter->source(), &importer};
}

// The import of the file.
Result<ImportedSource> find_import(Ledger& ledger, MeterKinds kinds, const std::string& file) {
    std::optional<Error> failure;
    std::string commands;
    for (const MeterKind* kind : kinds) {
        for (const Importer& importer : kind->importers) {
            commands += fmt::format("{}octroi import {} {}", commands.empty() ? ". Next: " : " or ",
                                    importer.command.noun, file);
            auto found = find_import(ledger, importer, file);
            if (found && *found) return **std::move(found);
            if (!found && !failure) failure = std::move(found.error());
        }
    }
    if (failure) return std::unexpected(*std::move(failure));
    return fail(ErrorCode::not_found, fmt::format("{} is not in this ledger{}", file, commands));
}

// Adds readings to buckets, in proportion to time as the ledger has them. No accounts, no classes,
// no batches.
class BucketSink final : public ReadingSink {
public:
    explicit BucketSink(BucketCounts& buckets) : buckets_(buckets) {}
    void accept(std::span<const Reading> readings) override {
        for (const Reading& r : readings) add(r.first, r.last, r.bytes, r.packets);
    }
    void accept_counted(std::span<const CountedVolume> volumes) override {
        for (const CountedVolume& v : volumes) add(v.first, v.last, v.bytes, v.packets);
    }
    void accept_identities(std::span<const IdentityEvent> /*events*/) override {}

private:
    void add(UtcTime first, UtcTime last, std::uint64_t bytes, std::uint64_t packets) {
        // Times that cannot be, as attribution takes them.
        first = std::min(first, last);
        constexpr Duration longest{static_cast<std::int64_t>(record_buckets_max) *
                                   bucket_length.ns};
        if (bucket_start(last) - bucket_start(first) >= longest) first = last;
        TimeSplit bytes_left(first, last, bytes);
        TimeSplit packets_left(first, last, packets);
        for (UtcTime bucket = bucket_start(first); bucket <= last;
             bucket = bucket + bucket_length) {
            BucketCount& count = buckets_[bucket];
            count.bytes += bytes_left.part_until(bucket + bucket_length);
            count.packets += packets_left.part_until(bucket + bucket_length);
        }
    }

    BucketCounts& buckets_;
};

// Counts again what has no simpler program: reads the file as if it were new. That checks all that
// comes after the decoder: attribution, cursors, batches, the ledger.
Result<BucketCounts> recount_readings(const Importer& importer, const std::string& file) {
    const OptionValues values = default_values(importer.command.options);
    TRY_ASSIGN(const auto meter, importer.open({file, values, {}}));
    BucketCounts buckets;
    BucketSink sink(buckets);
    constexpr Duration wait = Duration::seconds(1);
    for (Pull pull = Pull::more; pull != Pull::end;) {
        TRY_ASSIGN(pull, meter->pull(sink, wait));
        if (stop_requested()) return fail(ErrorCode::interrupted, "stopped before the end");
    }
    TRY(meter->checkpoint(sink));
    return buckets;
}

// The sums of the batches that moved the cursor of the file.
Result<BucketCounts> booked(Query& ledger, const std::string& source) {
    BucketCounts buckets;
    std::set<std::string> compacted;  // meters with batches that may have been of this file
    std::string meter;
    constexpr auto cursors = static_cast<std::size_t>(BatchList::cursors);
    TRY(ledger.each_batch([&](const StoredBatch& stored) -> Status {
        const std::string& name = stored.batch.meter.name;
        if (stored.compacted && stored.digests[cursors].rows > stored.batch.cursors.size())
            compacted.insert(name);
        if (std::ranges::find(stored.batch.cursors, source, &Cursor::source) ==
            stored.batch.cursors.end())
            return {};
        meter = name;
        if (stored.compacted) compacted.insert(name);
        for (const Transfer& transfer : stored.batch.transfers) {
            BucketCount& bucket = buckets[transfer.bucket];
            bucket.bytes += transfer.volume.bytes.value();
            bucket.packets += transfer.volume.packets.value();
        }
        return {};
    }));
    if (compacted.contains(meter))
        return fail(ErrorCode::not_found,
                    fmt::format("old transfers of meter {} were replaced by sums, so a file can no "
                                "longer be compared with them ([ledger] keep_fine)",
                                meter));
    return buckets;
}

}  // namespace

Result<Recount> recount(Ledger& ledger, MeterKinds kinds, const std::string& file) {
    TRY_ASSIGN(const ImportedSource imported, find_import(ledger, kinds, file));
    Recount both;
    TRY_ASSIGN(both.ledger, booked(ledger, imported.source));
    const Importer& importer = *imported.importer;
    TRY_ASSIGN(both.file, importer.recount != nullptr ? importer.recount(file)
                                                      : recount_readings(importer, file));
    for (const auto& [bucket, count] : both.ledger) both.file.try_emplace(bucket);
    for (const auto& [bucket, count] : both.file) both.ledger.try_emplace(bucket);
    return both;
}

}  // namespace octroi
