// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>

#include "app/commands/inspect.hpp"
#include "app/row_output.hpp"
#include "host/log.hpp"
#include "host/random.hpp"
#include "meter/collector/flow_file.hpp"
#include "meter/collector/flow_rows.hpp"

namespace octroi {
namespace {

struct Options {
    std::vector<std::string> files;
    bool summary = false;
};

// Prints records as the decoders hand them over.
class RecordPrinter final : public flow::RecordSink {
public:
    RecordPrinter(RowOutput& output, const collector::DatagramFile& file)
        : output_(output), file_(file) {}

    void records(const flow::MessageContext& context,
                 std::span<const flow::FlowRecord> records) override {
        for (const flow::FlowRecord& record : records) {
            if (!status.has_value()) return;
            collector::flow_cells({record, context, file_.time_digits()}, cells_);
            status = output_.row(cells_);
        }
    }
    void gap(const flow::MessageContext& /*context*/, const flow::SequenceGap& /*gap*/) override {}
    Status status;

private:
    RowOutput& output_;
    const collector::DatagramFile& file_;
    std::vector<Cell> cells_;
};

class NullSink final : public flow::RecordSink {
public:
    void records(const flow::MessageContext& /*context*/,
                 std::span<const flow::FlowRecord> /*records*/) override {}
    void gap(const flow::MessageContext& /*context*/, const flow::SequenceGap& /*gap*/) override {}
};

Status read_to_end(collector::FlowFile& file, flow::RecordSink& sink, const Status& printed) {
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

void add_summary(const std::string& name, const collector::FlowFile& file, Report& report) {
    for (const exporter::ExporterStatus& s : file.exporters().status()) {
        std::vector<std::string> rates;
        for (const std::uint64_t rate : s.sampling) rates.push_back(std::to_string(rate));
        report.rows.push_back(
            {.cells = {name, s.address.empty() ? Cell{} : Cell{s.address}, names_of(s), s.messages,
                       s.records, std::uint64_t{s.templates}, rates, s.lost, s.restarts,
                       s.duplicates, s.undecodable}});
    }
}

// What of the file gives no rows, for people.
void say_what_is_missing(const std::string& name, const collector::FlowFile& file) {
    const exporter::Counters& counts = file.exporters().counters();
    if (counts.messages == 0) log_info(fmt::format("{}: no NetFlow, IPFIX or sFlow in it", name));
    const std::uint64_t without_template = counts.pending - counts.resumed;
    if (without_template > 0)
        log_info(fmt::format("{}: {} sets of records whose template is not in the file", name,
                             without_template));
}

Result<ExitStatus> inspect(Session& session, const Options& options) {
    ExitStatus status = ExitStatus::done;
    std::optional<RowOutput> output;
    Report summary{.columns = summary_columns()};
    if (!options.summary) {
        TRY_ASSIGN(output, RowOutput::open(session, collector::flow_columns()));
    }
    for (const std::string& name : options.files) {
        TRY_ASSIGN(const auto file, collector::FlowFile::open(name, random_seed()));
        if (options.summary) {
            NullSink sink;
            TRY(read_to_end(*file, sink, {}));
            add_summary(name, *file, summary);
        } else {
            RecordPrinter printer(*output, file->datagrams());
            TRY(read_to_end(*file, printer, printer.status));
        }
        say_what_is_missing(name, *file);
        if (file->datagrams().warning().empty()) continue;
        log_info(file->datagrams().warning());
        status = ExitStatus::failed;
    }
    if (output) TRY(output->finish());
    if (options.summary) TRY(session.print(summary));
    return status;
}

}  // namespace

void add_inspect_flow(const Command& inspect_verb, Session& session) {
    auto options = std::make_shared<Options>();
    inspect_verb
        .sub("flow", "NetFlow, IPFIX or sFlow, in a capture or as messages: one row per record")
        .operands("FILE", options->files,
                  "Captures of export traffic, or files of messages, also compressed; - for "
                  "standard input")
        .flag("--summary", options->summary, "A row per exporter instead of its records")
        .does([&session, options] { return inspect(session, *options); });
}

}  // namespace octroi
