// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/kind.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "base/narrow.hpp"
#include "config/listen.hpp"
#include "host/interfaces.hpp"
#include "host/log.hpp"
#include "host/random.hpp"
#include "meter/collector/exporter_report.hpp"
#include "meter/collector/journal_place.hpp"
#include "meter/collector/live_collector.hpp"
#include "meter/collector/options.hpp"
#include "meter/flow_file/file_commands.hpp"
#include "meter/flow_file/flow_file_meter.hpp"
#include "meter/flow_file/flow_rows.hpp"
#include "meter/flow_file/options.hpp"
#include "meter/normalize/policy_of_rows.hpp"

namespace octroi::collector {
namespace {

normalize::Deduplicate deduplicate(std::string_view word) {
    if (word == "ingress") return normalize::Deduplicate::ingress;
    return word == "flow-key" ? normalize::Deduplicate::flow_key : normalize::Deduplicate::none;
}

normalize::FlowPolicy flow_policy(const OptionValues& values,
                                  std::span<const ExporterConfig> exporters) {
    normalize::FlowPolicy policy = normalize::policy_of_rows(exporters);
    policy.deduplicate = deduplicate(values.text("deduplicate"));
    policy.window = values.duration("duplicate_window");
    policy.apply_translations = values.text("nat_events") == "apply";
    policy.sampling = narrow<std::uint64_t>(values.integer("sampling"));
    policy.skew = values.duration("clock_skew");
    return policy;
}

Status add_listeners(const OptionValues& values, ListenOptions& options) {
    const auto buffer = narrow<std::uint32_t>(values.size("socket_buffer").value());
    for (const std::string& text : values.texts("listen")) {
        TRY_ASSIGN(const ListenAddress listen, parse_listen(text));
        switch (listen.transport) {
            case ListenTransport::udp:
                options.udp.push_back({listen.address, listen.port, buffer});
                break;
            case ListenTransport::tcp:
                options.tcp.push_back({listen.address, listen.port});
                break;
            case ListenTransport::tls:
                options.tls.push_back({listen.address, listen.port});
                break;
        }
    }
    return {};
}

Result<OpenedMeter> open_live(MeterSetup& setup) {
    const OptionValues& values = setup.config.options;
    LiveCollectorOptions options;
    TRY_ASSIGN(const JournalPlace place, place_journal(setup));
    options.collector.folder = place.folder;
    options.collector.ledger_id = setup.ledger_id;
    options.collector.journal.limit_octets = values.size("journal_size").value();
    // The journal must know whether a power cut may have happened since it was written.
    TRY_ASSIGN(options.collector.journal.boot_id, boot_id());
    options.collector.decoder.meter = setup.config.name;
    options.collector.decoder.policy = flow_policy(values, setup.exporters);
    options.collector.decoder.allowed = values.prefixes("exporters");
    // Exporters choose what goes into the hash tables; a secret seed keeps them from aiming.
    options.collector.decoder.seed = random_seed();
    options.sync_interval = values.duration("journal_sync");
    options.listen.tls_files = {values.text("tls_certificate"), values.text("tls_key"),
                                values.text("tls_clients")};
    TRY(add_listeners(values, options.listen));
    TRY_ASSIGN(auto meter,
               LiveCollector::open(options, std::exchange(setup.sockets, std::vector<Fd>()),
                                   place.cursors, setup.clock));
    std::string notice = fmt::format("exporters at {}", fmt::join(meter->listening(), ", "));
    std::vector<std::string> warnings = place.warnings;
    warnings.insert(warnings.end(), meter->warnings().begin(), meter->warnings().end());
    return OpenedMeter{std::move(meter), {std::move(notice)}, std::move(warnings)};
}

// The exporters of each meter, as they were at its last commit.
std::vector<MeterExporters> known_exporters(const MeterReportSetup& setup) {
    std::vector<MeterExporters> meters;
    for (const KnownMeter& meter : setup.meters) {
        const std::string configured =
            meter.config == nullptr ? "" : meter.config->options.text("journal");
        auto exporters = exporters_at(
            find_journal(configured, setup.state_folder, meter.name, meter.cursor), meter.cursor);
        if (exporters)
            meters.push_back({meter.name, *std::move(exporters)});
        else
            log_warning(fmt::format("meter {}: {}", meter.name, exporters.error().text));
    }
    return meters;
}

Result<Report> report_exporters(const MeterReportSetup& setup) {
    return exporters_report(known_exporters(setup), setup.exporters);
}

Result<Report> report_interfaces(const MeterReportSetup& setup) {
    return interfaces_report(known_exporters(setup), setup.exporters, setup.directory, setup.now);
}

constexpr std::array chapters{
    CounterChapter{"Collector", "Flow exports from the network: received and decoded.",
                   message_counters},
    CounterChapter{"Flow records", "From records to readings, of collectors and of files.",
                   normalize::reading_counters},
    CounterChapter{"Collector connections", "IPFIX over TCP and TLS.", stream_counters},
};

constexpr std::string_view file_help =
    "Captures of export traffic, or files of export messages; compressed ones too; - for standard "
    "input";

constexpr std::array importers{
    Importer{.command = {"flow", "NetFlow, IPFIX or sFlow: captures, or files of export messages",
                         file_help, flow_file::import_options},
             .default_meter = "import-flow",
             .cursor_prefix = flow_file::flow_file_source_prefix,
             .open = flow_file::open_import}};

constexpr std::array flow_sources{FlowSource{
    .command = {"flow", "NetFlow, IPFIX or sFlow: captures, or files of export messages",
                "Files, also compressed; - for standard input", flow_file::export_options},
    .open = flow_file::open_export}};

constexpr std::array inspectors{Inspector{
    .command =
        {"flow",
         "NetFlow, IPFIX or sFlow, captures, or files of export messages: one row per record",
         file_help, flow_file::inspect_options},
    .rows_title = "Flow exports",
    .rows_about =
        "A row is a record as it was sent: counts are not multiplied by the sampling "
        "rate, times are those\nof the exporter. A record with counts for both directions gives "
        "two rows, the second with source and\ndestination exchanged.\nRows with a `kind` are not "
        "traffic. "
        "A field that the record does not contain is absent; a field that is\nzero in the "
        "record is zero.",
    .fields = flow_file::flow_fields,
    .columns = flow_file::inspect_columns,
    .inspect = flow_file::inspect}};

constexpr std::array reports{
    MeterReport{"--exporters",
                "Of collectors: each exporter, its last message, rate, losses, sampling, clock",
                report_exporters},
    MeterReport{
        "--interfaces",
        "Of collectors: the names of exporters' interfaces, and the account that each is bound to",
        report_interfaces},
};

constexpr std::array socket_drops{LossReason::socket_drop};
constexpr std::array export_gaps{LossReason::export_gap};
constexpr std::array template_losses{LossReason::no_template};
constexpr std::array loss_advice{
    LossAdvice{socket_drops, "the kernel dropped datagrams of exporters",
               "a larger socket_buffer in [[meter]], as root or with sysctl net.core.rmem_max"},
    LossAdvice{export_gaps, "exports did not arrive",
               "check the path between exporter and collector: octroi meters --exporters lists the "
               "losses of each"},
    LossAdvice{template_losses, "data sets arrived without their template",
               "let the exporter send its templates more often"},
};

constexpr std::array counter_advice{
    CounterAdvice{"collector_unknown_total", "datagrams were of no known protocol or version",
                  "octroi meters --exporters and the log of the daemon name the senders"},
    CounterAdvice{"collector_malformed_total", "messages were malformed",
                  "octroi meters --exporters and the log of the daemon name the senders"},
    CounterAdvice{"collector_refused_total", "datagrams came from senders that are not allowed",
                  "if one of them is an exporter of yours, add it to exporters in [[meter]]"},
};

}  // namespace

constinit const MeterKind kind{
    .name = "collector",
    .help = "Flows that routers and probes export: NetFlow, IPFIX and sFlow.",
    .options = meter_options,
    .check_options = check_options,
    .has_both_ends = true,
    .counters = chapters,
    .cursor_prefix = journal_source_prefix,
    .open = open_live,
    .importers = importers,
    .flow_sources = flow_sources,
    .inspectors = inspectors,
    .reports = reports,
    .loss_advice = loss_advice,
    .counter_advice = counter_advice,
};

}  // namespace octroi::collector
