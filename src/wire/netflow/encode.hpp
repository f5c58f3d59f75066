// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Flow records as messages of NetFlow version 9 (RFC 3954) and version 5 (Cisco, "NetFlow Export
// Datagram Formats").

#include <memory>

#include "wire/flow/encoder.hpp"

namespace octroi::netflow {

[[nodiscard]] std::unique_ptr<flow::Encoder> make_v9_encoder(const flow::EncoderSettings& settings);

// Version 5 holds IPv4 and counts of 32 bits only. Larger counts are divided over several records
// (EncoderCounters::split), IPv6 is left out and counted. MAC addresses and VLANs are not exported.
[[nodiscard]] std::unique_ptr<flow::Encoder> make_v5_encoder(const flow::EncoderSettings& settings);

}  // namespace octroi::netflow
