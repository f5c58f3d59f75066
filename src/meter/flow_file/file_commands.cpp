// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/flow_file/file_commands.hpp"

#include <fmt/format.h>

#include "base/narrow.hpp"
#include "host/log.hpp"
#include "host/random.hpp"
#include "meter/flow_file/flow_file.hpp"
#include "meter/flow_file/flow_file_meter.hpp"
#include "meter/flow_file/flow_rows.hpp"
#include "wire/flow/null_sink.hpp"

namespace octroi::flow_file {
namespace {

FlowFileMeterOptions meter_options(const OptionValues& values) {
    FlowFileMeterOptions options;
    options.policy.sampling = narrow<std::uint64_t>(values.integer("sampling"));
    options.seed = random_seed();
    return options;
}

// Prints records in the order of decoding.
class RecordPrinter final : public flow::RecordSink {
public:
    RecordPrinter(InspectSink& out, const DatagramFile& file) : out_(out), file_(file) {}

    void records(const flow::MessageContext& context,
                 std::span<const flow::FlowRecord> records) override {
        for (const flow::FlowRecord& record : records) {
            if (!status.has_value()) return;
            flow_cells({record, context, file_.time_digits()}, cells_);
            status = out_.row(cells_);
        }
    }
    void gap(const flow::MessageContext& /*context*/, const flow::SequenceGap& /*gap*/) override {}
    Status status;

private:
    InspectSink& out_;
    const DatagramFile& file_;
    std::vector<Cell> cells_;
};

Status read_to_end(FlowFile& file, flow::RecordSink& sink, const Status& printed) {
    TRY(file.begin());
    for (bool more = true; more;) {
        TRY_ASSIGN(more, file.read(sink));
        TRY(printed);
    }
    return {};
}

std::vector<std::string> names_of(const exporter::ExporterStatus& status) {
    std::vector<std::string> names;
    for (const flow::Protocol protocol : status.protocols)
        names.push_back(fmt::format("{} {}", flow::name(protocol), flow::version(protocol)));
    return names;
}

std::vector<Column> summary_columns() {
    return {{.key = "file", .title = "File"},
            {.key = "exporter", .title = "Exporter"},
            {.key = "protocols", .title = "Protocols", .kind = ColumnKind::list},
            {.key = "messages", .title = "Messages", .kind = ColumnKind::count},
            {.key = "records", .title = "Records", .kind = ColumnKind::count},
            {.key = "templates", .title = "Templates", .kind = ColumnKind::count},
            {.key = "sampling", .title = "Sampling", .kind = ColumnKind::list},
            {.key = "lost", .title = "Lost", .kind = ColumnKind::count},
            {.key = "restarts", .title = "Restarts", .kind = ColumnKind::count},
            {.key = "duplicates", .title = "Duplicates", .kind = ColumnKind::count},
            {.key = "undecodable", .title = "Undecodable", .kind = ColumnKind::count}};
}

Status print_summary(const std::string& path, const FlowFile& file, InspectSink& sink) {
    std::vector<Cell> cells;
    for (const exporter::ExporterStatus& s : file.exporters().status()) {
        std::vector<std::string> rates;
        for (const std::uint64_t rate : s.sampling) rates.push_back(std::to_string(rate));
        cells = {path,         s.address.empty() ? Cell{} : Cell{s.address},
                 names_of(s),  s.messages,
                 s.records,    std::uint64_t{s.templates},
                 rates,        s.lost,
                 s.restarts,   s.duplicates,
                 s.undecodable};
        TRY(sink.row(cells));
    }
    return {};
}

// Logs the parts of the file that give no rows.
void log_missing(const std::string& path, const FlowFile& file) {
    const exporter::Counters& counts = file.exporters().counters();
    if (counts.messages == 0)
        log_warning(fmt::format("{}: no NetFlow, IPFIX or sFlow in it", path));
    const std::uint64_t without_template = counts.pending - counts.resumed;
    if (without_template > 0)
        log_warning(
            fmt::format("{}: {} data sets without a template in the file", path, without_template));
    if (const std::uint64_t gaps = file.datagrams().stream_gaps(); gaps > 0)
        log_warning(
            fmt::format("{}: {} gaps in TCP streams: messages in them are missing", path, gaps));
}

}  // namespace

Result<std::unique_ptr<file::OnceMeter>> open_import(const FileSetup& setup) {
    FlowFileMeterOptions options = meter_options(setup.options);
    options.policy.nat_devices = setup.options.prefixes("nat_events_from");
    const auto checkpoint = narrow<std::uint64_t>(setup.options.integer("checkpoint"));
    if (checkpoint > 0) options.checkpoint_frames = checkpoint;
    return FlowFileMeter::open(setup.path, options, setup.cursors);
}

Result<std::unique_ptr<file::OnceMeter>> open_export(const FileSetup& setup) {
    return FlowFileMeter::open(setup.path, meter_options(setup.options), setup.cursors);
}

std::vector<Column> inspect_columns(const OptionValues& options) {
    return options.boolean("summary") ? summary_columns() : flow_columns();
}

Result<std::string> inspect(const FileSetup& setup, InspectSink& sink) {
    TRY_ASSIGN(const auto file, FlowFile::open(setup.path, random_seed()));
    if (setup.options.boolean("summary")) {
        flow::NullSink nothing;
        TRY(read_to_end(*file, nothing, {}));
        TRY(print_summary(setup.path, *file, sink));
    } else {
        RecordPrinter printer(sink, file->datagrams());
        TRY(read_to_end(*file, printer, printer.status));
    }
    log_missing(setup.path, *file);
    return file->datagrams().warning();
}

}  // namespace octroi::flow_file
