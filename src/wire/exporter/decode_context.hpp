// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// One message while it is decoded: what all steps need and what they find out about it.

#include <cstdint>
#include <optional>

#include "wire/exporter/exporter_state.hpp"
#include "wire/flow/outcome.hpp"
#include "wire/flow/record_sink.hpp"
#include "wire/ipfix/run.hpp"
#include "wire/ipfix/template.hpp"

namespace octroi::exporter {

struct DecodeContext {
    Exporter& exporter;
    flow::RecordSink& sink;
    flow::MessageContext message;
    ipfix::Origin origin;
    ipfix::Dialect dialect = ipfix::Dialect::ipfix;
    // Of a message with templates, once it is known.
    ObservationDomain* observation_domain = nullptr;
    // Data records of the message, options records included; nothing once they cannot be counted.
    std::optional<std::uint64_t> data_records = 0;
    std::uint32_t template_records = 0;         // options templates included
    bool dropped_sets = false;                  // data sets were neither decoded nor kept
    flow::Outcome outcome = flow::Outcome::ok;  // without limits
    bool over_limit = false;                    // something was left out because of a limit

    void worsen(flow::Outcome with) noexcept { outcome = flow::worse(outcome, with); }
};

}  // namespace octroi::exporter
