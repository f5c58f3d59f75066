// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// From datagrams of flow exports to flow records: NetFlow v1, v5, v7, v9, IPFIX and sFlow v5,
// recognised message by message.
//
// Templates, sampling rates, interface names, sequence numbers and data sets without a template are
// kept per exporter: per source ADDRESS and observation domain, never per UDP port. Over TCP all
// but interface names are also kept per transport session. All this state has limits (limits.hpp)
// and can be saved and restored.
//
//     Exporters exporters;
//     exporters.decode({octets, from, received}, sink);   // for each datagram
//     exporters.flush(sink);                              // at the end: gaps not reported yet
//
// No I/O, no clock: times come with the datagrams. Used by one thread at a time; several objects
// are independent of one another. The sink is called before a function returns, on the same thread;
// it must not call back.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "wire/exporter/counters.hpp"
#include "wire/exporter/datagram.hpp"
#include "wire/exporter/limits.hpp"
#include "wire/exporter/notices.hpp"
#include "wire/exporter/sampling_rates.hpp"
#include "wire/exporter/settings.hpp"
#include "wire/exporter/status.hpp"
#include "wire/exporter/unknown_senders.hpp"
#include "wire/flow/flow_record.hpp"
#include "wire/flow/outcome.hpp"
#include "wire/flow/record_sink.hpp"

namespace octroi::exporter {

class Exporters {
public:
    explicit Exporters(const Settings& settings = {});
    Exporters(Exporters&&) noexcept;
    Exporters& operator=(Exporters&&) noexcept;
    ~Exporters();

    // Decodes all messages of a datagram, of any protocol, in their order. Returns the worst
    // outcome. Records that could be decoded are in the sink, and the rest is counted, also after
    // an error: the caller has nothing to clean up.
    flow::Outcome decode(const Datagram& datagram, flow::RecordSink& sink);
    // Decodes one message of a transport session (RFC 7011 section 10.4): exactly one, and IPFIX.
    flow::Outcome decode_message(const Datagram& message, flow::RecordSink& sink);
    // The TCP connection was closed: its templates, rates and pending sets are dropped.
    void end_transport_session(const Address& from, std::uint16_t session, flow::RecordSink& sink);
    // All TCP connections are gone, with the process that held them. The sink gets a gap of unknown
    // size for each, because the last message sent is not known.
    void end_all_transport_sessions(UtcTime now, flow::RecordSink& sink);
    // Reports all gaps, also those that late messages might still fill. To be called at the end of
    // a file, and when a commit has to hold all losses.
    void flush(flow::RecordSink& sink);
    // Reports gaps 10 minutes after they were seen, and drops data sets after 30 minutes without
    // their template, also for exporters that send nothing more. To be called at checkpoints where
    // datagrams arrive live.
    void expire(UtcTime now, flow::RecordSink& sink);

    // All rates known from options data. In a file, options data may come after the data that they
    // apply to: a second pass uses the rates of the first pass where it has no others.
    [[nodiscard]] SamplingRates sampling() const;
    void set_fallback(SamplingRates rates);

    // Elements 82 and 83 of options data. "": not known. Valid until the next call of decode() or
    // decode_message().
    [[nodiscard]] std::string_view interface_name(const Address& exporter,
                                                  std::uint32_t if_index) const;

    [[nodiscard]] const Counters& counters() const noexcept;
    // What exporters stated since the last call, the first ones of many.
    [[nodiscard]] bool has_notices() const noexcept;
    [[nodiscard]] std::vector<Notice> drain_notices();
    [[nodiscard]] std::vector<ExporterStatus> status() const;  // by address
    [[nodiscard]] std::vector<UnknownSender> unknown_senders() const;
    [[nodiscard]] std::vector<InterfaceName> interface_names() const;  // by exporter and ifIndex
    // Octets of state now, and the most that these limits permit.
    [[nodiscard]] std::size_t memory() const noexcept;
    [[nodiscard]] std::size_t memory_limit() const noexcept;

    // All but settings and fallback, as octets (snapshot.hpp). restore() fails with
    // ErrorCode::corrupt on octets that save() did not write, or that do not fit the limits.
    [[nodiscard]] std::string save() const;
    [[nodiscard]] static Result<Exporters> restore(std::string_view saved,
                                                   const Settings& settings = {});

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace octroi::exporter
