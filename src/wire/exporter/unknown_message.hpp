// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Datagrams that are no export message which can be read: what they seem to be, for reports.

#include <cstdint>
#include <string>

#include "base/byte_cursor.hpp"

namespace octroi::exporter {

struct UnknownMessage {
    // Snapshots hold these values.
    enum class Kind : std::uint8_t {
        other = 0,
        too_short = 1,  // for any export message
        text = 2,       // printable: syslog, HTTP…
        sflow = 3,      // of a version that is not read
        netflow = 4,    // the same
        damaged = 5,    // begins as NetFlow or IPFIX of a version that is read, and does not fit
    };
    Kind kind = Kind::other;
    std::uint32_t version = 0;  // of sflow, netflow and damaged

    bool operator==(const UnknownMessage&) const noexcept = default;
};

// Of octets in which no message was recognised.
[[nodiscard]] UnknownMessage classify_unknown(ByteSpan octets) noexcept;
// "sFlow version 4"
[[nodiscard]] std::string to_string(const UnknownMessage& message);

}  // namespace octroi::exporter
