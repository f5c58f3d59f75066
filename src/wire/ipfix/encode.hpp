// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Flow records as IPFIX messages (RFC 7011). Messages written one behind the other are an IPFIX
// file (RFC 5655), if templates are sent once.

#include <memory>

#include "wire/flow/encoder.hpp"

namespace octroi::ipfix {

[[nodiscard]] std::unique_ptr<flow::Encoder> make_encoder(const flow::EncoderSettings& settings);

}  // namespace octroi::ipfix
