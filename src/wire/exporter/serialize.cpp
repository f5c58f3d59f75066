// SPDX-License-Identifier: GPL-3.0-or-later
// All that is remembered, as octets and back. All numbers big endian (ByteWriter). Beside the
// version there is no room for what might come: who reads another version begins without templates,
// which exporters send again.

#include <memory>
#include <string>
#include <utility>

#include "wire/exporter/state.hpp"

namespace octroi::exporter {
namespace {

constexpr std::uint32_t version = 3;

// Every counter, in the order in which they are saved.
template <typename Of, typename Visit>
void each_counter(Of& c, Visit&& visit) {
    for (auto* value :
         {&c.datagrams, &c.octets, &c.messages, &c.records, &c.options_records, &c.templates,
          &c.unknown, &c.malformed, &c.over_limit, &c.pending, &c.resumed, &c.dropped,
          &c.duplicates, &c.restarts, &c.lost, &c.late, &c.evicted, &c.refused, &c.refused_agents})
        visit(*value);
}
static_assert(sizeof(Counters) == 19 * sizeof(std::uint64_t), "a counter is not saved");

template <typename Of, typename Visit>
void each_figure(Of& e, Visit&& visit) {
    for (auto* value :
         {&e.messages, &e.records, &e.lost, &e.restarts, &e.duplicates, &e.undecodable})
        visit(*value);
}
template <typename Of, typename Visit>
void each_time(Of& e, Visit&& visit) {
    for (auto* value : {&e.first_seen, &e.last_seen, &e.exported, &e.expired}) visit(*value);
}

void put(ByteWriter& to, UtcTime t) { to.be64(static_cast<std::uint64_t>(t.ns)); }
bool get(ByteCursor& from, UtcTime& t) {
    std::uint64_t ns = 0;
    if (!from.be64(ns)) return false;
    t.ns = static_cast<std::int64_t>(ns);
    return true;
}

void put(ByteWriter& to, const Address& address) {
    to.u8(static_cast<std::uint8_t>(address.family));
    for (const std::uint8_t octet : address.octets) to.u8(octet);
}
bool get(ByteCursor& from, Address& address) {
    std::uint8_t family = 0;
    if (!from.u8(family) || (family != 0 && family != 4 && family != 6)) return false;
    address.family = Family{family};
    for (std::uint8_t& octet : address.octets)
        if (!from.u8(octet)) return false;
    return true;
}

bool get(ByteCursor& from, bool& value) {
    std::uint8_t octet = 0;
    if (!from.u8(octet) || octet > 1) return false;
    value = octet == 1;
    return true;
}

bool is_protocol(std::uint8_t value) {
    return value == 0 || protocol_bit(flow::Protocol{value}) != 0;
}

void put(ByteWriter& to, const flow::MessageContext& context) {
    put(to, context.exporter);
    to.u8(static_cast<std::uint8_t>(context.protocol));
    to.be32(context.observation_domain);
    put(to, context.exported);
    put(to, context.received);
    to.be16(context.transport_session);
}
bool get(ByteCursor& from, flow::MessageContext& context) {
    std::uint8_t protocol = 0;
    if (!get(from, context.exporter) || !from.u8(protocol) || !is_protocol(protocol)) return false;
    context.protocol = flow::Protocol{protocol};
    return from.be32(context.observation_domain) && get(from, context.exported) &&
           get(from, context.received) && from.be16(context.transport_session);
}

void put(ByteWriter& to, const ipfix::Origin& origin) {
    put(to, origin.exported);
    to.u8(origin.has_uptime ? 1 : 0);
    to.be32(origin.uptime_ms);
    to.u8(origin.icmp_in_port ? 1 : 0);
}
bool get(ByteCursor& from, ipfix::Origin& origin) {
    return get(from, origin.exported) && get(from, origin.has_uptime) &&
           from.be32(origin.uptime_ms) && get(from, origin.icmp_in_port);
}

void put(ByteWriter& to, const CachedTemplate& known) {
    to.be16(known.from.id);
    to.u8(known.from.options ? 1 : 0);
    to.be16(known.from.scope_fields);
    put(to, known.announced);
    to.be16(static_cast<std::uint16_t>(known.from.fields.size()));
    for (const ipfix::TemplateField& field : known.from.fields) {
        to.be32(field.enterprise);
        to.be16(field.id);
        to.be16(field.length);
    }
}
bool get(ByteCursor& from, CachedTemplate& known) {
    std::uint16_t fields = 0;
    ipfix::Template& t = known.from;
    if (!from.be16(t.id) || t.id < ipfix::first_template_id || !get(from, t.options)) return false;
    if (!from.be16(t.scope_fields) || !get(from, known.announced) || !from.be16(fields))
        return false;
    if (fields == 0 || fields > ipfix::max_fields || t.scope_fields > fields) return false;
    t.fields.resize(fields);
    for (ipfix::TemplateField& field : t.fields)
        if (!from.be32(field.enterprise) || !from.be16(field.id) || !from.be16(field.length))
            return false;
    return true;
}

void put(ByteWriter& to, const ObservationDomain& domain) {
    to.be64(static_cast<std::uint64_t>(domain.init_ms));
    put(to, domain.last_seen);
    to.be64(domain.records);
    to.be32(static_cast<std::uint32_t>(domain.templates.size()));
    for (const auto& [id, known] : domain.templates) put(to, *known);
}

void put_waiting(ByteWriter& to, const Waiting& waiting) {
    std::uint32_t count = 0;
    waiting.each([&](const WaitingSet&) { ++count; });
    to.be32(count);
    waiting.each([&](const WaitingSet& set) {
        to.be64(set.key.stream);
        to.be16(set.key.set);
        put(to, set.context);
        put(to, set.origin);
        put(to, set.since);
        to.text(set.octets);
    });
}

void put(ByteWriter& to, const Exporter& e) {
    put(to, e.address);
    each_time(e, [&](UtcTime t) { put(to, t); });
    each_figure(e, [&](std::uint64_t value) { to.be64(value); });
    to.be32(e.protocols);
    to.be32(static_cast<std::uint32_t>(e.domains.size()));
    for (const auto& [key, domain] : e.domains) {
        to.be64(key);
        put(to, *domain);
    }
    to.be32(static_cast<std::uint32_t>(e.streams.size()));
    for (const auto& [key, stream] : e.streams) {
        to.be64(key);
        put(to, stream->context);
        to.be64(stream->sampling);
        stream->sequence.save(to);
        stream->drops.save(to);
    }
    to.be32(static_cast<std::uint32_t>(e.samplers.size()));
    for (const auto& [key, said] : e.samplers) {
        to.be32(key.observation_domain);
        to.be16(key.transport_session);
        to.u8(static_cast<std::uint8_t>(key.scope));
        to.be64(key.id);
        to.be64(said.rate);
        put(to, said.learned);
    }
    to.be32(static_cast<std::uint32_t>(e.names.size()));
    for (const auto& [index, name] : e.names) {
        to.be64(index);
        to.text(name);
    }
    put_waiting(to, e.waiting);
}

bool get_count(ByteCursor& from, std::size_t most, std::uint32_t& count) {
    return from.be32(count) && count <= most;
}

}  // namespace

void Exporters::State::save(ByteWriter& to) const {
    to.be32(version);
    each_counter(counters_, [&](std::uint64_t value) { to.be64(value); });
    to.be32(static_cast<std::uint32_t>(registry_.size()));
    registry_.each([&](const Exporter& exporter) { put(to, exporter); });
}

bool Exporters::State::restore_templates(ByteCursor& from, Exporter& exporter,
                                         ObservationDomain& domain) {
    std::uint32_t count = 0;
    if (!get_count(from, settings_.limits.templates, count)) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
        auto known = std::make_unique<CachedTemplate>();
        if (!get(from, *known)) return false;
        if (!known->from.options) known->plan = ipfix::compile(known->from, settings_.wanted);
        const std::size_t octets = known->octets();
        const std::uint16_t id = known->from.id;
        if (!domain.templates.emplace(id, std::move(known)).second) return false;
        charge(exporter, octets);
        exporter.template_octets += octets;
        ++exporter.templates;
    }
    return exporter.templates <= settings_.limits.templates &&
           exporter.template_octets <= settings_.limits.template_octets;
}

bool Exporters::State::restore_domains(ByteCursor& from, Exporter& exporter) {
    std::uint32_t count = 0;
    if (!get_count(
            from, settings_.limits.observation_domains + settings_.limits.transport_session_domains,
            count))
        return false;
    for (std::uint32_t i = 0; i < count; ++i) {
        std::uint64_t key = 0;
        std::uint64_t init = 0;
        auto domain = std::make_unique<ObservationDomain>(settings_.seed);
        if (!from.be64(key) || !from.be64(init) || !get(from, domain->last_seen)) return false;
        if (init > static_cast<std::uint64_t>(INT64_MAX) || !from.be64(domain->records))
            return false;
        domain->init_ms = static_cast<std::int64_t>(init);
        charge(exporter, ObservationDomain::cost);
        const auto [entry, fresh] = exporter.domains.emplace(key, std::move(domain));
        if (!fresh || !restore_templates(from, exporter, *entry->second)) return false;
    }
    return true;
}

bool Exporters::State::restore_streams(ByteCursor& from, Exporter& exporter) {
    std::uint32_t count = 0;
    if (!get_count(from, settings_.limits.streams, count)) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
        std::uint64_t key = 0;
        auto stream = std::make_unique<Stream>();
        if (!from.be64(key) || !get(from, stream->context) || !from.be64(stream->sampling))
            return false;
        if (!stream->sequence.restore(from) || !stream->drops.restore(from)) return false;
        charge(exporter, Stream::cost);
        if (!exporter.streams.emplace(key, std::move(stream)).second) return false;
    }
    return true;
}

bool Exporters::State::restore_samplers(ByteCursor& from, Exporter& exporter) {
    std::uint32_t count = 0;
    if (!get_count(from, settings_.limits.samplers, count)) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
        SamplerId key;
        std::uint8_t scope = 0;
        SamplerRate said;
        if (!from.be32(key.observation_domain) || !from.be16(key.transport_session) ||
            !from.u8(scope) || !from.be64(key.id))
            return false;
        if (!from.be64(said.rate) || !get(from, said.learned)) return false;
        if (scope > static_cast<std::uint8_t>(SamplerScope::observation_domain)) return false;
        key.scope = SamplerScope{scope};
        charge(exporter, sampler_cost);
        if (!exporter.samplers.emplace(key, said).second) return false;
    }
    return true;
}

bool Exporters::State::restore_names(ByteCursor& from, Exporter& exporter) {
    std::uint32_t count = 0;
    if (!get_count(from, settings_.limits.interfaces, count)) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
        std::uint64_t index = 0;
        std::string name;
        if (!from.be64(index) || !from.text(name) || name.size() > settings_.limits.name_octets)
            return false;
        charge(exporter, name_cost(settings_.limits.name_octets));
        if (!exporter.names.emplace(index, std::move(name)).second) return false;
    }
    return true;
}

bool Exporters::State::restore_waiting(ByteCursor& from, Exporter& exporter) {
    std::uint32_t count = 0;
    if (!from.be32(count)) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
        WaitingSet set;
        if (!from.be64(set.key.stream) || !from.be16(set.key.set) || !get(from, set.context) ||
            !get(from, set.origin))
            return false;
        if (!get(from, set.since) || !from.text(set.octets)) return false;
        const std::size_t octets = Waiting::cost(set.octets.size());
        if (exporter.waiting.octets() + octets > settings_.limits.pending_octets ||
            waiting_octets_ + octets > settings_.limits.pending_octets_total)
            return false;
        charge(exporter, octets);
        waiting_octets_ += octets;
        exporter.waiting.put(std::move(set));
    }
    return true;
}

bool Exporters::State::restore_exporter(ByteCursor& from) {
    Address address;
    if (!get(from, address) || registry_.find(address) != nullptr) return false;
    Exporter& exporter = registry_.add(address);
    charge(exporter, Exporter::cost);
    bool good = true;
    each_time(exporter, [&](UtcTime& t) { good = good && get(from, t); });
    each_figure(exporter, [&](std::uint64_t& value) { good = good && from.be64(value); });
    if (!good || !from.be32(exporter.protocols)) return false;
    registry_.touch(exporter);
    return restore_domains(from, exporter) && restore_streams(from, exporter) &&
           restore_samplers(from, exporter) && restore_names(from, exporter) &&
           restore_waiting(from, exporter);
}

bool Exporters::State::restore(ByteCursor& from) {
    std::uint32_t written = 0;
    if (!from.be32(written) || written != version) return false;
    bool good = true;
    each_counter(counters_, [&](std::uint64_t& value) { good = good && from.be64(value); });
    std::uint32_t count = 0;
    if (!good || !get_count(from, settings_.limits.exporters, count)) return false;
    for (std::uint32_t i = 0; i < count; ++i)
        if (!restore_exporter(from)) return false;
    return memory() <= memory_limit();
}

}  // namespace octroi::exporter
