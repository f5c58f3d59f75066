// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>

#include "wire/log/fields.hpp"
#include "wire/log/packet_logs.hpp"
#include "wire/log/syslog_header.hpp"

namespace octroi::logline {
namespace {

struct ProtocolName {
    std::string_view name;
    std::uint8_t number;
};
constexpr std::array protocol_names{
    ProtocolName{"TCP", 6},     ProtocolName{"UDP", 17},      ProtocolName{"ICMP", 1},
    ProtocolName{"ICMPv6", 58}, ProtocolName{"ESP", 50},      ProtocolName{"AH", 51},
    ProtocolName{"GRE", 47},    ProtocolName{"UDPLITE", 136}, ProtocolName{"SCTP", 132},
};

// "TCP", or the number of a protocol that the kernel has no name for.
bool read_protocol(std::string_view text, std::uint8_t& number) {
    for (const ProtocolName& each : protocol_names) {
        if (each.name != text) continue;
        number = each.number;
        return true;
    }
    std::uint64_t value = 0;
    if (!parse_number(text, value) || value > UINT8_MAX) return false;
    number = static_cast<std::uint8_t>(value);
    return true;
}

class NetfilterReader final : public LineReader {
public:
    LineResult read(std::string_view line, Entry& entry) override {
        entry = {};
        if (line.size() > line_octets_max) return LineResult::bad(BadReason::too_long);
        SyslogHeader header;
        if (without_end(line).empty()) return LineResult::other();
        if (!read_syslog_header(line, header)) return LineResult::bad(BadReason::time);
        if (!is_writer(header)) return LineResult::other();
        const std::size_t begin = find_fields(header.message);
        const bool has_source = header.message.contains(" SRC=");
        if (begin == std::string_view::npos || !has_source) return LineResult::other();
        entry.time = header.time;
        entry.layer = LineLayer::ip;
        return read_fields(header.message.substr(begin), entry);
    }

private:
    // Only the kernel and ulogd write such lines; ulogd has no tag. Routers that send no host name
    // have the prefix of the rule in its place: "Jan  8 03:37:09 DENY: IN=eth0 …".
    static bool is_writer(const SyslogHeader& header) {
        if (header.program.empty() || header.program == "kernel" || header.program == "ulogd" ||
            header.program.contains('='))
            return true;
        return header.host.empty() && header.pid.empty() && header.message.starts_with("IN=");
    }

    // The offset of "IN=" behind the prefix of the rule, which may have the same letters.
    static std::size_t find_fields(std::string_view message) {
        const std::size_t out = message.find(" OUT=");
        return out == std::string_view::npos ? message.find("IN=") : message.rfind("IN=", out);
    }

    // The first of each field: behind the ports a UDP packet has its own LEN, and an ICMP error has
    // the packet that caused it in brackets.
    static LineResult read_fields(std::string_view rest, Entry& entry) {
        std::string_view in;
        std::string_view out;
        BadReason reason = BadReason::none;
        bool has_protocol = false;
        while (!rest.empty() && rest.front() != '[') {
            std::string_view value = next_field(rest, ' ');
            if (skip_text(value, "IN=")) {
                if (in.empty()) in = value;
            } else if (skip_text(value, "OUT=")) {
                if (out.empty()) out = value;
            } else if (skip_text(value, "SRC=")) {
                if (entry.client.text.empty()) entry.client = make_end(value);
            } else if (skip_text(value, "DST=")) {
                if (entry.server.text.empty()) entry.server = make_end(value);
            } else if (skip_text(value, "LEN=")) {
                if (!entry.in.stated && reason == BadReason::none)
                    reason = parse_count(value, entry.in);
            } else if (skip_text(value, "PROTO=")) {
                has_protocol |= read_protocol(value, entry.proto);
            } else if (skip_text(value, "SPT=")) {
                entry.client.port = parse_port(value);
            } else if (skip_text(value, "DPT=")) {
                entry.server.port = parse_port(value);
            }
        }
        if (entry.client.address.empty() || entry.server.address.empty())
            return LineResult::bad(BadReason::address);
        if (reason != BadReason::none) return LineResult::bad(reason);
        // A packet of IP has at most 65,575 octets without a jumbo option.
        constexpr std::uint64_t packet_octets_max = 65'575;
        if (!has_protocol || !entry.in.stated) return LineResult::bad(BadReason::shape);
        if (entry.in.value > packet_octets_max) return LineResult::bad(BadReason::over_limit);
        entry.packets = {1, true};
        entry.section = in.empty() ? out : in;
        return LineResult::traffic();
    }
};

}  // namespace

std::unique_ptr<LineReader> open_netfilter() { return std::make_unique<NetfilterReader>(); }

}  // namespace octroi::logline
