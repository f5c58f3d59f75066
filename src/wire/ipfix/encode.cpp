// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/ipfix/encode.hpp"

#include "wire/ipfix/message.hpp"
#include "wire/ipfix/template_encoder.hpp"

namespace octroi::ipfix {
namespace {

class Encoder final : public TemplateEncoder {
public:
    explicit Encoder(const flow::EncoderSettings& settings)
        : TemplateEncoder(Dialect::ipfix, settings, header_octets) {}

protected:
    [[nodiscard]] std::string header(const Message& message) const override {
        ByteWriter to;
        to.be16(version);
        to.be16(static_cast<std::uint16_t>(header_octets + message.octets));
        to.be32(static_cast<std::uint32_t>(message.exported.ns / 1'000'000'000));
        to.be32(message.sequence);
        to.be32(message.observation_domain);
        return to.drain();
    }
};

}  // namespace

std::unique_ptr<flow::Encoder> make_encoder(const flow::EncoderSettings& settings) {
    return std::make_unique<Encoder>(settings);
}

}  // namespace octroi::ipfix
