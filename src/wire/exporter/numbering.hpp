// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace octroi::exporter {

// What the sequence number of a message counts, modulo 2^32. Snapshots hold these values.
enum class Numbering : std::uint8_t {
    // Data records sent before the message: NetFlow v5 and v7; IPFIX (RFC 7011 section 3.1), where
    // options records count and templates do not.
    records_before = 0,
    messages = 1,  // messages: NetFlow v9 (RFC 3954 section 5.1), sFlow v5
    // Detected, never stated:
    records_including = 2,      // data records sent before and with the message: softflowd
    records_and_templates = 3,  // data and template records sent before the message
};

}  // namespace octroi::exporter
