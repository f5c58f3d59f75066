// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/flow_file/file_commands.hpp"

#include <fmt/format.h>

#include "base/narrow.hpp"
#include "host/log.hpp"
#include "host/random.hpp"
#include "meter/flow_file/flow_file.hpp"
#include "meter/flow_file/flow_file_meter.hpp"
#include "meter/flow_file/flow_rows.hpp"
#include "meter/flow_file/missing_parts.hpp"
#include "meter/normalize/policy_of_rows.hpp"
#include "wire/flow/null_sink.hpp"

namespace octroi::flow_file {
namespace {

FlowFileMeterOptions meter_options(const FileSetup& setup) {
    FlowFileMeterOptions options;
    options.policy = normalize::policy_of_rows(setup.exporters);
    options.policy.sampling = narrow<std::uint64_t>(setup.options.integer("sampling"));
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

}  // namespace

Result<std::unique_ptr<file::OnceMeter>> open_import(const FileSetup& setup) {
    FlowFileMeterOptions options = meter_options(setup);
    const auto checkpoint = narrow<std::uint64_t>(setup.options.integer("checkpoint"));
    if (checkpoint > 0) options.checkpoint_frames = checkpoint;
    return FlowFileMeter::open(setup.path, options, setup.cursors);
}

Result<std::unique_ptr<file::OnceMeter>> open_export(const FileSetup& setup) {
    return FlowFileMeter::open(setup.path, meter_options(setup), setup.cursors);
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
    for (const std::string& text : missing_parts(setup.path, *file)) log_warning(text);
    TRY(check_any_message(setup.path, *file));
    return file->datagrams().warning();
}

}  // namespace octroi::flow_file
