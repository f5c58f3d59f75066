// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The texts of a [[rule]] as numbers. Errors: invalid; the text names the mistake.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"
#include "meter/nftables/service_names.hpp"
#include "meter/nftables/span.hpp"

namespace octroi::accounting {

// Addresses of one family. Absent: the list names none of this family.
struct AddressSpans {
    Spans v4;
    Spans v6;
};

// "10.1.2.3", "10.0.0.0/8", "10.0.0.1-10.0.0.9", "0/0".
[[nodiscard]] Result<AddressSpans> parse_addresses(std::span<const std::string> texts);
// "tcp", "6".
[[nodiscard]] Result<Spans> parse_protocols(std::span<const std::string> texts);
// "80", "20:21", "20-21", "smtp". protocols: of the rule, for the names.
[[nodiscard]] Result<Spans> parse_ports(std::span<const std::string> texts,
                                        std::span<const std::string> protocols,
                                        const ServiceNames& names);
// "8", "echo-request".
[[nodiscard]] Result<Spans> parse_icmp_types(std::span<const std::string> texts, bool v6);
[[nodiscard]] Result<Spans> parse_uids(std::span<const std::string> texts);
[[nodiscard]] Result<Spans> parse_macs(std::span<const std::string> texts);
// Empty: any.
[[nodiscard]] Result<Spans> parse_interface(const std::string& name);

inline constexpr Number icmp_protocol = 1;     // RFC 792
inline constexpr Number icmpv6_protocol = 58;  // RFC 4443
// Whether packets of all these protocols have ports.
[[nodiscard]] bool have_ports(const Spans& protocols);

[[nodiscard]] Number number_of(const Address& address) noexcept;
[[nodiscard]] Address address_of(Number number, Family family) noexcept;

}  // namespace octroi::accounting
