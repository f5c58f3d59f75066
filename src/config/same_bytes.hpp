// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Relations between two meters that see the same bytes: a log, and meters that see the packets
// which carry what the log states. `precedence` says which of them is charged
// (docs/decisions/0620-one-byte-two-witnesses.md).

#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "config/option.hpp"

namespace octroi {

enum class Precedence { packets, log };

// The log meter `log` states the same bytes as the packet meters see at these addresses, in these
// services.
struct SameBytes {
    std::string log;
    std::vector<std::string> packet_meters;
    std::vector<Prefix> addresses;
    std::vector<std::string> services;  // empty: all
    Precedence precedence = Precedence::packets;
    SourceLine where;  // of the [[meter]] line of the log

    auto operator<=>(const SameBytes&) const = default;
};

// The options of [[meter]] that state a relation; a kind may have all of them or none.
inline constexpr std::string_view same_bytes_option = "same_bytes_as";
inline constexpr std::string_view precedence_option = "precedence";
inline constexpr std::string_view addresses_option = "addresses";
inline constexpr std::string_view services_option = "services";

// The relations that the configuration declares, in the order of its meters. The options were
// checked.
[[nodiscard]] std::vector<SameBytes> same_bytes_of(const Config& config);

// Whether the meter is a log that the packets take precedence over: a witness, whatever its role.
[[nodiscard]] bool is_witness_by_precedence(const Config& config, std::string_view meter);

// Whether one of the two declares that it states the same bytes as the other one sees.
[[nodiscard]] bool are_declared_same(const MeterConfig& a, const MeterConfig& b);

// Relations to meters that do not exist or are of a kind without the addresses of both ends,
// without addresses, or against `role`.
void check_same_bytes(const Config& config, const OptionTable& table,
                      std::vector<Problem>& problems);

}  // namespace octroi
