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

}  // namespace

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
