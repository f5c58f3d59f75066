// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Decodes options data sets and keeps what they state about the exporter: sampling rates, names of
// interfaces, and when the exporter started. Options records are no traffic: the sink gets none.

#include <cstdint>

#include "wire/exporter/counters.hpp"
#include "wire/exporter/decode_context.hpp"
#include "wire/exporter/exporter_registry.hpp"
#include "wire/exporter/limits.hpp"
#include "wire/exporter/notices.hpp"
#include "wire/ipfix/options.hpp"
#include "wire/ipfix/template.hpp"

namespace octroi::exporter {

class OptionsDecoder {
public:
    // All must outlive the object.
    OptionsDecoder(const Limits& limits, ExporterRegistry& registry, Counters& counters,
                   Notices& notices)
        : limits_(limits), registry_(registry), counters_(counters), notices_(notices) {}

    // `definition`: an options template. Updates context.origin where the start is stated.
    void decode(const ipfix::Template& definition, ByteSpan set, DecodeContext& context);

private:
    void on_record(const ipfix::OptionsRecord& record, DecodeContext& context);
    void on_start(std::int64_t ms, DecodeContext& context);
    void on_rate(const ipfix::OptionsRecord& record, DecodeContext& context);
    [[nodiscard]] SamplerTable::Trust trust(const DecodeContext& context) const;
    void on_interface_name(const ipfix::OptionsRecord& record, DecodeContext& context);
    void on_limit(DecodeContext& context) noexcept;

    const Limits& limits_;
    ExporterRegistry& registry_;
    Counters& counters_;
    Notices& notices_;
};

}  // namespace octroi::exporter
