// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/flow_collector.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "base/narrow.hpp"
#include "config/listen.hpp"
#include "host/interfaces.hpp"
#include "host/random.hpp"

namespace octroi {

collector::FlowPolicy flow_policy(const CollectorConfig& config) {
    collector::FlowPolicy policy;
    switch (config.deduplicate) {
        case DeduplicateChoice::none:
            policy.deduplicate = collector::Deduplicate::none;
            break;
        case DeduplicateChoice::ingress:
            policy.deduplicate = collector::Deduplicate::ingress;
            break;
        case DeduplicateChoice::flow_key:
            policy.deduplicate = collector::Deduplicate::flow_key;
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

std::string journal_folder(const std::string& configured, const std::string& ledger,
                           const std::string& meter) {
    if (!configured.empty()) return configured;
    return (std::filesystem::path(ledger).parent_path() / "journal" / meter).string();
}

Result<std::unique_ptr<collector::LiveCollector>> open_flow_collector(const MeterConfig& config,
                                                                      const std::string& ledger,
                                                                      std::vector<Fd> given,
                                                                      std::span<const Cursor> known,
                                                                      const Clock& clock) {
    const CollectorConfig& wanted = config.collector;
    collector::LiveCollectorOptions options;
    options.collector.folder = journal_folder(wanted.journal, ledger, config.name);
    options.collector.journal.limit_octets = wanted.journal_size.value();
    TRY_ASSIGN(options.collector.journal.boot_id, boot_id());
    options.collector.policy = flow_policy(wanted);
    options.collector.allowed = wanted.exporters;
    options.collector.seed = random_seed();
    options.sync_interval = wanted.journal_sync;
    options.tls = {wanted.tls_certificate, wanted.tls_key, wanted.tls_clients};
    for (const std::string& text : wanted.listen) {
        TRY_ASSIGN(const ListenAddress listen, parse_listen(text));
        if (listen.transport == ListenTransport::tcp) {
            options.listen_tcp.push_back({listen.address, listen.port});
            continue;
        }
        if (listen.transport == ListenTransport::tls) {
            options.listen_tls.push_back({listen.address, listen.port});
            continue;
        }
        options.listen.push_back(
            {listen.address, listen.port, narrow<std::uint32_t>(wanted.socket_buffer.value())});
    }
    if (!options.listen_tls.empty() && (options.tls.certificate.empty() || options.tls.key.empty()))
        return fail(ErrorCode::invalid,
                    fmt::format("[[meter]] {}: to listen with TLS it needs tls_certificate and "
                                "tls_key, two PEM files",
                                config.name));
    return collector::LiveCollector::open(options, std::move(given), known, clock);
}

}  // namespace octroi
