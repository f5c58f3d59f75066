// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Decodes the sets of a NetFlow v9 or IPFIX message: templates into the cache of the observation
// domain, data into flow records, options data into rates, names and times of the exporter. Data
// sets without a template are kept until it arrives.

#include <cstdint>
#include <span>

#include "wire/exporter/counters.hpp"
#include "wire/exporter/decode_context.hpp"
#include "wire/exporter/exporter_registry.hpp"
#include "wire/exporter/limits.hpp"
#include "wire/exporter/notices.hpp"
#include "wire/exporter/options_decoder.hpp"
#include "wire/exporter/record_output.hpp"
#include "wire/exporter/sampling_rates.hpp"
#include "wire/exporter/settings.hpp"
#include "wire/ipfix/template.hpp"

namespace octroi::exporter {

class SetDecoder {
public:
    // All must outlive the object.
    SetDecoder(const Settings& settings, const SamplingRates& fallback, ExporterRegistry& registry,
               RecordOutput& output, Counters& counters, Notices& notices);

    // `sets`: the message without its header. Sets context.data_records, outcome and over_limit;
    // the records have gone to the sink when it returns.
    void decode(ByteSpan sets, DecodeContext& context);

private:
    [[nodiscard]] ObservationDomain* domain_of(StreamKey key, DecodeContext& context);
    [[nodiscard]] bool admit_domain(StreamKey key, DecodeContext& context);
    void skip(ByteSpan sets, DecodeContext& context);
    void decode_set(const ipfix::Set& set, DecodeContext& context);
    [[nodiscard]] const CachedTemplate* template_of(const ipfix::Set& set, DecodeContext& context);
    void decode_with(const CachedTemplate& cached, ByteSpan content, DecodeContext& context);
    void decode_data(const CachedTemplate& cached, ByteSpan content, DecodeContext& context);
    void count_refused_rates(std::span<const flow::FlowRecord> records, DecodeContext& context);
    void decode_sections_of(std::span<flow::FlowRecord> records, DecodeContext& context);
    void decode_templates(const ipfix::Set& set, bool options, DecodeContext& context);
    void on_template(const ipfix::Template& definition, DecodeContext& context);
    void on_withdrawal(std::uint16_t id, bool options, DecodeContext& context);
    [[nodiscard]] bool reserve_template(std::size_t octets, DecodeContext& context);
    void keep_pending(const ipfix::Set& set, DecodeContext& context);
    void resume_pending(const CachedTemplate& cached, DecodeContext& context);
    void on_limit(DecodeContext& context) noexcept;

    const Settings& settings_;
    const Limits& limits_;
    const SamplingRates& fallback_;
    ExporterRegistry& registry_;
    RecordOutput& output_;
    Counters& counters_;
    Notices& notices_;
    OptionsDecoder options_;
    ipfix::Template definition_;  // the template being read: its memory is reused
};

}  // namespace octroi::exporter
