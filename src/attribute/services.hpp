// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The service of a reading, by protocol and port, ICMP type, or ethertype.
//
// The first rule that matches decides. A port rule matches if one of the two ports does, so that
// both directions of a connection have the same service. If no rule matches:
//
//   ports         the name of the lower of the two ports that have one (service_names.hpp); else
//                 "tcp", "udp", "sctp", "dccp", "udplite"
//   ICMP          "icmp/echo-request", "icmpv6/neighbor-solicitation"; a type without name:
//                 "icmp/200"
//   others        the name of the protocol ("esp", "gre"), or "proto/99"
//   fragments     later fragments without their first one: "fragment", for any protocol
//   not IP        "ethertype/arp", "ethertype/0x88cc"; an 802.3 length: "ethertype/llc"
//   malformed     "malformed"
//
// A counted volume states the name of its service.

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
#include "record/source_tables.hpp"

namespace octroi {

// Readings that match one of `matches` have the service `name`. A match is one of
//
//     tcp/80   tcp/20-21   tcp/20:21   tcp/80,443,8000-8080   tcp/http   udp/domain,ntp
//     icmp/8   icmp/echo-request   icmpv6/128,129
//     tcp   udp   icmp   gre   proto/47          the whole protocol
//     fragment                                   later fragments without their first one
//
// A name may be that of a default above, but must not begin with "ethertype/".
struct ServiceRule {
    std::string name;
    std::vector<std::string> matches;

    bool operator==(const ServiceRule&) const = default;
};

// "web = tcp/80,443 udp/443": a name, and matches with spaces between them.
[[nodiscard]] Result<ServiceRule> parse_service_rule(std::string_view text);

// Compiled rules: a look-up takes constant time. Immutable; any thread may call it. About 700 kB.
class CompiledServices {
public:
    static constexpr std::size_t rules_max = 4096;

    // The defaults only.
    CompiledServices();
    [[nodiscard]] static Result<CompiledServices> compile(const std::vector<ServiceRule>& rules);

    // The number of the service. Different numbers have different names.
    [[nodiscard]] std::uint32_t find(const Reading& reading) const noexcept;
    [[nodiscard]] std::string name(std::uint32_t service) const;
    // The inverse of name(). nullopt: no rule and no default has that name.
    [[nodiscard]] std::optional<std::uint32_t> number_of(std::string_view name) const;
    // The service of counted volumes that state none.
    [[nodiscard]] std::uint32_t unknown() const noexcept { return unknown_; }
    // For a port of a protocol with ports: of two ports the one with the smaller rank decides.
    // Equal ranks are the same rule, or the same default.
    [[nodiscard]] std::uint16_t rank(std::uint8_t proto, std::uint16_t port) const noexcept {
        return ports_[port_protocol_index(proto)][port];
    }
    // The memory that find() reads for a port of the reading; may be null. See Lpm::first_step().
    [[nodiscard]] const void* first_step(const Reading& reading,
                                         std::uint16_t port) const noexcept {
        const std::size_t protocol = port_protocol_index(reading.proto);
        return protocol < ports_.size() ? &ports_[protocol][port] : nullptr;
    }

    // The same rules, for meters that attribute where they count.
    [[nodiscard]] SourceServices source_services() const;

    // All numbers are smaller: a few thousand names, then one number for each ethertype.
    [[nodiscard]] std::uint32_t end() const noexcept { return ethertype_base() + 0x10000U; }

private:
    // The smaller rank wins. Ranks: the rules in order, then the named ports in order.
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
