// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/exporters.hpp"

#include <algorithm>
#include <utility>

#include "wire/exporter/exporter_registry.hpp"
#include "wire/exporter/gap_reporter.hpp"
#include "wire/exporter/message_decoder.hpp"
#include "wire/exporter/snapshot.hpp"
#include "wire/exporter/transport_sessions.hpp"

namespace octroi::exporter {

// The components refer to one another: they stay where they are when an Exporters is moved.
struct Exporters::State {
    explicit State(const Settings& from)
        : settings(from),
          registry(settings.limits, settings.seed, counters),
          decoder(settings, fallback, registry, unknown, counters, notices) {}

    // Memory beside that of exporters.
    [[nodiscard]] std::size_t fixed_octets() const noexcept {
        return sizeof(State) + fallback.entries().size() * sizeof(SamplingRates::Entry);
    }

    const Settings settings;
    Counters counters;
    SamplingRates fallback;
    ExporterRegistry registry;
    UnknownSenders unknown;
    Notices notices;
    MessageDecoder decoder;
};

Exporters::Exporters(const Settings& settings) : state_(std::make_unique<State>(settings)) {}
Exporters::Exporters(Exporters&&) noexcept = default;
Exporters& Exporters::operator=(Exporters&&) noexcept = default;
Exporters::~Exporters() = default;

flow::Outcome Exporters::decode(const Datagram& datagram, flow::RecordSink& sink) {
    return state_->decoder.decode(datagram, sink);
}

flow::Outcome Exporters::decode_message(const Datagram& message, flow::RecordSink& sink) {
    return state_->decoder.decode_message(message, sink);
}

void Exporters::end_transport_session(const Address& from, std::uint16_t session,
                                      flow::RecordSink& sink) {
    Exporter* const exporter = state_->registry.find(from);
    if (exporter != nullptr && session != 0)
        drop_transport_session(*exporter, session, state_->counters, sink);
}

void Exporters::end_all_transport_sessions(UtcTime now, flow::RecordSink& sink) {
    state_->registry.each([&](Exporter& exporter) {
        for (const auto& [session, last] : open_transport_sessions(exporter)) {
            drop_transport_session(exporter, session, state_->counters, sink);
            const UtcTime before = std::min(last.received, now);
            sink.gap(last, {flow::SequenceGap::Unit::records, 0, {before, now}});
        }
    });
}

void Exporters::flush(flow::RecordSink& sink) {
    state_->registry.each(
        [&](Exporter& exporter) { GapReporter(exporter, state_->counters, sink).report_all(); });
}

void Exporters::expire(UtcTime now, flow::RecordSink& sink) {
    Counters& counters = state_->counters;
    state_->registry.each([&](Exporter& exporter) {
        count_dropped(exporter.pending.expire(now), exporter, counters);
        const std::size_t rates = exporter.samplers.expire(now);
        counters.changed_rates += rates;
        exporter.changed_rates += rates;
        GapReporter gaps(exporter, counters, sink);
        exporter.streams.each(
            [&](StreamKey, MessageStream& stream) { gaps.report_expired(stream, now); });
    });
}

SamplingRates Exporters::sampling() const {
    std::vector<SamplingRates::Entry> entries;
    state_->registry.each([&](const Exporter& exporter) {
        // For a second pass over a file: where no rate was confirmed, the one that was stated,
        // unless another domain has a confirmed rate for the same sampler or interface.
        exporter.samplers.each([&](const SamplerId& id, std::uint64_t rate,
                                   std::uint64_t candidate) {
            if (rate == 0 && exporter.samplers.find_in_any_domain(id) != 0) return;
            entries.push_back(
                {{exporter.address, id.observation_domain, id.transport_session, id.scope, id.id},
                 rate != 0 ? rate : candidate});
        });
    });
    return SamplingRates(std::move(entries));
}

void Exporters::set_fallback(SamplingRates rates) { state_->fallback = std::move(rates); }

std::string_view Exporters::interface_name(const Address& exporter, std::uint32_t if_index) const {
    const Exporter* const known = state_->registry.find(exporter);
    return known == nullptr ? std::string_view() : known->names.find(if_index);
}

const Counters& Exporters::counters() const noexcept { return state_->counters; }

bool Exporters::has_notices() const noexcept { return !state_->notices.empty(); }

std::vector<Notice> Exporters::drain_notices() { return state_->notices.drain(); }

std::vector<ExporterStatus> Exporters::status() const {
    std::vector<ExporterStatus> out;
    out.reserve(state_->registry.size());
    state_->registry.each([&](const Exporter& exporter) { out.push_back(status_of(exporter)); });
    std::ranges::sort(out, {}, &ExporterStatus::address);
    return out;
}

std::vector<UnknownSender> Exporters::unknown_senders() const { return state_->unknown.list(); }

std::vector<InterfaceName> Exporters::interface_names() const {
    std::vector<InterfaceName> out;
    state_->registry.each([&](const Exporter& exporter) {
        exporter.names.each([&](std::uint64_t if_index, const std::string& name) {
            // Options data may state wider numbers than an ifIndex has.
            if (if_index <= UINT32_MAX)
                out.push_back({exporter.address, static_cast<std::uint32_t>(if_index), name});
        });
    });
    std::sort(out.begin(), out.end());
    return out;
}

std::size_t Exporters::memory() const noexcept {
    return state_->registry.memory() + state_->fixed_octets();
}

std::size_t Exporters::memory_limit() const noexcept {
    // A new exporter is admitted before its own cost is checked against the limit.
    const Limits& limits = state_->settings.limits;
    return limits.memory_octets + limits.exporters * Exporter::cost + state_->fixed_octets();
}

std::string Exporters::save() const {
    ByteWriter to;
    save_snapshot(state_->counters, state_->registry, to);
    state_->unknown.save(to);
    return to.drain();
}

Result<Exporters> Exporters::restore(std::string_view saved, const Settings& settings) {
    Exporters out(settings);
    ByteCursor from(as_octets(saved));
    State& state = *out.state_;
    const bool good = restore_snapshot(from, settings.wanted, state.counters, state.registry) &&
                      state.unknown.restore(from) && from.left() == 0;
    if (!good || out.memory() > out.memory_limit())
        return fail(ErrorCode::corrupt,
                    "saved state of exporters: damaged, of another version, or beyond the limits");
    return out;
}

}  // namespace octroi::exporter
