// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>

#include "app/commands/inspect.hpp"
#include "app/row_output.hpp"
#include "host/log.hpp"
#include "host/random.hpp"
#include "meter/capture/file_meter.hpp"
#include "record/reading_rows.hpp"

namespace octroi {
namespace {

struct Options {
    std::vector<std::string> files;
    std::string fragments = "first";
    bool summary = false;
};

// Prints flows as the meter hands them over.
class FlowPrinter final : public ReadingSink {
public:
    FlowPrinter(RowOutput& output, const capture::FileMeter& meter)
        : output_(output), meter_(meter) {}

    void accept(std::span<const Reading> readings) override {
        const RowContext context{meter_.interfaces(), meter_.time_digits()};
        for (const Reading& reading : readings) {
            if (!is_flow_row(reading) || !status.has_value()) continue;
            reading_cells(reading, context, cells_);
            status = output_.row(cells_);
        }
    }
    Status status;

private:
    RowOutput& output_;
    const capture::FileMeter& meter_;
    std::vector<Cell> cells_;
};

class NullSink final : public ReadingSink {
public:
    void accept(std::span<const Reading> /*readings*/) override {}
};

Status read_to_end(capture::FileMeter& meter, ReadingSink& sink) {
    for (bool ended = false; !ended;) {
        TRY_ASSIGN(const Pull pull, meter.pull(sink, Duration::seconds(1)));
        ended = pull == Pull::end;
    }
    TRY_ASSIGN([[maybe_unused]] const Checkpoint end, meter.checkpoint(sink));
    return {};
}

std::vector<Fact> summary_facts(const capture::PacketTotals& totals) {
    return {{"frames", totals.frames},         {"frame_bytes", totals.frame_bytes},
            {"ip_packets", totals.ip_packets}, {"ip_bytes", totals.ip_bytes},
            {"v4_packets", totals.v4_packets}, {"v4_bytes", totals.v4_bytes},
            {"v6_packets", totals.v6_packets}, {"v6_bytes", totals.v6_bytes},
            {"non_ip", totals.non_ip},         {"fragments", totals.fragments},
            {"truncated", totals.truncated},   {"malformed", totals.malformed}};
}

Result<std::unique_ptr<capture::FileMeter>> open_for_reading(const std::string& file,
                                                             const Options& options) {
    capture::FileMeterOptions meter_options;
    meter_options.intake.fragments = options.fragments == "separate"
                                         ? capture::FragmentPolicy::separate
                                         : capture::FragmentPolicy::resolve;
    meter_options.intake.flows.cut_at_buckets = false;
    meter_options.checkpoint_packets = 0;
    meter_options.seed = random_seed();
    return capture::FileMeter::open(file, meter_options, {});
}

Status print_summary(Session& session, const std::string& file,
                     const capture::PacketTotals& totals) {
    const auto facts = summary_facts(totals);
    if (session.options.json || session.options.ndjson) return session.print(json_object(facts));
    Report report;
    report.columns = {{.key = "name", .title = file},
                      {.key = "value", .title = "", .kind = ColumnKind::count}};
    for (const Fact& fact : facts) report.rows.push_back({.cells = {fact.key, fact.value}});
    return session.print(report);
}

Result<ExitStatus> inspect(Session& session, const Options& options) {
    ExitStatus status = ExitStatus::done;
    std::optional<RowOutput> output;
    if (!options.summary) {
        TRY_ASSIGN(output, RowOutput::open(session, reading_columns()));
    }
    for (const std::string& file : options.files) {
        TRY_ASSIGN(const auto meter, open_for_reading(file, options));
        if (options.summary) {
            NullSink sink;
            TRY(read_to_end(*meter, sink));
            TRY(print_summary(session, file, meter->totals()));
        } else {
            FlowPrinter printer(*output, *meter);
            TRY(read_to_end(*meter, printer));
            TRY(printer.status);
        }
        if (meter->warning().empty()) continue;
        log_info(fmt::format("{}: {}", file, meter->warning()));
        status = ExitStatus::failed;
    }
    if (output) TRY(output->finish());
    return status;
}

}  // namespace

void add_inspect_packets(const Command& inspect_verb, Session& session) {
    auto options = std::make_shared<Options>();
    inspect_verb.sub("packets", "A capture (pcap, pcapng): one row per unidirectional flow")
        .operands("FILE", options->files, "Captures, also compressed; - for standard input")
        .choice("--fragments", options->fragments, {"first", "separate"},
                "Charge later fragments to their first one's service, or keep them separate")
        .flag("--summary", options->summary, "Totals of the file instead of its flows")
        .does([&session, options] { return inspect(session, *options); });
}

}  // namespace octroi
