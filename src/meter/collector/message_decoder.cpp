// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/message_decoder.hpp"

#include <utility>

namespace octroi::collector {

MessageDecoder::MessageDecoder(DecoderOptions options)
    : options_(std::move(options)),
      log_(options_.meter),
      exporters_(settings()),
      normalizer_(options_.policy, options_.seed) {}

exporter::Settings MessageDecoder::settings() const {
    return {.limits = options_.limits,
            .seed = options_.seed,
            .wanted = normalize::wanted_fields,
            .agents = options_.allowed};
}

bool MessageDecoder::is_allowed(const Address& sender) const {
    return options_.allowed.empty() || any_contains(options_.allowed, sender);
}

void MessageDecoder::on_message(const journal::Message& message) {
    // Checked here and not in the intake: the intake thread must do nothing but empty the sockets.
    if (!is_allowed(message.sender)) {
        ++refused_;
        log_.on_refused_sender(message);
        return;
    }
    flow::Outcome outcome = flow::Outcome::ok;
    switch (message.transport) {
        case journal::Transport::datagram:
            outcome = exporters_.decode({.octets = message.octets,
                                         .from = message.sender,
                                         .received = message.received,
                                         .port = message.port},
                                        normalizer_);
            break;
        case journal::Transport::stream:
            outcome = exporters_.decode_message(
                {message.octets, message.sender, message.received, message.port}, normalizer_);
            break;
        case journal::Transport::stream_end:
            exporters_.end_transport_session(message.sender, message.port, normalizer_);
            if (!message.octets.empty() && message.octets[0] == journal::stream_cut)
                normalizer_.on_cut_stream(message.sender, message.received);
            break;
    }
    log_undecoded(message, outcome);
}

// Exporters counts what it could not decode. Here it is only logged.
void MessageDecoder::log_undecoded(const journal::Message& message, flow::Outcome outcome) {
    const exporter::Counters& c = exporters_.counters();
    if (outcome != flow::Outcome::ok) log_.on_undecoded(message, outcome);
    if (c.refused_agents != refused_agents_) {
        refused_agents_ = c.refused_agents;
        log_.on_refused_agent(message);
    }
    if (c.dropped != dropped_sets_) log_missing_template(&message.sender);
    if (exporters_.has_notices()) log_notices();
}

void MessageDecoder::log_notices() {
    for (const exporter::Notice& notice : exporters_.drain_notices()) log_.on_notice(notice);
}

void MessageDecoder::log_missing_template(const Address* from) {
    const std::uint64_t dropped = exporters_.counters().dropped;
    log_.on_missing_template(dropped - std::exchange(dropped_sets_, dropped), from);
}

void MessageDecoder::expire(UtcTime now) {
    exporters_.expire(now, normalizer_);
    if (exporters_.counters().dropped != dropped_sets_) log_missing_template(nullptr);
}

void MessageDecoder::end_earlier_sessions(UtcTime now) {
    exporters_.end_all_transport_sessions(now, normalizer_);
}

std::array<std::uint64_t, 2> MessageDecoder::undecoded() const noexcept {
    const exporter::Counters& c = exporters_.counters();
    return {c.dropped, c.malformed + c.refused};
}

void MessageDecoder::add_undecoded(const std::string& source, const Interval& interval,
                                   std::vector<Loss>& losses) {
    constexpr std::array reasons{LossReason::no_template, LossReason::corrupt};
    const auto now = undecoded();
    for (std::size_t i = 0; i < reasons.size(); ++i) {
        if (now[i] > reported_undecoded_[i])
            losses.push_back(
                {source, reasons[i], interval, now[i] - reported_undecoded_[i], std::nullopt});
    }
    reported_undecoded_ = now;
}

// Each part by itself: if one was written by another version, the other is still good.
Status MessageDecoder::restore(std::string_view exporters, std::string_view normalizer,
                               const std::string& path) {
    auto restored = exporter::Exporters::restore(exporters, settings());
    const bool has_exporters = restored.has_value();
    if (has_exporters) exporters_ = *std::move(restored);
    // The counters are part of the state; losses up to here were reported by the process before.
    reported_undecoded_ = undecoded();
    dropped_sets_ = exporters_.counters().dropped;
    refused_agents_ = exporters_.counters().refused_agents;
    if (!normalizer_.restore(normalizer))
        return fail(ErrorCode::corrupt,
                    path +
                        " is damaged: flows that exporters report as running totals may count "
                        "twice");
    if (!has_exporters)
        return fail(ErrorCode::corrupt,
                    path +
                        " is damaged, or of another version: data that waited for templates, "
                        "missing messages and sampling rates are lost; templates and sampling are "
                        "learned again");
    return {};
}

std::vector<CounterValue> MessageDecoder::counters() const {
    const exporter::Counters& c = exporters_.counters();
    const std::array<std::uint64_t, message_counters.size()> values = {c.datagrams,
                                                                       c.octets,
                                                                       refused_ + c.refused_agents,
                                                                       c.messages,
                                                                       c.records,
                                                                       c.options_records,
                                                                       c.templates,
                                                                       c.unknown,
                                                                       c.malformed,
                                                                       c.over_limit,
                                                                       c.pending,
                                                                       c.resumed,
                                                                       c.dropped,
                                                                       c.duplicates,
                                                                       c.restarts,
                                                                       c.lost,
                                                                       c.refused,
                                                                       c.refused_rates,
                                                                       c.unconfirmed_rates,
                                                                       c.changed_rates,
                                                                       c.ignored_withdrawals,
                                                                       c.unread_counts,
                                                                       c.doubtful_lengths,
                                                                       c.unconfirmed_starts};
    std::vector<CounterValue> all;
    for (std::size_t i = 0; i < values.size(); ++i)
        all.push_back({message_counters[i].name, values[i]});
    const auto readings = normalizer_.counters();
    all.insert(all.end(), readings.begin(), readings.end());
    return all;
}

}  // namespace octroi::collector
