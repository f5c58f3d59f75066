// SPDX-License-Identifier: GPL-3.0-or-later

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "app/commands.hpp"
#include "app/heads_file.hpp"
#include "app/ledger_access.hpp"
#include "host/file.hpp"
#include "host/log.hpp"
#include "ledger/audit.hpp"
#include "service/recount.hpp"
#include "service/witnesses.hpp"
#include "view/ledger_view.hpp"
#include "view/units.hpp"
#include "view/witness_view.hpp"

namespace octroi {
namespace {

struct AuditCommand {
    std::string against;
    std::string expect;
    bool heads = false;
    bool anchor = false;
    bool witnesses = false;
};

void report_audit_progress(std::uint64_t done, std::uint64_t all) {
    show_progress(fmt::format("auditing: {}, {} of {} batches", share_text(done, all),
                              count_text(done), count_text(all)));
}

// A number is that of an anchor; anything else is a time, as people write it.
Result<Anchor> anchor_to_start_at(Session& session, Query& ledger, const std::string& text) {
    std::uint64_t number = 0;
    const char* text_end = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), text_end, number);
    std::optional<Anchor> found;
    if (error == std::errc() && end == text_end) {
        TRY_ASSIGN(found, find_anchor(ledger, number));
    } else {
        TRY_ASSIGN(const UtcTime at, of_option("--since", session.moment(text)));
        TRY_ASSIGN(found, find_anchor(ledger, at));
    }
    if (found) return *std::move(found);
    return fail(ErrorCode::not_found,
                fmt::format("--since: the ledger has no anchor '{}', or none so early; next: leave "
                            "out --since, or make an anchor (`octroi audit --heads --anchor`)",
                            text));
}

Result<ExitStatus> audit_ledger(Session& session, const AuditCommand& command) {
    AuditOptions options{.since = {}, .expected = {}, .progress = report_audit_progress};
    if (!command.expect.empty()) {
        TRY_ASSIGN(options.expected, of_option("--expect", read_heads_file(command.expect)));
    }
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    if (!session.options.since.empty()) {
        TRY_ASSIGN(options.since, anchor_to_start_at(session, *ledger, session.options.since));
    }
    TRY_ASSIGN(const AuditReport report, interruptible([&] { return audit(*ledger, options); }));
    show_progress("");
    TRY(session.print(audit_report(report)));
    return report.holds() ? ExitStatus::done : ExitStatus::failed;
}

Result<ExitStatus> print_heads(Session& session, const AuditCommand& command) {
    TRY_ASSIGN(const auto ledger,
               open_ledger(session, command.anchor ? OpenMode::read_write : OpenMode::read_only));
    if (command.anchor) {
        TRY_ASSIGN(const bool made, ledger->anchor(AnchorReason::demand, session.clock().now()));
        if (!made) log_info("no anchor was made: no chain has grown since the last one");
    }
    TRY_ASSIGN(const std::vector<ChainHead> heads, ledger->heads());
    if (session.machine_format()) {
        TRY(session.print(heads_report(heads)));
        return ExitStatus::done;
    }
    std::string lines;
    for (const ChainHead& head : heads) lines += to_string(head) + '\n';
    TRY(session.print(lines));
    return ExitStatus::done;
}

Report recount_report(const Recount& recount, const std::string& file) {
    Report report;
    report.columns = {
        {.key = "bucket", .title = "Bucket", .kind = ColumnKind::time},
        {.key = "file_bytes", .title = "In the file", .kind = ColumnKind::bytes},
        {.key = "ledger_bytes", .title = "In the ledger", .kind = ColumnKind::bytes},
        {.key = "file_packets", .title = "Packets", .kind = ColumnKind::packets},
        {.key = "ledger_packets", .title = "In the ledger", .kind = ColumnKind::packets}};
    for (const auto& [bucket, counted] : recount.file) {
        const BucketCount& booked = recount.ledger.at(bucket);
        report.rows.push_back({.cells = {Moment{bucket}, counted.bytes, booked.bytes,
                                         counted.packets, booked.packets},
                               .tone = booked == counted ? Tone::plain : Tone::warn});
    }
    report.notes = {recount.agrees() ? "Every bucket is equal to the byte."
                                     : "The ledger and the file differ."};
    report.meta = {{"file", file}, {"agrees", recount.agrees()}};
    return report;
}

Result<ExitStatus> audit_against(Session& session, const std::string& file) {
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(const Recount both,
               interruptible([&] { return recount(*ledger, session.kinds(), file); }));
    TRY(session.print(recount_report(both, file)));
    return both.agrees() ? ExitStatus::done : ExitStatus::failed;
}

// By day.
Result<ExitStatus> audit_witnesses(Session& session) {
    TRY_ASSIGN(const Config* config, session.config());
    TRY_ASSIGN(const Zone zone, session.zone());
    TRY_ASSIGN(const auto ledger, open_ledger(session, OpenMode::read_only));
    TRY_ASSIGN(Interval period, session.period());
    TRY_ASSIGN(const auto first, ledger->first_bucket());
    period.end = std::min(period.end, session.clock().now());
    period.begin = std::max(period.begin, first.value_or(period.end));
    std::vector<WitnessRow> rows;
    if (period.begin < period.end) {
        TRY_ASSIGN(const auto days, cut_period(period, PeriodUnit::day, zone));
        std::vector<UtcTime> steps;
        for (const Slot& day : days) steps.push_back(day.interval.begin);
        TRY_ASSIGN(rows, interruptible(
                             [&] { return compare_witnesses(*ledger, *config, period, steps); }));
    }
    TRY(session.print(witness_report(rows)));
    return ExitStatus::done;
}

Status check_audit_options(const Session& session, const AuditCommand& command) {
    if (!session.options.until.empty() && !command.witnesses)
        return fail(ErrorCode::invalid, "--until goes with --witnesses. Next: give both");
    if (command.witnesses && (command.heads || !command.against.empty() || !command.expect.empty()))
        return fail(ErrorCode::invalid,
                    "--witnesses is a question of its own. Next: give only --since and --until "
                    "with it");
    if (command.witnesses) return {};
    if (command.anchor && !command.heads)
        return fail(ErrorCode::invalid, "--anchor goes with --heads. Next: give both");
    const bool checks = !command.expect.empty() || !session.options.since.empty();
    const int wanted =
        (command.heads ? 1 : 0) + (command.against.empty() ? 0 : 1) + (checks ? 1 : 0);
    if (wanted < 2) return {};
    return fail(
        ErrorCode::invalid,
        "--heads, --against, and --expect with --since are three different questions. Next: "
        "ask them one by one");
}

}  // namespace

void add_audit(const Command& app, Session& session) {
    auto command = std::make_shared<AuditCommand>();
    app.sub("audit",
            "Check the ledger: conservation, hash chains, anchors, cursors. Exit status 1 if there "
            "are findings")
        .text("--since", session.options.since,
              "Check only what came after this anchor: its number, or a time (the newest anchor "
              "until then). The heads in the anchor are trusted. With --witnesses: a period, or "
              "its begin",
              "ANCHOR|TIME")
        .text("--until", session.options.until, "With --witnesses: the end of the period", "TIME")
        .text("--against", command->against,
              "Count an imported file again, and compare every bucket; also compressed files and "
              "flow "
              "exports",
              "FILE")
        .flag("--witnesses", command->witnesses,
              "Compare meters of role witness with those that bill, by day; checks nothing")
        .flag("--heads", command->heads,
              "Print the last link of each chain as NODE ID NUMBER HASH, to keep elsewhere; checks "
              "nothing")
        .flag("--anchor", command->anchor,
              "With --heads: record them in the ledger first, as an anchor")
        .text("--expect", command->expect,
              "Also check that the heads that were kept in FILE are in the ledger", "FILE")
        .does([&session, command]() -> Result<ExitStatus> {
            TRY(check_audit_options(session, *command));
            if (command->witnesses) return audit_witnesses(session);
            if (command->heads) return print_heads(session, *command);
            return command->against.empty() ? audit_ledger(session, *command)
                                            : audit_against(session, command->against);
        });
}

}  // namespace octroi
