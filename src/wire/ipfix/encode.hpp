// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Flows as messages of IPFIX (RFC 7011). Messages that stand one behind the other are a file as RFC
// 5655 describes it, if templates come once and first.

#include <memory>

#include "wire/flow/encoder.hpp"

namespace octroi::ipfix {

[[nodiscard]] std::unique_ptr<flow::Encoder> make_encoder(const flow::EncoderSettings& settings);

}  // namespace octroi::ipfix
