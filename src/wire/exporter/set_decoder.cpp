// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/set_decoder.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "wire/exporter/packet_sections.hpp"
#include "wire/exporter/rate_lookup.hpp"
#include "wire/exporter/transport_sessions.hpp"
#include "wire/flow/out_counters.hpp"
#include "wire/ipfix/unread_counts.hpp"

namespace octroi::exporter {

using flow::Outcome;

namespace {

// Whether two messages of NetFlow v9 are of an exporter that was not restarted between them, by the
// time when it started. IPFIX states no such time with its messages.
bool is_same_run(const ipfix::Origin& a, const ipfix::Origin& b) noexcept {
    if (!a.has_uptime || !b.has_uptime) return true;
    const auto start = [](const ipfix::Origin& origin) {
        return origin.exported - Duration::milliseconds(origin.uptime_ms);
    };
    // Clocks of exporters are set, and uptimes wrap after 49 days.
    constexpr Duration slack = Duration::minutes(5);
    const Duration apart = start(a) - start(b);
    const std::int64_t wrap_ms = std::int64_t{1} << 32U;
    const std::int64_t off_ms = std::abs(apart.ns / 1'000'000);
    return std::min(off_ms, std::abs(off_ms - wrap_ms)) <= slack.ns / 1'000'000;
}

}  // namespace

SetDecoder::SetDecoder(const Settings& settings, const SamplingRates& fallback,
                       ExporterRegistry& registry, RecordOutput& output, Counters& counters,
                       Notices& notices)
    : settings_(settings),
      limits_(settings.limits),
      fallback_(fallback),
      registry_(registry),
      output_(output),
      counters_(counters),
      notices_(notices),
      options_(settings.limits, registry, counters, notices) {}

void SetDecoder::decode(ByteSpan sets, DecodeContext& context) {
    context.observation_domain = domain_of(stream_key(context.message), context);
    if (context.observation_domain == nullptr) return skip(sets, context);
    context.observation_domain->last_seen = context.message.received;
    context.origin.exported = context.message.exported;
    context.origin.init_ms = context.observation_domain->start.ms();
    ipfix::SetReader reader(sets);
    ipfix::Set set;
    while (reader.next(set)) decode_set(set, context);
    output_.flush(context);
    context.worsen(reader.outcome());
    // Records behind a damaged set cannot be counted.
    if (reader.outcome() != Outcome::ok) context.data_records.reset();
}

void SetDecoder::skip(ByteSpan sets, DecodeContext& context) {
    context.data_records.reset();
    context.dropped_sets = true;
    ipfix::SetReader reader(sets);
    ipfix::Set set;
    while (reader.next(set))
        if (set.id >= ipfix::first_template_id) count_dropped(1, context.exporter, counters_);
}

ObservationDomain* SetDecoder::domain_of(StreamKey key, DecodeContext& context) {
    ObservationDomains& domains = context.exporter.domains;
    if (ObservationDomain* known = domains.find(key)) return known;
    if (!admit_domain(key, context) ||
        !registry_.reserve(ObservationDomain::cost, context.exporter, context.sink)) {
        on_limit(context);
        return nullptr;
    }
    return &domains.add(key);
}

bool SetDecoder::admit_domain(StreamKey key, DecodeContext& context) {
    Exporter& exporter = context.exporter;
    const auto [verdict, victim] = exporter.domains.admission(key, context.message.received);
    using Verdict = ObservationDomains::Admission::Verdict;
    switch (verdict) {
        case Verdict::free:
            return true;
        case Verdict::drop_domain:
            exporter.domains.drop(victim);
            return true;
        case Verdict::drop_session:
            drop_transport_session(exporter, transport_session_of(victim), counters_, context.sink);
            return true;
        case Verdict::refused:
            break;
    }
    return false;
}

void SetDecoder::decode_set(const ipfix::Set& set, DecodeContext& context) {
    if (set.id == ipfix::template_set(context.dialect)) {
        decode_templates(set, false, context);
    } else if (set.id == ipfix::options_template_set(context.dialect)) {
        decode_templates(set, true, context);
    } else if (set.id >= ipfix::first_template_id) {
        const CachedTemplate* cached = template_of(set, context);
        if (cached == nullptr) {
            keep_pending(set, context);
        } else {
            decode_with(*cached, set.content, context);
        }
    }
    // Other ids are reserved (RFC 7011 section 3.3.2).
}

// The template for a set from this port. One that another port announced must fit: a set of two
// exporters behind one address waits for its own.
const CachedTemplate* SetDecoder::template_of(const ipfix::Set& set, DecodeContext& context) {
    TemplateCache& templates = context.observation_domain->templates;
    const CachedTemplate* cached = templates.find(set.id, context.message.port);
    if (cached == nullptr || cached->port == context.message.port) return cached;
    return ipfix::fits(cached->plan, set.content.size()) ? cached : nullptr;
}

void SetDecoder::decode_with(const CachedTemplate& cached, ByteSpan content,
                             DecodeContext& context) {
    if (cached.definition.options) {
        options_.decode(cached.definition, content, context);
    } else {
        decode_data(cached, content, context);
    }
}

void SetDecoder::decode_data(const CachedTemplate& cached, ByteSpan content,
                             DecodeContext& context) {
    const RateLookup rates(context, fallback_);
    ipfix::Batch& batch = output_.batch();
    ByteCursor cursor(content);
    std::uint64_t records = 0;
    for (;;) {
        const std::size_t before = batch.records().size();
        const ipfix::Fill fill = ipfix::fill(cached.plan, cursor, context.origin, batch, records);
        const auto fresh = batch.records().subspan(before);
        if (cached.plan.section != flow::SectionKind::none) decode_sections_of(fresh, context);
        rates.apply(fresh, cached.definition.id);
        if ((cached.plan.finish & ipfix::Finish::sampling) != 0)
            count_refused_rates(fresh, context);
        if ((cached.plan.fields & flow::bit(flow::Field::out_bytes)) != 0)
            context.exporter.reverse_out +=
                static_cast<std::uint64_t>(std::ranges::count_if(fresh, flow::out_is_reverse));
        if (fill == ipfix::Fill::full) {
            output_.flush(context);
            continue;
        }
        if (context.data_records) *context.data_records += records;
        if (cached.has_unread_counts) {
            counters_.unread_counts += records;
            context.exporter.unread_counts += records;
        }
        if (fill == ipfix::Fill::malformed) {
            context.worsen(Outcome::malformed);
            context.data_records.reset();
        }
        return;
    }
}

void SetDecoder::decode_sections_of(std::span<flow::FlowRecord> records, DecodeContext& context) {
    decode_sections(records);
    const auto doubtful = static_cast<std::uint64_t>(
        std::ranges::count_if(records, &flow::FlowRecord::doubtful_length));
    counters_.doubtful_lengths += doubtful;
    context.exporter.doubtful_lengths += doubtful;
}

void SetDecoder::count_refused_rates(std::span<const flow::FlowRecord> records,
                                     DecodeContext& context) {
    const auto refused = std::ranges::count_if(records, &flow::FlowRecord::rate_refused);
    if (refused == 0) return;
    notices_.add(
        {Notice::Kind::rate_refused, context.message.exporter, context.message.observation_domain});
    counters_.refused_rates += static_cast<std::uint64_t>(refused);
    context.exporter.refused_rates += static_cast<std::uint64_t>(refused);
}

void SetDecoder::decode_templates(const ipfix::Set& set, bool options, DecodeContext& context) {
    using Step = ipfix::TemplateReader::Step;
    ipfix::TemplateReader reader(set.content, context.dialect, options);
    for (;;) {
        switch (reader.next(definition_)) {
            case Step::announced:
                on_template(definition_, context);
                break;
            case Step::withdrawn:
                on_withdrawal(definition_.id, options, context);
                break;
            case Step::over_limit:
                on_limit(context);
                break;
            case Step::malformed:
                context.worsen(Outcome::malformed);
                return;
            case Step::end:
                return;
        }
    }
}

void SetDecoder::on_withdrawal(std::uint16_t id, bool options, DecodeContext& context) {
    // RFC 7011 section 8.4: never over UDP, where anybody could send it in the exporter's name.
    if (context.message.transport_session == 0) {
        ++counters_.ignored_withdrawals;
        return;
    }
    TemplateCache& templates = context.observation_domain->templates;
    // RFC 7011 section 8.1: the id of the template set itself withdraws all templates of its kind.
    const std::uint16_t all = options ? ipfix::options_template_set(context.dialect)
                                      : ipfix::template_set(context.dialect);
    if (id >= ipfix::first_template_id)
        templates.withdraw(id);
    else if (id == all)
        templates.withdraw_all(options);
}

void SetDecoder::on_template(const ipfix::Template& definition, DecodeContext& context) {
    ++counters_.templates;
    ++context.template_records;
    TemplateCache& templates = context.observation_domain->templates;
    const std::uint16_t port = context.message.port;
    CachedTemplate* const known = templates.own(definition.id, port);
    // Over UDP each template is sent again every few minutes (RFC 7011 section 8.4): a repeated one
    // is not compiled again, and its pending sets were decoded the first time.
    if (known != nullptr && known->definition == definition) {
        known->announced = context.message.received;
        return;
    }
    auto fresh = compile_template(definition, settings_.wanted, context.message.received, port);
    if (!reserve_template(fresh->octets(), context)) {
        // The old definition would decode what follows into nonsense.
        if (known != nullptr) templates.withdraw(definition.id);
        return on_limit(context);
    }
    const CachedTemplate& cached = *fresh;
    if (cached.has_unread_counts)
        notices_.add({.kind = Notice::Kind::unread_counts,
                      .exporter = context.message.exporter,
                      .observation_domain = context.message.observation_domain,
                      .elements = ipfix::unread_counts(cached.definition, cached.plan)});
    templates.add(std::move(fresh));
    resume_pending(cached, context);
}

bool SetDecoder::reserve_template(std::size_t octets, DecodeContext& context) {
    Exporter& exporter = context.exporter;
    const auto fits = [&] { return exporter.domains.template_usage().fits(octets, limits_); };
    if (!fits()) exporter.domains.expire_templates(context.message.received);
    return fits() && registry_.reserve(octets, exporter, context.sink);
}

void SetDecoder::keep_pending(const ipfix::Set& set, DecodeContext& context) {
    // How many records the set holds is unknown, and so is the next sequence number.
    context.data_records.reset();
    Exporter& exporter = context.exporter;
    // Not kept if truncated: its message is damaged, and memory is for sets that can be decoded.
    context.dropped_sets = context.dropped_sets || !set.whole;
    if (!set.whole) return count_dropped(1, exporter, counters_);
    const std::size_t charge = PendingSets::cost(set.content.size());
    // The template of the newest set is the likeliest to arrive: older ones of the exporter go.
    while (!exporter.pending.fits(charge) && exporter.pending.drop_oldest())
        count_dropped(1, exporter, counters_);
    if (!exporter.pending.fits(charge) || !registry_.reserve(charge, exporter, context.sink)) {
        context.over_limit = context.dropped_sets = true;
        return count_dropped(1, exporter, counters_);
    }
    ++counters_.pending;
    PendingSet pending;
    pending.key = {stream_key(context.message), set.id};
    pending.context = context.message;
    pending.origin = context.origin;
    pending.since = context.message.received;
    pending.octets.assign(reinterpret_cast<const char*>(set.content.data()), set.content.size());
    exporter.pending.add(std::move(pending));
}

// Decodes the sets that were pending for the template that has just arrived, each set as a part of
// its own message.
void SetDecoder::resume_pending(const CachedTemplate& cached, DecodeContext& context) {
    if (context.exporter.pending.empty()) return;
    // Those of another port go on waiting if it announces templates itself, or if this one does not
    // fit them; those from before a restart, in any case.
    const auto is_theirs = [&](const PendingSet& set) {
        if (!is_same_run(set.origin, context.origin)) return false;
        return set.context.port == cached.port ||
               (!context.observation_domain->templates.has_any_of(set.context.port) &&
                ipfix::fits(cached.plan, set.octets.size()));
    };
    const std::vector<PendingSet> sets = context.exporter.pending.extract(
        {stream_key(context.message), cached.definition.id}, is_theirs);
    if (sets.empty()) return;
    // All records of a batch are handed over with the context of one message.
    output_.flush(context);
    for (const PendingSet& set : sets) {
        ++counters_.resumed;
        DecodeContext then{.exporter = context.exporter,
                           .sink = context.sink,
                           .message = set.context,
                           .origin = set.origin,
                           .dialect = context.dialect,
                           .observation_domain = context.observation_domain};
        then.origin.init_ms = context.observation_domain->start.ms();
        decode_with(cached, as_octets(set.octets), then);
        output_.flush(then);
        context.worsen(then.outcome);
        context.over_limit = context.over_limit || then.over_limit;
    }
    // Options among them may have stated when the exporter started.
    context.origin.init_ms = context.observation_domain->start.ms();
}

void SetDecoder::on_limit(DecodeContext& context) noexcept {
    ++counters_.over_limit;
    context.over_limit = true;
}

}  // namespace octroi::exporter
