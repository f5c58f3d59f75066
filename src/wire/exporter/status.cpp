// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/status.hpp"

#include <algorithm>

#include "wire/exporter/exporter_state.hpp"
#include "wire/exporter/protocols.hpp"
#include "wire/ipfix/unread_counts.hpp"

namespace octroi::exporter {
namespace {

template <typename T>
void sort_unique(std::vector<T>& values) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
}

std::vector<std::string> unread_templates_of(const Exporter& exporter) {
    constexpr std::size_t templates_shown = 4;
    std::vector<std::string> texts;
    exporter.domains.each([&](StreamKey, const ObservationDomain& domain) {
        domain.templates.each([&](const CachedTemplate& cached) {
            if (cached.has_unread_counts)
                texts.push_back(ipfix::unread_counts(cached.definition, cached.plan));
        });
    });
    sort_unique(texts);
    if (texts.size() > templates_shown) texts.resize(templates_shown);
    return texts;
}

}  // namespace

ExporterStatus status_of(const Exporter& exporter) {
    ExporterStatus out;
    out.address = exporter.address;
    out.templates = exporter.domains.template_usage().templates;
    out.interfaces = exporter.names.size();
    out.first_seen = exporter.first_seen;
    out.last_seen = exporter.last_seen;
    out.exported = exporter.exported;
    out.messages = exporter.messages;
    out.records = exporter.records;
    out.lost = exporter.lost;
    out.restarts = exporter.restarts;
    out.duplicates = exporter.duplicates;
    out.pending_octets = exporter.pending.octets();
    out.undecodable = exporter.undecodable;
    out.refused_rates = exporter.refused_rates;
    out.unconfirmed_rates = exporter.unconfirmed_rates;
    out.unconfirmed_starts = exporter.unconfirmed_starts;
    out.changed_rates = exporter.changed_rates;
    out.reverse_out = exporter.reverse_out;
    out.unread_counts = exporter.unread_counts;
    out.doubtful_lengths = exporter.doubtful_lengths;
    if (out.unread_counts > 0) out.unread_templates = unread_templates_of(exporter);
    for (const flow::Protocol protocol : all_protocols)
        if ((exporter.protocols & protocol_bit(protocol)) != 0) out.protocols.push_back(protocol);
    exporter.streams.each([&](StreamKey, const MessageStream& stream) {
        out.observation_domains.push_back(stream.context.observation_domain);
        out.missing += stream.sequence.missing_numbers();
        if (stream.sampling != 0) out.sampling.push_back(stream.sampling);
        out.counts_templates =
            out.counts_templates || stream.sequence.numbering() == Numbering::records_and_templates;
    });
    exporter.samplers.each([&](const SamplerId&, std::uint64_t rate, std::uint64_t) {
        if (rate != 0) out.sampling.push_back(rate);
    });
    sort_unique(out.observation_domains);
    sort_unique(out.sampling);
    return out;
}

}  // namespace octroi::exporter
