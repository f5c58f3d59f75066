// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/kind.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "base/narrow.hpp"
#include "config/listen.hpp"
#include "host/interfaces.hpp"
#include "host/random.hpp"
#include "meter/collector/live_collector.hpp"

namespace octroi::collector {
namespace {

FlowPolicy flow_policy(const CollectorConfig& config) {
    FlowPolicy policy;
    switch (config.deduplicate) {
        case DeduplicateChoice::none:
            policy.deduplicate = Deduplicate::none;
            break;
        case DeduplicateChoice::ingress:
            policy.deduplicate = Deduplicate::ingress;
            break;
        case DeduplicateChoice::flow_key:
            policy.deduplicate = Deduplicate::flow_key;
            break;
    }
    policy.window = config.duplicate_window;
    policy.witnesses = config.duplicates_from;
    policy.apply_translations = config.nat_events == NatEventsChoice::apply;
    policy.translators = config.nat_events_from;
    policy.sampling = narrow<std::uint64_t>(config.sampling);
    policy.skew = config.clock_skew;
    return policy;
}

Status add_listeners(const CollectorConfig& config, LiveCollectorOptions& options) {
    for (const std::string& text : config.listen) {
        TRY_ASSIGN(const ListenAddress listen, parse_listen(text));
        switch (listen.transport) {
            case ListenTransport::udp:
                options.listen.push_back({listen.address, listen.port,
                                          narrow<std::uint32_t>(config.socket_buffer.value())});
                break;
            case ListenTransport::tcp:
                options.listen_tcp.push_back({listen.address, listen.port});
                break;
            case ListenTransport::tls:
                options.listen_tls.push_back({listen.address, listen.port});
                break;
        }
    }
    return {};
}

Result<OpenedMeter> open_live(MeterSetup& setup) {
    const CollectorConfig& config = setup.config.collector;
    LiveCollectorOptions options;
    options.collector.folder =
        journal_folder(config.journal, setup.state_folder, setup.config.name);
    options.collector.journal.limit_octets = config.journal_size.value();
    TRY_ASSIGN(options.collector.journal.boot_id, boot_id());
    options.collector.policy = flow_policy(config);
    options.collector.allowed = config.exporters;
    options.collector.seed = random_seed();
    options.sync_interval = config.journal_sync;
    options.tls = {config.tls_certificate, config.tls_key, config.tls_clients};
    TRY(add_listeners(config, options));
    if (!options.listen_tls.empty() && (options.tls.certificate.empty() || options.tls.key.empty()))
        return fail(ErrorCode::invalid,
                    fmt::format("[[meter]] {}: to listen with TLS it needs tls_certificate and "
                                "tls_key, two PEM files",
                                setup.config.name));
    TRY_ASSIGN(auto meter,
               LiveCollector::open(options, std::exchange(setup.sockets, std::vector<Fd>()),
                                   setup.cursors, setup.clock));
    std::vector<std::string> notices{
        fmt::format("exporters at {}", fmt::join(meter->listening(), ", "))};
    notices.insert(notices.end(), meter->notices().begin(), meter->notices().end());
    return OpenedMeter{std::move(meter), std::move(notices)};
}

constexpr std::array chapters{
    CounterChapter{"Collector", "Flow exports, from the network: what came and was decoded.",
                   collector_counters},
    CounterChapter{"Flow records", "From records to readings, of collectors and of files.",
                   reading_counters},
};

}  // namespace

std::string journal_folder(const std::string& configured, const std::string& state_folder,
                           const std::string& meter) {
    if (!configured.empty()) return configured;
    return (std::filesystem::path(state_folder) / "journal" / meter).string();
}

constinit const MeterKind kind{
    .name = "collector",
    .help = "Flows that routers and probes export: NetFlow, IPFIX and sFlow.",
    .counters = chapters,
    .cursor_prefix = journal_source_prefix,
    .open = open_live,
};

}  // namespace octroi::collector
