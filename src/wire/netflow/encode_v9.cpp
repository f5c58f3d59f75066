// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/ipfix/template_encoder.hpp"
#include "wire/netflow/encode.hpp"
#include "wire/netflow/v9.hpp"

namespace octroi::netflow {
namespace {

// RFC 3954 section 5.1.
class V9Encoder final : public ipfix::TemplateEncoder {
public:
    explicit V9Encoder(const flow::EncoderSettings& settings)
        : TemplateEncoder(ipfix::Dialect::v9, settings, v9_header_octets) {}

protected:
    [[nodiscard]] std::string header(const Message& message) const override {
        ByteWriter to;
        to.be16(9);
        to.be16(static_cast<std::uint16_t>(message.all_records));
        to.be32(message.uptime_ms);
        to.be32(static_cast<std::uint32_t>(message.exported.ns / 1'000'000'000));
        to.be32(message.sequence);
        to.be32(message.observation_domain);
        return to.drain();
    }
};

}  // namespace

std::unique_ptr<flow::Encoder> make_v9_encoder(const flow::EncoderSettings& settings) {
    return std::make_unique<V9Encoder>(settings);
}

}  // namespace octroi::netflow
