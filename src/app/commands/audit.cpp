// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "config/value.hpp"
#include "ledger/audit.hpp"
#include "view/ledger_view.hpp"

namespace octroi {
namespace {

Result<ExitStatus> audit_ledger(Session& session) {
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(const AuditReport report, audit(*ledger));
    TRY(session.print(audit_report(report)));
    return report.holds() ? ExitStatus::done : ExitStatus::failed;
}

// A file that is completely in the ledger.
struct ImportedFile {
    std::string source;  // of its cursor
    const Importer* importer;
};

// nullopt: the file was not imported with this importer.
Result<std::optional<ImportedFile>> find_import(Ledger& ledger, const Importer& importer,
                                                const std::string& file) {
    TRY_ASSIGN(const auto known, ledger.cursors(importer.cursor_prefix));
    std::vector<Cursor> cursors;
    for (const auto& entry : known) cursors.push_back(entry.cursor);
    const OptionValues values = default_values(importer.command.options);
    TRY_ASSIGN(const auto meter, importer.open({file, values, cursors}));
    if (meter->known_as().empty()) return std::nullopt;
    if (!meter->already_complete())
        return fail(
            ErrorCode::failed,
            fmt::format("{} is only in the ledger up to frame {}. Next: octroi import {} {}", file,
                        meter->resumed_at(), importer.command.noun, file));
    return ImportedFile{meter->source(), &importer};
}

// Finds the importer with which the file was imported and that can count it again.
Result<ImportedFile> find_import(Ledger& ledger, MeterKinds kinds, const std::string& file) {
    std::optional<Error> failure;
    std::string commands;
    for (const MeterKind* kind : kinds) {
        for (const Importer& importer : kind->importers) {
            if (importer.recount == nullptr) continue;
            commands += fmt::format("; octroi import {} {}", importer.command.noun, file);
            auto found = find_import(ledger, importer, file);
            if (found && *found) return **std::move(found);
            if (!found && !failure) failure = std::move(found.error());
        }
    }
    if (failure) return std::unexpected(*std::move(failure));
    return fail(ErrorCode::not_found, fmt::format("{} is not in this ledger{}", file, commands));
}

// The sums of the batches that moved the cursor of the file.
Result<BucketCounts> booked(Query& ledger, const std::string& source) {
    BucketCounts buckets;
    TRY(ledger.each_batch([&](const StoredBatch& stored) -> Status {
        const auto& cursors = stored.batch.cursors;
        if (std::none_of(cursors.begin(), cursors.end(),
                         [&](const Cursor& c) { return c.source == source; }))
            return {};
        for (const Transfer& transfer : stored.batch.transfers) {
            BucketCount& bucket = buckets[transfer.bucket];
            bucket.bytes += transfer.volume.bytes.value();
            bucket.packets += transfer.volume.packets.value();
        }
        return {};
    }));
    return buckets;
}

Result<ExitStatus> audit_against(Session& session, const std::string& file) {
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(const ImportedFile imported, find_import(*ledger, session.kinds(), file));
    TRY_ASSIGN(BucketCounts there, booked(*ledger, imported.source));
    TRY_ASSIGN(BucketCounts counted, imported.importer->recount(file));
    bool same = true;
    Report report;
    report.columns = {
        {.key = "bucket", .title = "Bucket", .kind = ColumnKind::time},
        {.key = "file_bytes", .title = "In the file", .kind = ColumnKind::bytes},
        {.key = "ledger_bytes", .title = "In the ledger", .kind = ColumnKind::bytes},
        {.key = "file_packets", .title = "Packets", .kind = ColumnKind::packets},
        {.key = "ledger_packets", .title = "In the ledger", .kind = ColumnKind::packets}};
    for (const auto& [bucket, count] : there) counted.try_emplace(bucket);
    for (const auto& [bucket, count] : counted) {
        const BucketCount& booked_count = there[bucket];
        same = same && booked_count == count;
        report.rows.push_back({.cells = {Moment{bucket}, count.bytes, booked_count.bytes,
                                         count.packets, booked_count.packets},
                               .tone = booked_count == count ? Tone::plain : Tone::warn});
    }
    report.notes = {same ? "Every bucket is equal to the byte."
                         : "The ledger and the file differ."};
    report.meta = {{"file", file}, {"agrees", same}};
    TRY(session.print(report));
    return same ? ExitStatus::done : ExitStatus::failed;
}

}  // namespace

void add_audit(const Command& app, Session& session) {
    auto against = std::make_shared<std::string>();
    app.sub("audit",
            "Check the ledger: conservation, hash chain, cursors. Exit status 1 if there are "
            "findings")
        .text("--against", *against, "Count an imported capture again, and compare every bucket",
              "FILE")
        .does([&session, against] {
            return against->empty() ? audit_ledger(session) : audit_against(session, *against);
        });
}

}  // namespace octroi
