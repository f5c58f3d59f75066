// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/file_commands.hpp"

#include <fmt/format.h>

#include "base/narrow.hpp"
#include "host/random.hpp"
#include "meter/capture/file_meter.hpp"
#include "record/reading_rows.hpp"

namespace octroi::capture {
namespace {

FragmentPolicy fragment_policy(const OptionValues& options) {
    return options.text("fragments") == "separate" ? FragmentPolicy::separate
                                                   : FragmentPolicy::resolve;
}

// Whole flows, not split at the ledger's buckets.
FileMeterOptions whole_flows() {
    FileMeterOptions options;
    options.aggregator.flows.cut_at_buckets = false;
    options.checkpoint_packets = 0;
    options.seed = random_seed();
    return options;
}

class FlowPrinter final : public FlowSink {
public:
    FlowPrinter(InspectSink& out, const FileMeter& meter) : out_(out), meter_(meter) {}

    void accept(std::span<const Reading> readings) override {
        const RowContext context{meter_.names().rows(), meter_.time_digits()};
        for (const Reading& reading : readings) {
            if (!is_flow_row(reading) || !status.has_value()) continue;
            reading_cells(reading, context, cells_);
            status = out_.row(cells_);
        }
    }
    Status status;

private:
    InspectSink& out_;
    const FileMeter& meter_;
    std::vector<Cell> cells_;
};

class NullSink final : public FlowSink {
public:
    void accept(std::span<const Reading> /*readings*/) override {}
};

Status read_to_end(FileMeter& meter, ReadingSink& sink) {
    for (bool ended = false; !ended;) {
        TRY_ASSIGN(const Pull pull, meter.pull(sink, Duration::seconds(1)));
        ended = pull == Pull::end;
    }
    TRY_ASSIGN([[maybe_unused]] const Checkpoint end, meter.checkpoint(sink));
    return {};
}

std::vector<Fact> summary_facts(const PacketTotals& totals) {
    return {{"frames", totals.frames},         {"frame_bytes", totals.frame_bytes},
            {"ip_packets", totals.ip_packets}, {"ip_bytes", totals.ip_bytes},
            {"v4_packets", totals.v4_packets}, {"v4_bytes", totals.v4_bytes},
            {"v6_packets", totals.v6_packets}, {"v6_bytes", totals.v6_bytes},
            {"non_ip", totals.non_ip},         {"fragments", totals.fragments},
            {"truncated", totals.truncated},   {"malformed", totals.malformed}};
}

}  // namespace

Result<std::unique_ptr<file::OnceMeter>> open_import(const FileSetup& setup) {
    FileMeterOptions options;
    options.aggregator.fragments = fragment_policy(setup.options);
    const auto checkpoint = narrow<std::uint64_t>(setup.options.integer("checkpoint"));
    if (checkpoint > 0) options.checkpoint_packets = checkpoint;
    options.seed = random_seed();
    return FileMeter::open(setup.path, options, setup.cursors);
}

Result<std::unique_ptr<file::OnceMeter>> open_export(const FileSetup& setup) {
    return FileMeter::open(setup.path, whole_flows(), setup.cursors);
}

std::vector<Column> inspect_columns(const OptionValues& options) {
    return options.boolean("summary") ? std::vector<Column>() : reading_columns();
}

Result<std::string> inspect(const FileSetup& setup, InspectSink& sink) {
    FileMeterOptions options = whole_flows();
    options.aggregator.fragments = fragment_policy(setup.options);
    TRY_ASSIGN(const auto meter, FileMeter::open(setup.path, options, {}));
    if (setup.options.boolean("summary")) {
        NullSink nothing;
        TRY(read_to_end(*meter, nothing));
        TRY(sink.facts(setup.path, summary_facts(meter->totals())));
    } else {
        FlowPrinter printer(sink, *meter);
        TRY(read_to_end(*meter, printer));
        TRY(printer.status);
    }
    return meter->warning();
}

}  // namespace octroi::capture
