// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Flows as messages of NetFlow version 9 (RFC 3954) and version 5.

#include <memory>

#include "wire/flow/encoder.hpp"

namespace octroi::netflow {

[[nodiscard]] std::unique_ptr<flow::Encoder> make_v9_encoder(const flow::EncoderSettings& settings);

// Version 5 has IPv4 only and counts of 32 bits: larger ones are given in several records, IPv6 is
// left out and counted. It has no place for MAC addresses and VLANs.
[[nodiscard]] std::unique_ptr<flow::Encoder> make_v5_encoder(const flow::EncoderSettings& settings);

}  // namespace octroi::netflow
