// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/options_decoder.hpp"

#include <algorithm>

#include "wire/flow/sampling_rate.hpp"

namespace octroi::exporter {
namespace {

// The largest element 160 that fits UtcTime.
constexpr std::uint64_t largest_init_ms = static_cast<std::uint64_t>(INT64_MAX / 1'000'000);

// The most specific scope that the record states.
SamplerId sampler_of(const ipfix::OptionsRecord& record, const flow::MessageContext& message) {
    SamplerId id{.observation_domain = message.observation_domain,
                 .transport_session = message.transport_session};
    if (record.selector) {
        id.scope = SamplerScope::selector;
        id.id = *record.selector;
    } else if (record.interface) {
        id.scope = SamplerScope::interface;
        id.id = *record.interface;
    } else if (record.template_id) {
        id.scope = SamplerScope::template_;
        id.id = *record.template_id;
    }
    return id;
}

}  // namespace

void OptionsDecoder::decode(const ipfix::Template& definition, ByteSpan set,
                            DecodeContext& context) {
    ByteCursor cursor(set);
    ipfix::OptionsRecord record;
    bool has_record = cursor.left() == 0;
    while (ipfix::read_options(definition, cursor, record)) {
        has_record = true;
        ++counters_.options_records;
        if (context.data_records) ++*context.data_records;
        on_record(record, context);
    }
    // Shorter than one record: the template is another one's.
    if (!has_record) context.worsen(flow::Outcome::malformed);
}

void OptionsDecoder::on_record(const ipfix::OptionsRecord& record, DecodeContext& context) {
    if (record.sampling != 0 || record.unsampled) on_rate(record, context);
    if (record.interface && (!record.name.empty() || !record.description.empty()))
        on_interface_name(record, context);
    if (record.init_ms != 0 && record.init_ms <= largest_init_ms)
        on_start(static_cast<std::int64_t>(record.init_ms), context);
}

void OptionsDecoder::on_start(std::int64_t ms, DecodeContext& context) {
    Exporter& exporter = context.exporter;
    ExporterStart& start = context.observation_domain->start;
    using Effect = ExporterStart::Effect;
    const SamplerTable::Trust trusted = trust(context);
    const Effect effect = start.state({.ms = ms,
                                       .received = context.message.received,
                                       .message = exporter.messages,
                                       .is_believed = trusted == SamplerTable::Trust::full,
                                       .is_usual = trusted != SamplerTable::Trust::confirm});
    context.origin.init_ms = start.ms();
    if (effect == Effect::unconfirmed) {
        ++counters_.unconfirmed_starts;
        ++exporter.unconfirmed_starts;
    }
    if (effect == Effect::unconfirmed || effect == Effect::changed)
        notices_.add({effect == Effect::changed ? Notice::Kind::start_changed
                                                : Notice::Kind::start_unconfirmed,
                      exporter.address, context.message.observation_domain});
}

void OptionsDecoder::on_rate(const ipfix::OptionsRecord& record, DecodeContext& context) {
    Exporter& exporter = context.exporter;
    const SamplerId id = sampler_of(record, context.message);
    std::uint64_t rate = flow::plausible_rate(record.sampling);
    if (rate == 0 && record.sampling != 0) {
        ++counters_.refused_rates;
        ++exporter.refused_rates;
        notices_.add(
            {Notice::Kind::rate_refused, exporter.address, id.observation_domain, record.sampling});
        return;
    }
    const bool is_known = exporter.samplers.knows(id);
    // An interval of 0 means "not sampled", as 1 does, if a rate was known. Otherwise it means that
    // the record states no rate.
    if (!is_known && rate == 0) return;
    rate = std::max<std::uint64_t>(rate, 1);
    if (!is_known && (exporter.samplers.size() >= limits_.samplers ||
                      !registry_.reserve(SamplerTable::cost(), exporter, context.sink)))
        return on_limit(context);
    const std::uint64_t* const applies = exporter.samplers.find(id);
    const std::uint64_t before = applies == nullptr ? 0 : *applies;
    using Effect = SamplerTable::Effect;
    const Effect effect = exporter.samplers.state(
        id, {rate, context.message.received, exporter.messages, trust(context)});
    if (effect == Effect::changed) {
        ++counters_.changed_rates;
        ++exporter.changed_rates;
        notices_.add(
            {Notice::Kind::rate_changed, exporter.address, id.observation_domain, rate, before});
    } else if (effect == Effect::unconfirmed) {
        ++counters_.unconfirmed_rates;
        ++exporter.unconfirmed_rates;
        notices_.add({Notice::Kind::rate_unconfirmed, exporter.address, id.observation_domain, rate,
                      before});
    }
}

// A new rate applies to records that had none, or had that of another domain, until now: to few, as
// long as the exporter is new.
SamplerTable::Trust OptionsDecoder::trust(const DecodeContext& context) const {
    using Trust = SamplerTable::Trust;
    const Exporter& exporter = context.exporter;
    if (context.message.transport_session != 0) return Trust::full;
    const bool is_usual =
        exporter.records < limits_.few_records || exporter.ports.is_usual(context.message.port);
    return is_usual ? Trust::usual : Trust::confirm;
}

void OptionsDecoder::on_interface_name(const ipfix::OptionsRecord& record, DecodeContext& context) {
    InterfaceNames& names = context.exporter.names;
    const std::string_view name = record.name.empty() ? record.description : record.name;
    if (names.update(*record.interface, name)) return;
    if (names.size() >= limits_.interfaces ||
        !registry_.reserve(names.cost(), context.exporter, context.sink))
        return on_limit(context);
    names.add(*record.interface, name);
}

void OptionsDecoder::on_limit(DecodeContext& context) noexcept {
    ++counters_.over_limit;
    context.over_limit = true;
}

}  // namespace octroi::exporter
