// SPDX-License-Identifier: GPL-3.0-or-later
// What people and other rooms ask.

#include <algorithm>
#include <vector>

#include "wire/exporter/state.hpp"

namespace octroi::exporter {
namespace {

template <typename T>
void sort_unique(std::vector<T>& values) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
}

ExporterStatus status_of(const Exporter& from) {
    ExporterStatus out;
    out.address = from.address;
    out.templates = from.templates;
    out.interfaces = from.names.size();
    out.first_seen = from.first_seen;
    out.last_seen = from.last_seen;
    out.exported = from.exported;
    out.messages = from.messages;
    out.records = from.records;
    out.lost = from.lost;
    out.restarts = from.restarts;
    out.duplicates = from.duplicates;
    out.pending_octets = from.waiting.octets();
    out.undecodable = from.undecodable;
    for (const flow::Protocol protocol : all_protocols)
        if ((from.protocols & protocol_bit(protocol)) != 0) out.protocols.push_back(protocol);
    for (const auto& [key, stream] : from.streams) {
        out.observation_domains.push_back(stream->context.observation_domain);
        if (stream->sampling != 0) out.sampling.push_back(stream->sampling);
    }
    for (const auto& [key, said] : from.samplers) out.sampling.push_back(said.rate);
    sort_unique(out.observation_domains);
    sort_unique(out.sampling);
    return out;
}

}  // namespace

std::vector<ExporterStatus> Exporters::State::status() const {
    std::vector<ExporterStatus> out;
    out.reserve(registry_.size());
    registry_.each([&](const Exporter& exporter) { out.push_back(status_of(exporter)); });
    std::sort(out.begin(), out.end(), [](const ExporterStatus& a, const ExporterStatus& b) {
        return a.address < b.address;
    });
    return out;
}

SamplingTable Exporters::State::sampling() const {
    std::vector<SamplingTable::Entry> entries;
    registry_.each([&](const Exporter& exporter) {
        for (const auto& [key, said] : exporter.samplers)
            entries.push_back({{exporter.address, key.observation_domain, key.transport_session,
                                key.scope, key.id},
                               said.rate});
    });
    return SamplingTable(std::move(entries));
}

std::string_view Exporters::State::interface_name(const Address& from, std::uint32_t index) const {
    const Exporter* exporter = registry_.find(from);
    if (exporter == nullptr) return {};
    const auto found = exporter->names.find(index);
    return found == exporter->names.end() ? std::string_view() : found->second;
}

std::vector<InterfaceName> Exporters::State::interface_names() const {
    std::vector<InterfaceName> out;
    registry_.each([&](const Exporter& exporter) {
        for (const auto& [if_index, name] : exporter.names)
            if (if_index <= UINT32_MAX)
                out.push_back({exporter.address, static_cast<std::uint32_t>(if_index), name});
    });
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace octroi::exporter
