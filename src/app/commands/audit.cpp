// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "ledger/audit.hpp"
#include "meter/capture/file_meter.hpp"
#include "meter/capture/recount.hpp"
#include "view/ledger_view.hpp"

namespace octroi {
namespace {

using Buckets = std::map<UtcTime, capture::BucketCount>;

Result<ExitStatus> audit_ledger(Session& session) {
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(const AuditReport report, audit(*ledger));
    TRY(session.print(audit_report(report)));
    return report.holds() ? ExitStatus::done : ExitStatus::failed;
}

// The cursor source under which the ledger knows the file.
Result<std::string> source_of(Ledger& ledger, const std::string& file) {
    TRY_ASSIGN(const auto known, ledger.cursors(capture::file_source_prefix));
    std::vector<Cursor> cursors;
    for (const auto& entry : known) cursors.push_back(entry.cursor);
    TRY_ASSIGN(const auto meter, capture::FileMeter::open(file, {}, cursors));
    if (meter->known_as().empty())
        return fail(ErrorCode::not_found,
                    fmt::format("{} is not in this ledger; octroi import packets {}", file, file));
    if (!meter->already_complete())
        return fail(ErrorCode::failed,
                    fmt::format("{} is in the ledger up to frame {} only; octroi import packets {}",
                                file, meter->resumed_at(), file));
    return meter->source();
}

// What the batches hold that moved the file's cursor.
Result<Buckets> booked(Query& ledger, const std::string& source) {
    Buckets buckets;
    TRY(ledger.each_batch([&](const StoredBatch& stored) -> Status {
        const auto& cursors = stored.batch.cursors;
        if (std::none_of(cursors.begin(), cursors.end(),
                         [&](const Cursor& c) { return c.source == source; }))
            return {};
        for (const Transfer& transfer : stored.batch.transfers) {
            capture::BucketCount& bucket = buckets[transfer.bucket];
            bucket.bytes += transfer.volume.bytes.value();
            bucket.packets += transfer.volume.packets.value();
        }
        return {};
    }));
    return buckets;
}

Result<ExitStatus> audit_against(Session& session, const std::string& file) {
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(const std::string source, source_of(*ledger, file));
    TRY_ASSIGN(Buckets there, booked(*ledger, source));
    TRY_ASSIGN(Buckets counted, capture::recount(file));
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
        const capture::BucketCount& booked_count = there[bucket];
        same = same && booked_count == count;
        report.rows.push_back({.cells = {Moment{bucket}, count.bytes, booked_count.bytes,
                                         count.packets, booked_count.packets},
                               .tone = booked_count == count ? Tone::plain : Tone::warn});
    }
    report.notes = {same ? "Every bucket agrees to the byte."
                         : "The ledger does not hold what the file holds."};
    report.meta = {{"file", file}, {"agrees", same}};
    TRY(session.print(report));
    return same ? ExitStatus::done : ExitStatus::failed;
}

}  // namespace

void add_audit(const Command& app, Session& session) {
    auto against = std::make_shared<std::string>();
    app.sub(
           "audit",
           "Check the ledger: conservation, hash chain, cursors; exit status 1 if it does not hold")
        .text("--against", *against, "Recount an imported capture and compare, bucket by bucket",
              "FILE")
        .does([&session, against] {
            return against->empty() ? audit_ledger(session) : audit_against(session, *against);
        });
}

}  // namespace octroi
