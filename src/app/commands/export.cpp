// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>

#include "app/command.hpp"
#include "app/commands.hpp"
#include "app/option_rows.hpp"
#include "app/session.hpp"
#include "host/log.hpp"
#include "host/stop.hpp"
#include "service/file_export.hpp"
#include "view/units.hpp"

namespace octroi {
namespace {

// A collector may pause this long: a file does not run away. The daemon waits less
// (live_export.cpp).
constexpr Duration patience = Duration::seconds(30);

struct Options {
    std::vector<std::string> files;
    std::string to;
    std::string format = "ipfix";
    std::uint64_t domain = 0;
    std::uint64_t rate = 2000;
};

std::vector<Fact> facts_of(const ExportCounts& counts) {
    return {{"messages", counts.encoded.messages},
            {"records", counts.encoded.records},
            {"split", counts.encoded.split},
            {"left_out", counts.encoded.left_out},
            {"left_out_bytes", counts.encoded.left_out_bytes},
            {"left_out_packets", counts.encoded.left_out_packets},
            {"not_ip", counts.not_ip}};
}

Status print_counts(Session& session, const ExportCounts& counts, const ExportTarget& to) {
    if (counts.encoded.left_out > 0)
        log_warning(fmt::format(
            "{} flows ({} bytes) do not fit into this format and were not exported. Next: --format "
            "ipfix",
            count_text(counts.encoded.left_out), count_text(counts.encoded.left_out_bytes)));
    const auto facts = facts_of(counts);
    if (session.options.json || session.options.ndjson) return session.print(json_object(facts));
    Report report;
    report.columns = {{.key = "name", .title = to_string(to)},
                      {.key = "value", .title = "", .kind = ColumnKind::count}};
    for (const Fact& fact : facts) report.rows.push_back({.cells = {fact.key, fact.value}});
    return session.print(report);
}

// The field for it in a header: a source id or observation domain has 32 bits, an engine id 8.
Status check_domain(const Options& options) {
    const std::uint64_t most = options.format == "v5" ? UINT8_MAX : UINT32_MAX;
    if (options.domain <= most) return {};
    return fail(ErrorCode::invalid,
                fmt::format("--domain: must be {} at most with --format {}", most, options.format));
}

Result<ExitStatus> export_all(Session& session, const Options& options, const FlowSource& source,
                              const OptionValues& values) {
    if (options.to.empty())
        return fail(
            ErrorCode::invalid,
            "the destination is missing. Next: --to udp/HOST:PORT, tcp/HOST:PORT or file:PATH");
    TRY_ASSIGN(const ExportTarget to, parse_export_target(options.to));
    TRY(check_domain(options));
    const ExportSettings settings{.to = to,
                                  .format = export_format(options.format),
                                  .domain = static_cast<std::uint32_t>(options.domain),
                                  .rate = options.rate,
                                  .patience = patience};
    const auto open = [&](const std::string& file) { return source.open({file, values}); };
    catch_stop_signals();
    TRY_ASSIGN(const FileExport outcome,
               export_files(options.files, open, settings, session.clock(), stop_requested));
    for (const std::string& warning : outcome.warnings) log_warning(warning);
    TRY(print_counts(session, outcome.counts, to));
    return outcome.warnings.empty() ? ExitStatus::done : ExitStatus::failed;
}

void add_common(Command& command, const FileCommand& file_command, Options& options) {
    command.operands("FILE", options.files, file_command.file_help)
        .text("--to", options.to,
              "The collector: udp/HOST:PORT, tcp/HOST:PORT (IPFIX only), or file:PATH", "PLACE")
        .choice("--format", options.format, {"ipfix", "v9", "v5"},
                "IPFIX, or NetFlow version 9 or 5 (IPv4 only)")
        .number("--domain", options.domain, "Observation domain, source id, or engine id", "NUMBER")
        .number(
            "--rate", options.rate,
            "Most messages per second over UDP (default: 2000), 0: no limit. At a higher rate a "
            "collector may lose messages",
            "MESSAGES");
}

}  // namespace

void add_export(const Command& app, Session& session) {
    Command exports =
        app.sub("export", "Send the content of files to another collector, as flow records");
    exports.needs_sub();
    for (const MeterKind* kind : session.kinds()) {
        for (const FlowSource& source : kind->flow_sources) {
            Command sub = exports.sub(source.command.noun, source.command.help);
            auto options = std::make_shared<Options>();
            add_common(sub, source.command, *options);
            auto rows = std::make_shared<OptionRows>(sub, source.command.options);
            sub.does([&session, options, rows, &source]() -> Result<ExitStatus> {
                TRY_ASSIGN(const OptionValues values, rows->values());
                return export_all(session, *options, source, values);
            });
        }
    }
}

}  // namespace octroi
