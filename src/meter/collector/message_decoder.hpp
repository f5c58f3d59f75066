// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The messages of a journal become readings: wire/exporter decodes records, meter/normalize makes
// readings of them. One thread; no I/O, no clock.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"
#include "meter/collector/input_log.hpp"
#include "meter/journal/message.hpp"
#include "meter/normalize/flow_normalizer.hpp"
#include "record/counter.hpp"
#include "wire/exporter/exporters.hpp"

namespace octroi::collector {

// In the order of MessageDecoder::counters(); those of normalize::reading_counters follow.
inline constexpr std::array<CounterInfo, 24> message_counters = {{
    {"collector_datagrams_total", "Datagrams, and messages of streams, read from the journal."},
    {"collector_octets_total", "Octets of these datagrams and messages."},
    {"collector_refused_total", "Datagrams from senders that are not allowed: not decoded."},
    {"collector_messages_total", "Export messages in datagrams and streams, of all protocols."},
    {"collector_decoded_total", "Records decoded, without options data records."},
    {"collector_options_total", "Options data records decoded."},
    {"collector_templates_total", "Templates received."},
    {"collector_unknown_total", "Datagrams that are of no known protocol."},
    {"collector_malformed_total", "Messages or sets that are malformed; the rest was decoded."},
    {"collector_over_limit_total", "Templates, names and sets beyond the limits: not stored."},
    {"collector_waiting_total", "Data sets that arrived before their template."},
    {"collector_resumed_total", "Data sets decoded after their template arrived."},
    {"collector_given_up_total", "Data sets dropped without a template: recorded as a loss."},
    {"collector_repeated_total", "Datagrams received twice: counted once."},
    {"collector_restarts_total", "Restarts of exporters."},
    {"collector_lost_total", "Records, messages or samples lost, by sequence numbers."},
    {"collector_no_memory_total", "Datagrams of exporters for which there was no memory: a loss."},
    {"collector_rates_refused_total",
     "Sampling rates that cannot be right, in options data, records and samples: not applied."},
    {"collector_rates_unconfirmed_total",
     "Sampling rates in options data that do not apply until they are stated again."},
    {"collector_rates_changed_total", "Sampling rates that took the place of another one."},
    {"collector_withdrawals_ignored_total", "Withdrawals of templates over UDP: ignored."},
    {"collector_counts_unread_total",
     "Records with counts in private elements only, which are not known here: not counted."},
    {"collector_lengths_doubtful_total",
     "Sampled packets with a wrong frame length, or none: the length in their IP header counts."},
    {"collector_starts_unconfirmed_total",
     "Starts of exporters in options data that do not apply until they are stated again; until "
     "then records with uptimes have the receive time."},
}};

struct DecoderOptions {
    std::string meter;  // its name, for the log
    normalize::FlowPolicy policy;
    exporter::Limits limits;
    std::vector<Prefix> allowed;  // senders, and sFlow agents, that are accepted; empty: all
    std::uint64_t seed = 0;       // secret, for hash tables; has no influence on results
};

class MessageDecoder {
public:
    explicit MessageDecoder(DecoderOptions options);

    // Decodes one message. Its readings go to the sink of normalizer(); what could not be decoded
    // is counted and logged.
    void on_message(const journal::Message& message);
    // Ends the TCP sessions of an earlier process. Call it once, before the first message that this
    // process has received.
    void end_earlier_sessions(UtcTime now);
    // Drops data sets that waited too long and reports old gaps (exporter::Exporters::expire). Call
    // it at checkpoints.
    void expire(UtcTime now);
    // Reports all gaps in sequence numbers that are there now, however young.
    void end_gaps() { exporters_.flush(normalizer_); }
    // Adds a loss under `source` for all messages that could not be decoded since the last call,
    // and one for all data sets.
    void add_undecoded(const std::string& source, const Interval& interval,
                       std::vector<Loss>& losses);

    [[nodiscard]] normalize::FlowNormalizer& normalizer() noexcept { return normalizer_; }
    [[nodiscard]] const normalize::FlowNormalizer& normalizer() const noexcept {
        return normalizer_;
    }
    [[nodiscard]] const exporter::Exporters& exporters() const noexcept { return exporters_; }
    [[nodiscard]] std::vector<CounterValue> counters() const;

    // Restores what exporters().save() and normalizer().save() wrote; each part that can be read is
    // used, also if the other cannot. Errors: corrupt; the text states the consequence. path: for
    // the text.
    [[nodiscard]] Status restore(std::string_view exporters, std::string_view normalizer,
                                 const std::string& path);

private:
    [[nodiscard]] bool is_allowed(const Address& sender) const;
    [[nodiscard]] exporter::Settings settings() const;
    void log_undecoded(const journal::Message& message, flow::Outcome outcome);
    void log_missing_template(const Address* from);
    void log_notices();
    [[nodiscard]] std::array<std::uint64_t, 2> undecoded() const noexcept;

    DecoderOptions options_;
    InputLog log_;
    exporter::Exporters exporters_;
    normalize::FlowNormalizer normalizer_;
    std::array<std::uint64_t, 2> reported_undecoded_{};  // undecoded() at the last call
    std::uint64_t refused_ = 0;
    // exporter::Counters of the last message.
    std::uint64_t dropped_sets_ = 0;
    std::uint64_t refused_agents_ = 0;
};

}  // namespace octroi::collector
