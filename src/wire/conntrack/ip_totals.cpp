// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/conntrack/ip_totals.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace octroi::conntrack {
namespace {

using MaybeNumber = std::optional<std::uint64_t>;

MaybeNumber number_of(std::string_view text) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return number;
}

std::string_view next_field(std::string_view& rest) {
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    const std::string_view field = rest.substr(0, rest.find_first_of(" \t"));
    rest.remove_prefix(field.size());
    return field;
}

std::string_view next_line(std::string_view& rest) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    return line;
}

// A line of names and a line of values, both of which begin with the protocol: "Ip:".
class FieldLines {
public:
    FieldLines(std::string_view text, std::string_view protocol) {
        while (!text.empty()) {
            names_ = next_line(text);
            if (!names_.starts_with(protocol)) continue;
            values_ = next_line(text);
            if (values_.starts_with(protocol)) return;
        }
        names_ = values_ = {};
    }
    [[nodiscard]] MaybeNumber find(std::string_view name) const {
        std::string_view names = names_;
        std::string_view values = values_;
        for (;;) {
            const std::string_view one = next_field(names);
            const std::string_view value = next_field(values);
            if (one.empty() || value.empty()) return std::nullopt;
            if (one == name) return number_of(value);
        }
    }

private:
    std::string_view names_;
    std::string_view values_;
};

// A name and a value in each line. A counter that is 0 may be absent.
class NamedLines {
public:
    explicit NamedLines(std::string_view text) : text_(text) {}
    [[nodiscard]] MaybeNumber find(std::string_view name) const {
        std::string_view rest = text_;
        while (!rest.empty()) {
            std::string_view line = next_line(rest);
            if (next_field(line) == name) return number_of(next_field(line));
        }
        return std::nullopt;
    }

private:
    std::string_view text_;
};

// Before Linux 6.6 there is no OutTransmits, and OutRequests includes forwarded packets
// (ip_output() counts both). Since then __ip_local_out() counts OutRequests; senders of raw
// packets with their own header pass ip_output() only.
std::uint64_t generated(std::uint64_t requests, MaybeNumber transmits, std::uint64_t forwarded) {
    const std::uint64_t all = transmits.value_or(requests);
    const std::uint64_t others = all - std::min(all, forwarded);
    return transmits ? std::max(requests, others) : others;
}

// RFC 792. nf_conntrack_proto_icmp.c gives these to the connection that they report on, and counts
// them for none.
constexpr std::array<std::string_view, 10> uncounted_v4{
    "InDestUnreachs",  "InTimeExcds",  "InParmProbs",  "InSrcQuenchs",  "InRedirects",
    "OutDestUnreachs", "OutTimeExcds", "OutParmProbs", "OutSrcQuenchs", "OutRedirects"};
// RFC 4443, 4861, 3810. nf_conntrack_proto_icmpv6.c leaves discovery untracked.
constexpr std::array<std::string_view, 24> uncounted_v6{"Icmp6InDestUnreachs",
                                                        "Icmp6InPktTooBigs",
                                                        "Icmp6InTimeExcds",
                                                        "Icmp6InParmProblems",
                                                        "Icmp6InGroupMembQueries",
                                                        "Icmp6InGroupMembResponses",
                                                        "Icmp6InGroupMembReductions",
                                                        "Icmp6InRouterSolicits",
                                                        "Icmp6InRouterAdvertisements",
                                                        "Icmp6InNeighborSolicits",
                                                        "Icmp6InNeighborAdvertisements",
                                                        "Icmp6InMLDv2Reports",
                                                        "Icmp6OutDestUnreachs",
                                                        "Icmp6OutPktTooBigs",
                                                        "Icmp6OutTimeExcds",
                                                        "Icmp6OutParmProblems",
                                                        "Icmp6OutGroupMembQueries",
                                                        "Icmp6OutGroupMembResponses",
                                                        "Icmp6OutGroupMembReductions",
                                                        "Icmp6OutRouterSolicits",
                                                        "Icmp6OutRouterAdvertisements",
                                                        "Icmp6OutNeighborSolicits",
                                                        "Icmp6OutNeighborAdvertisements",
                                                        "Icmp6OutMLDv2Reports"};

bool add_v6(std::string_view text, IpTotals& totals) {
    const NamedLines lines(text);
    const auto packets = lines.find("Ip6InReceives");
    const auto bytes = lines.find("Ip6InOctets");
    const auto sent = lines.find("Ip6OutOctets");
    const auto requests = lines.find("Ip6OutRequests");
    const auto forwarded = lines.find("Ip6OutForwDatagrams");
    if (!packets || !bytes || !sent || !requests || !forwarded) return false;
    totals.received.packets += *packets;
    totals.received.bytes += *bytes;
    totals.sent_bytes += *sent;
    totals.generated_packets += generated(*requests, lines.find("Ip6OutTransmits"), *forwarded);
    for (const std::string_view name : uncounted_v6)
        totals.uncounted_packets += lines.find(name).value_or(0);
    return true;
}

}  // namespace

std::optional<IpTotals> decode_ip_totals(std::string_view snmp, std::string_view netstat,
                                         std::string_view snmp6) {
    const FieldLines ip(snmp, "Ip:");
    const FieldLines octets(netstat, "IpExt:");
    const FieldLines icmp(snmp, "Icmp:");
    const auto packets = ip.find("InReceives");
    const auto bytes = octets.find("InOctets");
    const auto sent = octets.find("OutOctets");
    const auto requests = ip.find("OutRequests");
    const auto forwarded = ip.find("ForwDatagrams");
    if (!packets || !bytes || !sent || !requests || !forwarded) return std::nullopt;
    IpTotals totals{
        {*bytes, *packets}, *sent, generated(*requests, ip.find("OutTransmits"), *forwarded), 0};
    for (const std::string_view name : uncounted_v4)
        totals.uncounted_packets += icmp.find(name).value_or(0);
    if (!snmp6.empty() && !add_v6(snmp6, totals)) return std::nullopt;
    return totals;
}

}  // namespace octroi::conntrack
