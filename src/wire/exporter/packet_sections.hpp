// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Records that hold the first octets of a sampled packet (PSAMP, RFC 5477: elements 313 and 315;
// NetFlow-Lite: 104), and no counts: each is one packet of the length that its IP header states.

#include <span>

#include "wire/flow/flow_record.hpp"

namespace octroi::exporter {

// Sets the fields that the octets state. A frame without IP becomes RecordKind::non_ip. Records
// that state counts themselves stay as they are.
void decode_sections(std::span<flow::FlowRecord> records) noexcept;

}  // namespace octroi::exporter
