// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <limits>

#include "base/byte_cursor.hpp"
#include "wire/ipfix/export_record.hpp"
#include "wire/netflow/encode.hpp"

namespace octroi::netflow {
namespace {

using flow::FlowRecord;

// Cisco, "NetFlow Export Datagram Formats": 24 octets of header, at most 30 records of 48.
constexpr std::size_t most_records = 30;
constexpr std::size_t header_octets = 24;
constexpr std::size_t record_octets = 48;
constexpr std::uint64_t most_counted = std::numeric_limits<std::uint32_t>::max();

class V5Encoder final : public flow::Encoder {
public:
    explicit V5Encoder(const flow::EncoderSettings& settings)
        : engine_(static_cast<std::uint8_t>(settings.observation_domain)),
          fit_(std::clamp<std::size_t>((settings.message_octets - header_octets) / record_octets, 1,
                                       most_records)) {}

    void records(std::span<const FlowRecord> records, UtcTime exported,
                 flow::MessageSink& out) override {
        for (const FlowRecord& record : records) {
            if (record.src.family != Family::v4 || record.dst.family != Family::v4) {
                ++counters_.left_out;
                counters_.left_out_bytes += record.bytes;
                counters_.left_out_packets += record.packets;
                continue;
            }
            add(record, exported, out);
        }
    }

    void flush(UtcTime exported, flow::MessageSink& out) override {
        if (in_message_ == 0) return;
        // A whole second: collectors compute the boot time from the export time and the uptime.
        const UtcTime second = ipfix::next_second(exported);
        ByteWriter message;
        message.be16(5);
        message.be16(static_cast<std::uint16_t>(in_message_));
        message.be32(boot_.uptime(second));
        message.be32(static_cast<std::uint32_t>(second.ns / 1'000'000'000));
        message.be32(0);
        message.be32(sequence_);
        message.u8(0);  // engine type
        message.u8(engine_);
        message.be16(0);  // not sampled
        message.raw(body_.drain());
        body_ = {};
        out.message(message.octets());
        sequence_ += in_message_;
        counters_.records += in_message_;
        ++counters_.messages;
        in_message_ = 0;
    }

    void name_interfaces(std::span<const std::string> /*names*/) override {}
    void restart() override { sequence_ = 0; }
    [[nodiscard]] const flow::EncoderCounters& counters() const noexcept override {
        return counters_;
    }

private:
    // Divides the counts into equal parts that fit 32 bits. The last part has the remainder.
    void add(const FlowRecord& record, UtcTime exported, flow::MessageSink& out) {
        const std::uint64_t most = std::max(record.bytes, record.packets);
        const std::uint64_t parts = most / (most_counted + 1) + 1;
        std::uint64_t bytes = record.bytes;
        std::uint64_t packets = record.packets;
        for (std::uint64_t left = parts; left > 0; --left) {
            FlowRecord part = record;
            part.bytes = bytes / left;
            part.packets = packets / left;
            bytes -= part.bytes;
            packets -= part.packets;
            if (!booted_) boot_ = ipfix::boot_before(exported);
            booted_ = true;
            write(part);
            if (++in_message_ == fit_) flush(exported, out);
        }
        counters_.split += parts - 1;
    }

    void write(const FlowRecord& record) {
        const bool icmp = record.proto == 1;
        const auto dport =
            icmp ? static_cast<std::uint16_t>(record.icmp_type << 8U | record.icmp_code)
                 : record.dport;
        for (std::size_t i = 0; i < 4; ++i) body_.u8(record.src.octets[i]);
        for (std::size_t i = 0; i < 4; ++i) body_.u8(record.dst.octets[i]);
        body_.be32(0);  // next hop
        body_.be16(static_cast<std::uint16_t>(record.in_if));
        body_.be16(static_cast<std::uint16_t>(record.out_if));
        body_.be32(static_cast<std::uint32_t>(record.packets));
        body_.be32(static_cast<std::uint32_t>(record.bytes));
        body_.be32(boot_.uptime(record.first));
        body_.be32(boot_.uptime(record.last));
        body_.be16(icmp ? 0 : record.sport);
        body_.be16(dport);
        body_.u8(0);
        body_.u8(record.tcp_flags);
        body_.u8(record.proto);
        body_.u8(record.tos);
        body_.be32(0);  // AS numbers
        body_.be32(0);  // prefix lengths, padding
    }

    std::uint8_t engine_;
    std::size_t fit_;
    ipfix::Boot boot_;
    bool booted_ = false;
    ByteWriter body_;
    std::uint32_t in_message_ = 0;
    std::uint32_t sequence_ = 0;
    flow::EncoderCounters counters_;
};

}  // namespace

std::unique_ptr<flow::Encoder> make_v5_encoder(const flow::EncoderSettings& settings) {
    return std::make_unique<V5Encoder>(settings);
}

}  // namespace octroi::netflow
