// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The common part of the encoders of IPFIX and NetFlow v9: filling messages. They differ in the
// header and in what it numbers.

#include <string>

#include "wire/flow/encoder.hpp"
#include "wire/ipfix/set_builder.hpp"

namespace octroi::ipfix {

class TemplateEncoder : public flow::Encoder {
public:
    TemplateEncoder(Dialect dialect, const flow::EncoderSettings& settings,
                    std::size_t header_size);

    void records(std::span<const flow::FlowRecord> records, UtcTime exported,
                 flow::MessageSink& out) override;
    void flush(UtcTime exported, flow::MessageSink& out) override;
    void name_interfaces(std::span<const std::string> names) override;
    void restart() override;
    [[nodiscard]] const flow::EncoderCounters& counters() const noexcept override {
        return counters_;
    }

protected:
    // The values of a header.
    struct Message {
        UtcTime exported;  // a whole second
        std::uint32_t uptime_ms = 0;
        std::uint32_t observation_domain = 0;
        std::uint32_t sequence = 0;
        std::uint32_t all_records = 0;  // with templates
        std::size_t octets = 0;         // of the sets, without the header
    };
    [[nodiscard]] virtual std::string header(const Message& message) const = 0;

private:
    void begin(UtcTime exported);
    void leave_out(const flow::FlowRecord& record) noexcept;

    Dialect dialect_;
    std::uint32_t observation_domain_;
    SetBuilder sets_;
    Boot boot_;
    bool booted_ = false;
    bool begun_ = false;
    std::uint32_t sequence_ = 0;
    flow::EncoderCounters counters_;
    std::uint32_t flows_in_message_ = 0;
};

}  // namespace octroi::ipfix
