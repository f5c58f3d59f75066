// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/input_log.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/log_limit.hpp"

namespace octroi::collector {
namespace {

// A kind for each thing that an operator does next: a flood of one does not hide the others.
constinit LimitedLog refused_senders("refused_sender");
constinit LimitedLog unknown_messages("unknown_protocol");
constinit LimitedLog malformed_messages("malformed_message");
constinit LimitedLog limited_messages("over_limit");
constinit LimitedLog missing_templates("missing_template");
constinit LimitedLog rate_notices("sampling_rate");
constinit LimitedLog unread_counts("unread_counts");
constinit LimitedLog start_notices("exporter_start");
constinit LimitedLog refused_connections("refused_connection");
constinit LimitedLog failed_connections("failed_connection");
constinit LimitedLog failed_accepts("failed_accept");

// Enough to recognise syslog, SNMP or NetFlow 8.
constexpr std::size_t shown_octets = 8;

std::string beginning(ByteSpan octets) {
    std::string hex;
    for (const std::byte octet : octets.first(std::min(octets.size(), shown_octets)))
        hex += fmt::format("{}{:02x}", hex.empty() ? "" : " ", std::to_integer<unsigned>(octet));
    return hex.empty() ? "empty" : "begins with " + hex;
}

std::string rate_text(std::uint64_t rate) {
    return rate == 0 ? std::string("none") : fmt::format("1:{}", rate);
}

std::string text_of_rate(const exporter::Notice& notice) {
    using Kind = exporter::Notice::Kind;
    if (notice.kind == Kind::rate_refused)
        return fmt::format(
            "stated a sampling rate that cannot be right{}: not applied. Next: state the rate "
            "(sampling in [[exporter]])",
            notice.rate == 0 ? "" : fmt::format(" ({})", rate_text(notice.rate)));
    const auto rates =
        fmt::format("{} instead of {}", rate_text(notice.rate), rate_text(notice.rate_before));
    if (notice.kind == Kind::rate_unconfirmed)
        return fmt::format(
            "stated the sampling rate {}: it applies when it is stated again. Next: if it is "
            "wrong, state the rate (sampling in [[exporter]])",
            rates);
    return fmt::format(
        "samples {} from now on. Next: compare with its configuration; if that is wrong, state the "
        "rate (sampling in [[exporter]])",
        rates);
}

}  // namespace

void InputLog::on_notice(const exporter::Notice& notice) const {
    using Kind = exporter::Notice::Kind;
    if (notice.kind == Kind::start_unconfirmed || notice.kind == Kind::start_changed)
        return on_start(notice);
    const bool is_rate = notice.kind != Kind::unread_counts;
    (is_rate ? rate_notices : unread_counts).warning([&] {
        const std::string text =
            is_rate ? text_of_rate(notice)
                    : fmt::format(
                          "template {} (enterprise/number) has counts in private elements only: "
                          "its records are not counted. Next: have it export octetDeltaCount (1)",
                          notice.elements);
        return fmt::format("meter {}: exporter {}, domain {}: {}", meter_,
                           to_string(notice.exporter), notice.observation_domain, text);
    });
}

void InputLog::on_start(const exporter::Notice& notice) const {
    start_notices.warning([&] {
        const bool has_changed = notice.kind == exporter::Notice::Kind::start_changed;
        return fmt::format(
            "meter {}: exporter {}, domain {}: {}", meter_, to_string(notice.exporter),
            notice.observation_domain,
            has_changed ? "states another start (element 160): uptimes count from it. Next: "
                          "nothing, if the exporter restarted"
                        : "stated another start (element 160) once: until it is repeated, records "
                          "with uptimes have the receive time. Next: find out whether the "
                          "exporter restarted");
    });
}

void InputLog::on_refused_sender(const journal::Message& message) const {
    refused_senders.warning([&] {
        return fmt::format(
            "meter {}: message of {} refused: `exporters` does not contain this address. "
            "Next: add it there if it is an exporter of yours",
            meter_, to_string(message.sender));
    });
}

void InputLog::on_refused_agent(const journal::Message& message) const {
    refused_senders.warning([&] {
        return fmt::format(
            "meter {}: sFlow datagram of {} refused: `exporters` does not contain the agent "
            "address in it. Next: add that address, or correct it on the exporter",
            meter_, to_string(message.sender));
    });
}

void InputLog::on_undecoded(const journal::Message& message, flow::Outcome outcome) const {
    const auto from = [&] { return to_string(message.sender); };
    if (outcome == flow::Outcome::unsupported) {
        unknown_messages.warning([&] {
            return fmt::format(
                "meter {}: datagram of {} is no complete NetFlow, IPFIX or sFlow 5 ({} octets, "
                "{}). "
                "Next: find out what that host sends to this port",
                meter_, from(), message.octets.size(), beginning(message.octets));
        });
    } else if (outcome == flow::Outcome::over_limit) {
        limited_messages.warning([&] {
            return fmt::format(
                "meter {}: message of {} exceeds a limit, a part was not used. Next: compare "
                "octroi meters --exporters with the limits in docs/flow-exports.md",
                meter_, from());
        });
    } else {
        malformed_messages.warning([&] {
            return fmt::format(
                "meter {}: message of {} is malformed, the part up to the error was used. Next: "
                "capture a few with tcpdump and read them with octroi inspect flow",
                meter_, from());
        });
    }
}

void InputLog::on_missing_template(std::uint64_t sets, const Address* from) const {
    missing_templates.warning([&] {
        return fmt::format(
            "meter {}: {} data set{} of {} dropped: no template arrived for them. Next: have the "
            "exporter send its templates every minute",
            meter_, sets, sets == 1 ? "" : "s",
            from != nullptr ? to_string(*from) : "silent exporters");
    });
}

void InputLog::on_refused_connection(const Address& peer, std::uint16_t port,
                                     std::string_view why) const {
    refused_connections.warning([&] {
        return fmt::format("meter {}: connection of {} port {} refused: {}", meter_,
                           to_string(peer), port, why);
    });
}

void InputLog::on_failed_connection(const Address& peer, std::uint16_t port,
                                    std::string_view why) const {
    failed_connections.warning([&] {
        return fmt::format("meter {}: connection of {} port {} ended: {}", meter_, to_string(peer),
                           port, why);
    });
}

void InputLog::on_failed_accept(std::string_view why) const {
    failed_accepts.warning([&] {
        return fmt::format("meter {}: {}. Next: raise the limit of open files (LimitNOFILE)",
                           meter_, why);
    });
}

}  // namespace octroi::collector
