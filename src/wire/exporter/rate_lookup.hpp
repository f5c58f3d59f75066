// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Gives flow records the sampling rate that applies to them, where they do not state one.
//
// In this order: the rate of the record's sampler; of the interface where the flow was metered; of
// the template; of the observation domain. Each first as stated in the record's own domain, then in
// domain 0, which stands for the whole exporter (RFC 7011 section 3.1), and those of samplers and
// interfaces then as all other domains state it that know the id; first as this exporter stated it,
// then by the fallback rates. A record that names a sampler with an unknown rate keeps
// none: it was sampled by something, and no other rate is its own.

#include <cstdint>
#include <span>

#include "wire/exporter/decode_context.hpp"
#include "wire/exporter/sampling_rates.hpp"
#include "wire/flow/flow_record.hpp"

namespace octroi::exporter {

// For the records of one message. Both must outlive the object.
class RateLookup {
public:
    RateLookup(const DecodeContext& context, const SamplingRates& fallback) noexcept
        : exporter_(context.exporter), message_(context.message), fallback_(fallback) {}

    // `template_id`: of the data set that the records come from. Looks once for a run of records of
    // the same sampler and interface.
    void apply(std::span<flow::FlowRecord> records, std::uint16_t template_id) const;

private:
    [[nodiscard]] std::uint64_t rate_of(const flow::FlowRecord& record,
                                        std::uint16_t template_id) const;
    [[nodiscard]] std::uint64_t stated(SamplerScope scope, std::uint64_t id) const;
    [[nodiscard]] std::uint64_t stated(const SamplerId& id) const;
    [[nodiscard]] std::uint64_t stated_in_any_domain(const SamplerId& id) const;

    const Exporter& exporter_;
    const flow::MessageContext& message_;
    const SamplingRates& fallback_;
};

}  // namespace octroi::exporter
