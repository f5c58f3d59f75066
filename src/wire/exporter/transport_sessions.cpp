// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/transport_sessions.hpp"

#include <vector>

#include "wire/exporter/gap_reporter.hpp"

namespace octroi::exporter {
namespace {

// Collected first: dropping changes the table.
template <typename Of>
std::vector<StreamKey> keys_of(const Of& all, std::uint16_t session) {
    std::vector<StreamKey> keys;
    all.each([&](StreamKey key, const auto&) {
        if (transport_session_of(key) == session) keys.push_back(key);
    });
    return keys;
}

}  // namespace

void drop_transport_session(Exporter& exporter, std::uint16_t session, Counters& counters,
                            flow::RecordSink& sink) {
    GapReporter gaps(exporter, counters, sink);
    for (const StreamKey key : keys_of(exporter.streams, session)) {
        gaps.report_all(*exporter.streams.find(key));
        exporter.streams.drop(key);
    }
    for (const StreamKey key : keys_of(exporter.domains, session)) {
        count_dropped(exporter.pending.drop_stream(key), exporter, counters);
        exporter.domains.drop(key);
    }
    exporter.samplers.drop_transport_session(session);
}

std::map<std::uint16_t, flow::MessageContext> open_transport_sessions(const Exporter& exporter) {
    std::map<std::uint16_t, flow::MessageContext> open;
    exporter.domains.each([&](StreamKey key, const ObservationDomain& domain) {
        if (transport_session_of(key) != 0)
            open.try_emplace(
                transport_session_of(key),
                flow::MessageContext{.exporter = exporter.address, .received = domain.last_seen});
    });
    exporter.streams.each([&](StreamKey key, const MessageStream& stream) {
        if (transport_session_of(key) == 0) return;
        flow::MessageContext& last = open[transport_session_of(key)];
        if (last.received <= stream.context.received) last = stream.context;
    });
    return open;
}

}  // namespace octroi::exporter
