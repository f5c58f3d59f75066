// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The transport sessions (RFC 7011 section 10.4: TCP connections) of one exporter. A session is no
// object of its own: it is part of the keys of observation domains, streams and samplers, and ends
// when they are dropped (RFC 7011 section 8: templates end with their session).

#include <cstdint>
#include <map>

#include "wire/exporter/counters.hpp"
#include "wire/exporter/exporter_state.hpp"
#include "wire/flow/record_sink.hpp"

namespace octroi::exporter {

// Drops the observation domains with their templates, the streams, the rates and the pending sets
// of the session, after its gaps have gone to the sink. Nothing happens if the session is not
// known.
void drop_transport_session(Exporter& exporter, std::uint16_t session, Counters& counters,
                            flow::RecordSink& sink);

// All sessions that something is kept for, each with the context of its last message. Where a
// session has no stream, only the exporter and the time of the last message are known.
[[nodiscard]] std::map<std::uint16_t, flow::MessageContext> open_transport_sessions(
    const Exporter& exporter);

}  // namespace octroi::exporter
