// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/rate_lookup.hpp"

namespace octroi::exporter {
namespace {

using flow::Field;
using flow::FlowRecord;

// The interface where the flow was metered. Element 61: 1 is egress.
std::uint32_t metered_at(const FlowRecord& record) noexcept {
    return record.has(Field::direction) && record.direction == 1 ? record.out_if : record.in_if;
}

}  // namespace

std::uint64_t RateLookup::stated(const SamplerId& id) const {
    if (const std::uint64_t* rate = exporter_.samplers.find(id)) return *rate;
    if (fallback_.empty()) return 0;
    return fallback_.find(
        {exporter_.address, id.observation_domain, id.transport_session, id.scope, id.id});
}

std::uint64_t RateLookup::stated(SamplerScope scope, std::uint64_t id) const {
    SamplerId sampler{message_.observation_domain, message_.transport_session, scope, id};
    std::uint64_t rate = stated(sampler);
    if (rate == 0 && sampler.observation_domain != 0) {
        sampler.observation_domain = 0;
        rate = stated(sampler);
    }
    return rate != 0 ? rate : stated_in_any_domain(sampler);
}

std::uint64_t RateLookup::stated_in_any_domain(const SamplerId& id) const {
    const std::uint64_t rate = exporter_.samplers.find_in_any_domain(id);
    // A file may state rates behind the records: those of all domains are in the fallback.
    if (fallback_.empty()) return rate;
    const std::uint64_t later =
        fallback_.find_in_any_domain({exporter_.address, 0, id.transport_session, id.scope, id.id});
    return rate == 0 || rate == later ? later : 0;
}

std::uint64_t RateLookup::rate_of(const FlowRecord& record, std::uint16_t template_id) const {
    if (record.has(Field::sampler)) {
        const std::uint64_t rate = stated(SamplerScope::selector, record.sampler);
        // Exporters write sampler 0 where no sampler was at work.
        if (rate != 0 || record.sampler != 0) return rate;
    }
    if (record.has(Field::in_if) || record.has(Field::out_if)) {
        const std::uint64_t rate = stated(SamplerScope::interface, metered_at(record));
        if (rate != 0) return rate;
    }
    const std::uint64_t rate = stated(SamplerScope::template_, template_id);
    return rate != 0 ? rate : stated(SamplerScope::observation_domain, 0);
}

void RateLookup::apply(std::span<FlowRecord> records, std::uint16_t template_id) const {
    if (exporter_.samplers.empty() && fallback_.empty()) return;
    const FlowRecord* before = nullptr;  // the record of the last lookup
    std::uint64_t rate = 0;
    for (FlowRecord& record : records) {
        if (record.has(Field::sampling)) continue;
        if (before == nullptr || before->sampler != record.sampler ||
            metered_at(*before) != metered_at(record))
            rate = rate_of(record, template_id);
        before = &record;
        record.sampling = rate;
        if (rate != 0) record.fields |= flow::bit(Field::sampling);
    }
}

}  // namespace octroi::exporter
