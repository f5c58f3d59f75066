// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What a reading is for: its service, by protocol and port, ICMP type, or ethertype.
//
// Rules come first, in the order given: the first rule that fits decides. A port rule fits if one
// of the two ports fits, so that both directions of a connection are of one service. Without a
// rule:
//
//   ports         the name of the lower-numbered port that has one (service_names.hpp), whichever
//   end
//                 it is at; else "tcp", "udp", "sctp", "dccp", "udplite"
//   ICMP          "icmp/echo-request", "icmpv6/neighbor-solicitation"; unnamed types "icmp/200"
//   others        the protocol's name ("esp", "gre"), or "proto/99"
//   fragments     later ones whose first was not seen: "fragment", whatever the protocol
//   not IP        "ethertype/arp", "ethertype/0x88cc"; an 802.3 length: "ethertype/llc"
//   malformed     "malformed"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attribute/service_names.hpp"
#include "base/result.hpp"
#include "record/reading.hpp"

namespace octroi {

// Readings that fit one of `matches` are of service `name`. A match is one of
//
//     tcp/80   tcp/20-21   tcp/20:21   tcp/80,443,8000-8080   tcp/http   udp/domain,ntp
//     icmp/8   icmp/echo-request   icmpv6/128,129
//     tcp   udp   icmp   gre   proto/47          the whole protocol
//     fragment                                   later fragments without their first
//
// The name may be any that a default may have; it must not begin with "ethertype/".
struct ServiceRule {
    std::string name;
    std::vector<std::string> matches;

    bool operator==(const ServiceRule&) const = default;
};

// "web = tcp/80,443 udp/443": a name, and matches parted by spaces.
[[nodiscard]] Result<ServiceRule> parse_service_rule(std::string_view text);

// Rules compiled into tables: an answer takes constant time. Immutable; about 700 kB.
class CompiledServices {
public:
    static constexpr std::size_t rules_max = 4096;

    // The defaults alone.
    CompiledServices();
    [[nodiscard]] static Result<CompiledServices> compile(const std::vector<ServiceRule>& rules);

    // A number that name() turns into text. Different numbers have different names.
    [[nodiscard]] std::uint32_t find(const Reading& reading) const noexcept;
    [[nodiscard]] std::string name(std::uint32_t service) const;
    // Of a name as name() gives it; nullopt: no rule and no default gives that name.
    [[nodiscard]] std::optional<std::uint32_t> number_of(std::string_view name) const;
    // Of traffic whose meter does not know the service.
    [[nodiscard]] std::uint32_t unknown() const noexcept { return unknown_; }
    // What find() will look at for a port of the reading, if anything: see Lpm::first_step.
    [[nodiscard]] const void* first_step(const Reading& reading,
                                         std::uint16_t port) const noexcept {
        const std::size_t protocol = port_protocol_index(reading.proto);
        return protocol < ports_.size() ? &ports_[protocol][port] : nullptr;
    }

    // Numbers are below this; they are dense up to a few thousand, then one for each ethertype.
    [[nodiscard]] std::uint32_t end() const noexcept { return ethertype_base() + 0x10000U; }

private:
    // A smaller rank wins. Ranks: the rules in order, then the known ports in order.
    using Rank = std::uint16_t;
    static constexpr Rank no_rank = 0xFFFF;
    struct Compiler;
    struct Empty {};
    explicit CompiledServices(Empty /*nothing*/) {}

    [[nodiscard]] std::uint32_t ethertype_base() const noexcept {
        return static_cast<std::uint32_t>(names_.size());
    }
    [[nodiscard]] std::uint32_t by_ports(std::size_t protocol, std::uint16_t a,
                                         std::uint16_t b) const noexcept {
        const Rank rank = std::min(ports_[protocol][a], ports_[protocol][b]);
        return rank == no_rank ? port_default_[protocol] : of_rank_[rank];
    }

    std::array<std::vector<Rank>, port_protocols.size()> ports_;  // 65536 ranks each
    std::array<std::uint32_t, port_protocols.size()> port_default_{};
    std::vector<std::uint32_t> of_rank_;
    std::array<std::uint32_t, 256> of_proto_{};
    std::array<std::uint32_t, 256> of_icmp_{};
    std::array<std::uint32_t, 256> of_icmpv6_{};
    std::uint32_t fragment_ = 0;
    std::uint32_t malformed_ = 0;
    std::uint32_t unknown_ = 0;
    std::vector<std::string> names_;  // each once
};

}  // namespace octroi
