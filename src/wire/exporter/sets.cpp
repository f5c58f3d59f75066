// SPDX-License-Identifier: GPL-3.0-or-later
// What the sets of NetFlow v9 and IPFIX hold: templates, options, data.

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "wire/exporter/state.hpp"

namespace octroi::exporter {
namespace {

using flow::Field;
using flow::FlowRecord;
using flow::Outcome;

// What UtcTime can hold.
constexpr std::uint64_t most_ms = static_cast<std::uint64_t>(INT64_MAX / 1'000'000);

// The interface at which the flow was seen.
std::uint32_t metered_at(const FlowRecord& record) noexcept {
    return record.has(Field::direction) && record.direction == 1 ? record.out_if : record.in_if;
}

}  // namespace

void Exporters::State::take_set(const ipfix::Set& set, DecodeContext& context) {
    if (set.id == ipfix::template_set(context.dialect)) {
        take_templates(set, false, context);
    } else if (set.id == ipfix::options_template_set(context.dialect)) {
        take_templates(set, true, context);
    } else if (set.id >= ipfix::first_template_id) {
        const CachedTemplate* known = context.observation_domain->find(set.id);
        if (known == nullptr) {
            put_aside(set, context);
        } else if (known->from.options) {
            take_options(known->from, set.content, context);
        } else {
            take_data(*known, set.content, context);
        }
    }
    // Other ids are reserved (RFC 7011 section 3.3.2).
}

void Exporters::State::take_templates(const ipfix::Set& set, bool options, DecodeContext& context) {
    using Step = ipfix::TemplateReader::Step;
    ipfix::TemplateReader reader(set.content, context.dialect, options);
    for (;;) {
        switch (reader.next(read_)) {
            case Step::announced:
                announce(read_, context);
                break;
            case Step::withdrawn:
                withdraw(read_.id, options, context);
                break;
            case Step::over_limit:
                over_limit(context);
                break;
            case Step::malformed:
                context.outcome = worse(context.outcome, Outcome::malformed);
                return;
            case Step::end:
                return;
        }
    }
}

void Exporters::State::withdraw(std::uint16_t id, bool options, DecodeContext& context) {
    hand_over(context);
    if (id >= ipfix::first_template_id) {
        forget_template(context.exporter, *context.observation_domain, id);
        return;
    }
    // RFC 7011 section 8.1: the set's own id stands for all templates of that kind.
    if (id != (options ? ipfix::options_template_set(context.dialect)
                       : ipfix::template_set(context.dialect)))
        return;
    std::vector<std::uint16_t> ids;
    for (const auto& [key, known] : context.observation_domain->templates)
        if (known->from.options == options) ids.push_back(known->from.id);
    for (const std::uint16_t each : ids)
        forget_template(context.exporter, *context.observation_domain, each);
}

void Exporters::State::announce(const ipfix::Template& from, DecodeContext& context) {
    ++counters_.templates;
    ObservationDomain& domain = *context.observation_domain;
    CachedTemplate* known = domain.find(from.id);
    if (known != nullptr && known->from == from) {
        known->announced = context.message.received;
        return;
    }
    auto fresh = std::make_unique<CachedTemplate>();
    fresh->from = from;
    fresh->from.fields.shrink_to_fit();
    if (!from.options) fresh->plan = ipfix::compile(from, settings_.wanted);
    fresh->announced = context.message.received;
    forget_template(context.exporter, domain, from.id);
    const std::size_t octets = fresh->octets();
    if (!room_for_template(octets, context)) return over_limit(context);
    charge(context.exporter, octets);
    context.exporter.template_octets += octets;
    ++context.exporter.templates;
    domain.templates.emplace(from.id, std::move(fresh));
    resume(from.id, context);
}

void Exporters::State::hand_over(DecodeContext& context) {
    if (batch_.empty()) return;
    const std::size_t count = batch_.records().size();
    counters_.records += count;
    context.exporter.records += count;
    if (context.observation_domain != nullptr) context.observation_domain->records += count;
    context.sink.records(context.message, std::as_const(batch_).records());
    batch_.clear();
}

void Exporters::State::take_data(const CachedTemplate& known, ByteSpan content,
                                 DecodeContext& context) {
    ByteCursor cursor(content);
    std::uint64_t counted = 0;
    for (;;) {
        const std::size_t before = batch_.records().size();
        const ipfix::Fill fill = ipfix::fill(known.plan, cursor, context.origin, batch_, counted);
        set_rates(batch_.records().subspan(before), known.from.id, context);
        if (fill == ipfix::Fill::full) {
            hand_over(context);
            continue;
        }
        if (context.counted) *context.counted += counted;
        if (fill == ipfix::Fill::malformed) {
            context.outcome = worse(context.outcome, Outcome::malformed);
            context.counted.reset();
        }
        return;
    }
}

void Exporters::State::take_options(const ipfix::Template& from, ByteSpan content,
                                    DecodeContext& context) {
    ByteCursor cursor(content);
    ipfix::OptionsRecord record;
    while (ipfix::read_options(from, cursor, record)) {
        ++counters_.options_records;
        if (context.counted) ++*context.counted;
        learn(record, context);
    }
}

void Exporters::State::learn(const ipfix::OptionsRecord& record, DecodeContext& context) {
    if (record.sampling != 0 || record.unsampled) learn_rate(record, context);
    if (record.interface && (!record.name.empty() || !record.description.empty()))
        learn_name(record, context);
    if (record.init_ms != 0 && record.init_ms <= most_ms) {
        context.observation_domain->init_ms = static_cast<std::int64_t>(record.init_ms);
        context.origin.init_ms = context.observation_domain->init_ms;
    }
}

void Exporters::State::learn_rate(const ipfix::OptionsRecord& record, DecodeContext& context) {
    SamplerId key{.observation_domain = context.message.observation_domain,
                  .transport_session = context.message.transport_session};
    if (record.selector) {
        key.scope = SamplerScope::selector;
        key.id = *record.selector;
    } else if (record.interface) {
        key.scope = SamplerScope::interface;
        key.id = *record.interface;
    } else if (record.template_id) {
        key.scope = SamplerScope::template_;
        key.id = *record.template_id;
    }
    Exporter& exporter = context.exporter;
    if (const auto found = exporter.samplers.find(key); found != exporter.samplers.end()) {
        // 0 says as much as 1 where a rate was known; elsewhere, that nothing is said here.
        found->second = {std::max<std::uint64_t>(record.sampling, 1), context.message.received};
        return;
    }
    if (record.sampling == 0) return;
    if (exporter.samplers.size() >= settings_.limits.samplers ||
        !make_room(sampler_cost, exporter, context.sink))
        return over_limit(context);
    charge(exporter, sampler_cost);
    exporter.samplers.emplace(key, SamplerRate{record.sampling, context.message.received});
}

void Exporters::State::learn_name(const ipfix::OptionsRecord& record, DecodeContext& context) {
    const std::string_view said = record.name.empty() ? record.description : record.name;
    const std::string_view name = said.substr(0, settings_.limits.name_octets);
    Exporter& exporter = context.exporter;
    const auto found = exporter.names.find(*record.interface);
    if (found != exporter.names.end()) {
        found->second = name;
        return;
    }
    const std::size_t octets = name_cost(settings_.limits.name_octets);
    if (exporter.names.size() >= settings_.limits.interfaces ||
        !make_room(octets, exporter, context.sink))
        return over_limit(context);
    charge(exporter, octets);
    exporter.names.emplace(*record.interface, std::string(name));
}

void Exporters::State::put_aside(const ipfix::Set& set, DecodeContext& context) {
    context.counted.reset();
    Exporter& exporter = context.exporter;
    // A set that was cut off is not kept: nobody knows what its octets are.
    if (!set.whole) {
        ++counters_.dropped;
        ++exporter.undecodable;
        return;
    }
    const Limits& limits = settings_.limits;
    const std::size_t octets = Waiting::cost(set.content.size());
    const auto fits = [&] {
        return exporter.waiting.octets() + octets <= limits.pending_octets &&
               waiting_octets_ + octets <= limits.pending_octets_total;
    };
    // The newest are the likeliest to see their template: the oldest of the same exporter go.
    while (!fits() && drop_oldest_waiting(exporter)) {
    }
    if (!fits() || !make_room(octets, exporter, context.sink)) {
        ++counters_.dropped;
        ++exporter.undecodable;
        context.over_limit = true;
        return;
    }
    charge(exporter, octets);
    waiting_octets_ += octets;
    ++counters_.pending;
    WaitingSet waiting;
    waiting.key = {stream_key(context.message), set.id};
    waiting.context = context.message;
    waiting.origin = context.origin;
    waiting.since = context.message.received;
    waiting.octets.assign(reinterpret_cast<const char*>(set.content.data()), set.content.size());
    exporter.waiting.put(std::move(waiting));
}

// Decodes what waited for the template that has just come, as parts of their own messages.
void Exporters::State::resume(std::uint16_t id, DecodeContext& context) {
    Exporter& exporter = context.exporter;
    if (exporter.waiting.empty()) return;
    const std::size_t before = exporter.waiting.octets();
    const std::vector<WaitingSet> sets = exporter.waiting.take({stream_key(context.message), id});
    waiting_octets_ -= before - exporter.waiting.octets();
    release(exporter, before - exporter.waiting.octets());
    if (sets.empty()) return;
    hand_over(context);
    const CachedTemplate* known = context.observation_domain->find(id);
    for (const WaitingSet& set : sets) {
        ++counters_.resumed;
        DecodeContext then{.exporter = exporter,
                           .sink = context.sink,
                           .message = set.context,
                           .origin = set.origin};
        then.dialect = context.dialect;
        then.observation_domain = context.observation_domain;
        then.origin.init_ms = context.observation_domain->init_ms;
        if (known->from.options) {
            take_options(known->from, as_octets(set.octets), then);
        } else {
            take_data(*known, as_octets(set.octets), then);
        }
        hand_over(then);
        context.outcome = worse(context.outcome, then.outcome);
        context.over_limit = context.over_limit || then.over_limit;
    }
    context.origin.init_ms = context.observation_domain->init_ms;
}

std::uint64_t Exporters::State::rate_by(SamplerScope scope, std::uint64_t id,
                                        const DecodeContext& context) const {
    const Samplers& samplers = context.exporter.samplers;
    const auto of_domain = [&](std::uint32_t domain) -> std::uint64_t {
        const auto found =
            samplers.find(SamplerId{domain, context.message.transport_session, scope, id});
        if (found != samplers.end()) return found->second.rate;
        if (fallback_.empty()) return 0;
        return fallback_.find(
            {context.exporter.address, domain, context.message.transport_session, scope, id});
    };
    const std::uint64_t rate = of_domain(context.message.observation_domain);
    // ObservationDomain 0 is the whole exporter (RFC 7011 section 3.1).
    return rate != 0 || context.message.observation_domain == 0 ? rate : of_domain(0);
}

std::uint64_t Exporters::State::rate_of(const FlowRecord& record, std::uint16_t set,
                                        const DecodeContext& context) const {
    if (record.has(Field::sampler)) {
        const std::uint64_t rate = rate_by(SamplerScope::selector, record.sampler, context);
        // It was sampled by something that is not known (yet): no other rate is its own. 0 is what
        // exporters write when no sampler was at work.
        if (rate != 0 || record.sampler != 0) return rate;
    }
    if (record.has(Field::in_if) || record.has(Field::out_if)) {
        const std::uint64_t rate = rate_by(SamplerScope::interface, metered_at(record), context);
        if (rate != 0) return rate;
    }
    const std::uint64_t rate = rate_by(SamplerScope::template_, set, context);
    return rate != 0 ? rate : rate_by(SamplerScope::observation_domain, 0, context);
}

void Exporters::State::set_rates(std::span<FlowRecord> records, std::uint16_t set,
                                 const DecodeContext& context) {
    if (context.exporter.samplers.empty() && fallback_.empty()) return;
    const FlowRecord* asked = nullptr;  // the record whose rate is known
    std::uint64_t rate = 0;
    for (FlowRecord& record : records) {
        if (record.has(Field::sampling)) continue;
        if (asked == nullptr || asked->sampler != record.sampler ||
            metered_at(*asked) != metered_at(record))
            rate = rate_of(record, set, context);
        asked = &record;
        record.sampling = rate;
        if (rate != 0) record.fields |= flow::bit(Field::sampling);
    }
}

}  // namespace octroi::exporter
