// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>

#include "app/commands.hpp"
#include "app/file_import.hpp"
#include "host/random.hpp"
#include "meter/capture/file_meter.hpp"
#include "meter/collector/flow_file_meter.hpp"

namespace octroi {
namespace {

struct PacketOptions {
    ImportOptions common{.files = {}, .meter = "import", .local = {}};
    std::string fragments = "first";
    std::uint64_t checkpoint_packets = 0;  // 0: as the meter thinks fit
};

struct FlowOptions {
    ImportOptions common{.files = {}, .meter = "import-flow", .local = {}};
    std::uint64_t sampling = 0;  // 0: taken not to sample
    std::vector<std::string> translators;
    std::uint64_t checkpoint_frames = 0;  // 0: as the meter thinks fit
};

ImportKind packets(const PacketOptions& options) {
    capture::FileMeterOptions meter;
    meter.intake.fragments = options.fragments == "separate" ? capture::FragmentPolicy::separate
                                                             : capture::FragmentPolicy::resolve;
    if (options.checkpoint_packets > 0) meter.checkpoint_packets = options.checkpoint_packets;
    meter.seed = random_seed();
    return {
        .meter_kind = "capture",
        .source_prefix = capture::file_source_prefix,
        .open = [meter](const std::string& file,
                        std::span<const Cursor> known) -> Result<std::unique_ptr<file::OnceMeter>> {
            return capture::FileMeter::open(file, meter, known);
        }};
}

Result<ImportKind> flows(const FlowOptions& options) {
    collector::FlowFileMeterOptions meter;
    meter.policy.sampling = options.sampling;
    for (const std::string& text : options.translators) {
        TRY_ASSIGN(const Prefix prefix, parse_prefix(text));
        meter.policy.translators.push_back(prefix);
    }
    if (options.checkpoint_frames > 0) meter.checkpoint_frames = options.checkpoint_frames;
    meter.seed = random_seed();
    return ImportKind{
        .meter_kind = "collector",
        .source_prefix = collector::flow_file_source_prefix,
        .open = [meter](const std::string& file,
                        std::span<const Cursor> known) -> Result<std::unique_ptr<file::OnceMeter>> {
            return collector::FlowFileMeter::open(file, meter, known);
        }};
}

void add_packets(const Command& import, Session& session) {
    auto options = std::make_shared<PacketOptions>();
    Command command = import.sub("packets", "Captures (pcap, pcapng)");
    command.operands("FILE", options->common.files,
                     "Captures, also compressed; - for standard input");
    add_import_options(command, options->common);
    command
        .choice("--fragments", options->fragments, {"first", "separate"},
                "Charge later fragments to their first one's service, or keep them separate")
        .number("--checkpoint", options->checkpoint_packets,
                "Commit after so many packets: what a kill makes to be read again", "PACKETS")
        .does([&session, options] {
            return import_files(session, options->common, packets(*options));
        });
}

void add_flow(const Command& import, Session& session) {
    auto options = std::make_shared<FlowOptions>();
    Command command = import.sub("flow", "NetFlow, IPFIX or sFlow: captures of it, or messages");
    command.operands("FILE", options->common.files,
                     "Captures of export traffic, or files of messages, also compressed; - for "
                     "standard input");
    add_import_options(command, options->common);
    command
        .number("--sampling", options->sampling,
                "One of so many packets was counted, where neither records nor options say it",
                "RATE")
        .texts("--nat-events-from", options->translators,
               "Translators whose word on who stood behind an address counts for all records; "
               "else an exporter's counts for its own",
               "PREFIX")
        .number("--checkpoint", options->checkpoint_frames,
                "Commit after so many frames: what a kill makes to be booked again", "FRAMES")
        .does([&session, options] {
            const auto kind = flows(*options);
            if (!kind) return Result<ExitStatus>(std::unexpected(kind.error()));
            return import_files(session, options->common, *kind);
        });
}

}  // namespace

void add_import(const Command& app, Session& session) {
    Command import =
        app.sub("import", "Read files into the ledger, once however often they are given");
    import.needs_sub();
    add_packets(import, session);
    add_flow(import, session);
}

}  // namespace octroi
