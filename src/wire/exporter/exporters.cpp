// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/exporters.hpp"

#include <utility>

#include "wire/exporter/state.hpp"

namespace octroi::exporter {

Exporters::State::State(const Settings& settings)
    : settings_(settings), registry_(settings.limits, settings.seed) {}

Exporters::Exporters(const Settings& settings) : state_(std::make_unique<State>(settings)) {}
Exporters::Exporters(Exporters&&) noexcept = default;
Exporters& Exporters::operator=(Exporters&&) noexcept = default;
Exporters::~Exporters() = default;

flow::Outcome Exporters::decode(const Datagram& datagram, flow::RecordSink& sink) {
    return state_->decode(datagram, sink);
}

flow::Outcome Exporters::decode_message(const Datagram& message, flow::RecordSink& sink) {
    return state_->decode_message(message, sink);
}

void Exporters::end_transport_session(const Address& from, std::uint16_t session,
                                      flow::RecordSink& sink) {
    state_->end_transport_session(from, session, sink);
}

void Exporters::end_all_transport_sessions(UtcTime now, flow::RecordSink& sink) {
    state_->end_all_transport_sessions(now, sink);
}

void Exporters::flush(flow::RecordSink& sink) { state_->flush(sink); }

void Exporters::expire(UtcTime now, flow::RecordSink& sink) { state_->expire(now, sink); }

SamplingTable Exporters::sampling() const { return state_->sampling(); }

void Exporters::set_fallback(SamplingTable table) { state_->set_fallback(std::move(table)); }

std::string_view Exporters::interface_name(const Address& exporter, std::uint32_t if_index) const {
    return state_->interface_name(exporter, if_index);
}

const Counters& Exporters::counters() const noexcept { return state_->counters(); }

std::vector<ExporterStatus> Exporters::status() const { return state_->status(); }

std::vector<InterfaceName> Exporters::interface_names() const { return state_->interface_names(); }

std::size_t Exporters::memory() const noexcept { return state_->memory(); }

std::size_t Exporters::memory_limit() const noexcept { return state_->memory_limit(); }

std::string Exporters::save() const {
    ByteWriter to;
    state_->save(to);
    return to.drain();
}

Result<Exporters> Exporters::restore(std::string_view saved, const Settings& settings) {
    Exporters out(settings);
    ByteCursor from(as_octets(saved));
    if (!out.state_->restore(from) || from.left() != 0)
        return fail(ErrorCode::corrupt,
                    "the saved state of exporters is damaged, of another version, or larger than "
                    "the limits");
    return out;
}

}  // namespace octroi::exporter
