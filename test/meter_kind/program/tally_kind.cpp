// SPDX-License-Identifier: GPL-3.0-or-later
#include "tally_kind.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/narrow.hpp"
#include "tally_meter.hpp"

namespace octroi::tally {
namespace {

Status check_path(const OptionEntry& entry) {
    if (std::filesystem::path(entry.text()).is_absolute()) return {};
    return fail(ErrorCode::invalid, fmt::format("'{}' is not an absolute path", entry.text()));
}

constexpr Option scale_option = {.key = "scale",
                                 .type = OptionType::integer,
                                 .default_text = "1",
                                 .range = "1..1000",
                                 .help = "The number of bytes that one byte in the file stands for",
                                 .placeholder = "FACTOR"};

constexpr std::array meter_options = {
    Option{.key = "file",
           .type = OptionType::text,
           .default_text = R"("/var/log/tally")",
           .required = true,
           .help = "The file that is followed.",
           .check = check_path},
    scale_option,
};

constexpr std::array import_options = {scale_option};

constexpr std::array inspect_options = {Option{.key = "summary",
                                               .type = OptionType::boolean,
                                               .default_text = "false",
                                               .help = "Totals of the file instead of its lines"}};

// Two meters of one file would count each line twice.
void check_options(std::span<const MeterConfig* const> meters, std::vector<Problem>& problems) {
    for (auto meter = meters.begin(); meter != meters.end(); ++meter) {
        const auto same = std::find_if(meters.begin(), meter, [&](const MeterConfig* other) {
            return other->options.text("file") == (*meter)->options.text("file");
        });
        if (same != meter)
            problems.push_back(
                {(*meter)->where, fmt::format("[meter] {}: reads the same file as {}",
                                              (*meter)->name, (*same)->name)});
    }
}

Result<OpenedMeter> open_live(MeterSetup& setup) {
    const std::string& path = setup.config.options.text("file");
    const TallyOptions options{
        .path = path,
        .source = std::string(live_prefix) + path,
        .scale = narrow<std::uint64_t>(setup.config.options.integer("scale")),
        .follow = true};
    TRY_ASSIGN(auto meter, TallyMeter::open(options, setup.cursors));
    return OpenedMeter{std::move(meter), {"follows " + path}, {}};
}

Result<std::vector<std::string>> overview(std::span<const MeterConfig* const> meters,
                                          CaptureHost& /*host*/) {
    return std::vector{fmt::format("tally: {} files", meters.size())};
}

Result<std::unique_ptr<file::OnceMeter>> open_import(const FileSetup& setup) {
    std::error_code error;
    const std::string name = std::filesystem::canonical(setup.path, error).string();
    return TallyMeter::open({.path = setup.path,
                             .source = std::string(import_prefix) + name,
                             .scale = narrow<std::uint64_t>(setup.options.integer("scale"))},
                            setup.cursors);
}

Result<std::unique_ptr<file::OnceMeter>> open_export(const FileSetup& setup) {
    return TallyMeter::open({.path = setup.path, .source = "export"}, {});
}

std::vector<DocumentedColumn> fields() {
    return {{{"time", "Time", ColumnKind::time}, "time", "When it was, in whole seconds."},
            {{"src", "Source"}, "address", "Source address."},
            {{"dst", "Destination"}, "address", "Destination address."},
            {{"packets", "Packets", ColumnKind::packets}, "integer", "Packets."},
            {{"bytes", "Bytes", ColumnKind::bytes}, "integer", "Layer 3 bytes."}};
}

std::vector<Column> columns(const OptionValues& options) {
    std::vector<Column> list;
    if (options.boolean("summary")) return list;
    for (const DocumentedColumn& field : fields()) list.push_back(field.column);
    return list;
}

Result<std::string> inspect(const FileSetup& setup, InspectSink& sink) {
    std::ifstream file(setup.path);
    if (!file) return fail(ErrorCode::not_found, setup.path + ": cannot be opened");
    std::uint64_t lines = 0;
    std::uint64_t malformed = 0;
    std::vector<Cell> cells;
    for (std::string line; std::getline(file, line); ++lines) {
        const auto transferred = parse_line(line);
        if (!transferred) ++malformed;
        if (!transferred || setup.options.boolean("summary")) continue;
        cells = {Moment{transferred->time}, transferred->src, transferred->dst,
                 transferred->packets, transferred->bytes};
        TRY(sink.row(cells));
    }
    if (setup.options.boolean("summary"))
        TRY(sink.facts(setup.path,
                       std::array<Fact, 2>{{{"lines", lines}, {"malformed", malformed}}}));
    if (malformed == 0) return std::string();
    return fmt::format("{}: {} malformed lines", setup.path, malformed);
}

Result<Report> report_offsets(const MeterReportSetup& setup) {
    Report report;
    report.columns = {
        {"meter", "Meter"}, {"file", "File"}, {"offset", "Offset", ColumnKind::count}};
    for (const KnownMeter& meter : setup.meters) {
        const Cell file =
            meter.config == nullptr ? Cell{} : Cell{meter.config->options.text("file")};
        report.rows.push_back(
            {.cells = {meter.name, file, std::uint64_t{std::stoull(meter.cursor.position)}}});
    }
    return report;
}

std::vector<Finding> examine(std::span<const MeterConfig* const> meters) {
    std::vector<Finding> findings;
    for (const MeterConfig* meter : meters) {
        const std::string& path = meter->options.text("file");
        if (std::ifstream(path).good())
            findings.push_back({Verdict::good, "tally " + meter->name, path + " can be read", ""});
        else
            findings.push_back({Verdict::wrong, "tally " + meter->name, path + " cannot be read",
                                "correct `file` in [[meter]]"});
    }
    return findings;
}

constexpr std::array chapters{CounterChapter{"Tally", "Lines of text.", counters}};

constexpr std::array importers{
    Importer{.command = {"tally", "Lines of transfers", "Files of lines", import_options},
             .default_meter = "import-tally",
             .cursor_prefix = import_prefix,
             .open = open_import}};

constexpr std::array flow_sources{FlowSource{
    .command = {"tally", "Lines of transfers", "Files of lines", {}}, .open = open_export}};

constexpr std::array inspectors{Inspector{
    .command = {"tally", "Lines of transfers: one row per line", "Files of lines", inspect_options},
    .rows_title = "Tallies",
    .rows_about = "A row is a line.",
    .fields = fields,
    .columns = columns,
    .inspect = inspect}};

constexpr std::array reports{
    MeterReport{"--offsets", "Of tallies: how far each file was read", report_offsets}};

}  // namespace

constinit const MeterKind kind{
    .name = "tally",
    .help = "Transfers from the lines of a text file.",
    .doc = "This kind exists for a test.",
    .options = meter_options,
    .check_options = check_options,
    .counters = chapters,
    .cursor_prefix = live_prefix,
    .open = open_live,
    .overview = overview,
    .importers = importers,
    .flow_sources = flow_sources,
    .inspectors = inspectors,
    .reports = reports,
    .examine = examine,
};

}  // namespace octroi::tally
