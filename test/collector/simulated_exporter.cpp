// SPDX-License-Identifier: GPL-3.0-or-later
#include "simulated_exporter.hpp"

#include "wire/ipfix/testing/messages.hpp"

namespace octroi::simulated {
namespace {

using ipfix::testing::set;
using ipfix::testing::Values;
using ipfix::testing::values;

constexpr Duration uptime_at_boot = Duration::seconds(40);
constexpr std::uint64_t messages_per_template = 180;  // half an hour, with one message in 10 s

// Two layouts. A record decoded with the wrong template gives wrong figures.
ipfix::testing::Fields layout(std::uint16_t id) {
    if (id == 300)
        return {{8, 4}, {12, 4}, {7, 2}, {11, 2}, {4, 1}, {1, 4}, {2, 4}, {22, 4}, {21, 4}};
    return {{2, 4}, {1, 4}, {21, 4}, {22, 4}, {4, 1}, {11, 2}, {7, 2}, {12, 4}, {8, 4}};
}

}  // namespace

Exporter::Exporter(const ExporterOptions& options) : options_(options), random_(options.seed) {}

bool Exporter::chance(double probability) {
    return static_cast<double>(random_() >> 11U) * 0x1p-53 < probability;
}

UtcTime Exporter::clock(UtcTime now) const {
    const auto drifted =
        static_cast<std::int64_t>(static_cast<double>((now - began_).ns) * options_.clock_drift);
    return now + options_.clock_offset + Duration{drifted};
}

std::uint32_t Exporter::uptime_ms(UtcTime clock) const {
    return static_cast<std::uint32_t>((clock - booted_).ns / 1'000'000);
}

Exporter::Flow Exporter::next_flow() {
    return {0x0a000000U | options_.account << 16U | static_cast<std::uint32_t>(random_() & 0xffffU),
            static_cast<std::uint16_t>(random_()),
            static_cast<std::uint32_t>(40 + random_() % 90'000),
            static_cast<std::uint32_t>(1 + random_() % 60)};
}

std::string Exporter::record(const Flow& flow, UtcTime at) const {
    const std::uint32_t now_ms = uptime_ms(at);
    const std::uint32_t first = now_ms - 20'000;
    if (options_.kind == Kind::v5)
        return values()
            .u32(flow.src)
            .u32(0xc6336401)
            .u32(0)
            .u16(1)
            .u16(2)
            .u32(flow.packets)
            .u32(flow.bytes)
            .u32(first)
            .u32(now_ms)
            .u16(flow.sport)
            .u16(443)
            .u8(0)
            .u8(0x18)
            .u8(6)
            .u8(0)
            .u16(0)
            .u16(0)
            .u8(0)
            .u8(0)
            .u16(0);
    Values out;
    for (const auto& field : layout(template_)) {
        switch (field.id) {
            case 8:
                out.u32(flow.src);
                break;
            case 12:
                out.u32(0xc6336401);
                break;
            case 7:
                out.u16(flow.sport);
                break;
            case 11:
                out.u16(443);
                break;
            case 4:
                out.u8(6);
                break;
            case 1:
                out.u32(flow.bytes);
                break;
            case 2:
                out.u32(flow.packets);
                break;
            case 22:
                out.u32(first);
                break;
            default:
                out.u32(now_ms);
        }
    }
    return out;
}

std::string Exporter::head(UtcTime at, const std::string& sets, std::uint32_t count) const {
    const auto seconds = static_cast<std::uint32_t>(at.ns / 1'000'000'000);
    const auto nanoseconds = static_cast<std::uint32_t>(at.ns % 1'000'000'000);
    switch (options_.kind) {
        case Kind::v5:
            return values()
                .u16(5)
                .u16(count)
                .u32(uptime_ms(at))
                .u32(seconds)
                .u32(nanoseconds)
                .u32(sequence_)
                .u16(0)
                .u16(0)
                .raw(sets);
        case Kind::v9:
            return values()
                .u16(9)
                .u16(count)
                .u32(uptime_ms(at))
                .u32(seconds)
                .u32(sequence_)
                .u32(1)
                .raw(sets);
        case Kind::ipfix:
            return values()
                .u16(10)
                .u16(16 + sets.size())
                .u32(seconds)
                .u32(sequence_)
                .u32(1)
                .raw(sets);
        case Kind::sflow:
            return values()
                .u32(5)
                .u32(1)
                .u32(options_.address.v4_value())
                .u32(0)
                .u32(sequence_)
                .u32(uptime_ms(at))
                .u32(count)
                .raw(sets);
    }
    return {};
}

Exporter::Message Exporter::make_template(UtcTime now) {
    Message message;
    announced_ = template_;
    const bool v9 = options_.kind == Kind::v9;
    std::string content = values().u16(template_).u16(layout(template_).size());
    content += ipfix::testing::fields(layout(template_));
    // IPFIX has no uptime in its header: element 160 states when the exporter started.
    std::string sets = set(v9 ? 0 : 2, content);
    if (!v9) {
        sets += ipfix::testing::options_template({400, {{149, 4}}, {{160, 8}}});
        sets += set(400, values().u32(1).u64(static_cast<std::uint64_t>(booted_.ns / 1'000'000)));
    }
    message.octets = head(clock(now), sets, 1);
    // An options record counts as one.
    message.units = 1;
    message.number = ++numbers_;
    sequence_ += 1;
    return message;
}

Exporter::Message Exporter::make(UtcTime now) {
    Message message;
    const UtcTime at = clock(now);
    const auto count = static_cast<std::uint32_t>(1 + random_() % 5);
    std::string records;
    for (std::uint32_t i = 0; i < count; ++i) {
        const Flow flow = next_flow();
        if (options_.kind == Kind::sflow) {
            const auto length = static_cast<std::uint16_t>(40 + flow.bytes % 1400);
            const std::string header = values()
                                           .u16(0x4500)
                                           .u16(length)
                                           .u32(0)
                                           .u32(0x40060000)
                                           .u32(flow.src)
                                           .u32(0xc6336401)
                                           .u16(flow.sport)
                                           .u16(443);
            records += std::string(values()
                                       .u32(1)
                                       .u32(32 + 8 + 16 + 24)
                                       .u32(0)
                                       .u32(3)
                                       .u32(1)
                                       .u32(0)
                                       .u32(0)
                                       .u32(3)
                                       .u32(4)
                                       .u32(1)
                                       .u32(1)
                                       .u32(16 + 24)
                                       .u32(11)
                                       .u32(length)
                                       .u32(0)
                                       .u32(24)
                                       .raw(header));
            message.bytes += length;
            message.packets += 1;
            continue;
        }
        records += record(flow, at);
        message.bytes += flow.bytes;
        message.packets += flow.packets;
    }
    message.records = count;
    const bool has_sets = options_.kind == Kind::v9 || options_.kind == Kind::ipfix;
    if (has_sets) records = set(template_, records);
    message.octets = head(at, records, count);
    const bool counts_records = options_.kind == Kind::v5 || options_.kind == Kind::ipfix;
    message.units = counts_records ? count : 1;
    message.number = ++numbers_;
    sequence_ += message.units;
    return message;
}

void Exporter::deliver(const Message& message, std::vector<std::string>& out) {
    out.push_back(message.octets);
    first_came_ = std::min(first_came_, message.number);
    last_came_ = std::max(last_came_, message.number);
    truth_.delivered_bytes += message.bytes;
    truth_.delivered_packets += message.packets;
    truth_.delivered_records += message.records;
}

// Called when the exporter restarts. Messages lost between two delivered messages were a gap. Those
// lost before the first or after the last delivered message cannot be detected.
void Exporter::settle() {
    for (const Message& message : lost_) {
        if (first_came_ < message.number && message.number < last_came_) {
            truth_.lost_units += message.units;
            truth_.lost_bytes += message.bytes;
        } else {
            truth_.undetectable_units += message.units;
        }
    }
    lost_.clear();
    first_came_ = UINT64_MAX;
    last_came_ = 0;
}

std::vector<std::string> Exporter::send(UtcTime now, bool faults) {
    std::vector<std::string> out;
    if (!started_) {
        began_ = now;
        started_ = true;
        booted_ = clock(now) - uptime_at_boot;
    }
    const bool has_templates = options_.kind == Kind::v9 || options_.kind == Kind::ipfix;
    if (has_templates && (announced_ != template_ || messages_ % messages_per_template == 0))
        deliver(make_template(now), out);
    ++messages_;
    const Message message = make(now);
    if (faults && chance(0.01)) {
        lost_.push_back(message);
        ++truth_.lost_messages;
    } else if (faults && chance(0.01)) {
        held_.push_back({message, static_cast<int>(1 + random_() % 3)});
        ++truth_.late;
    } else {
        deliver(message, out);
        if (faults && chance(0.01)) {
            out.push_back(message.octets);
            ++truth_.twice;
        }
    }
    for (auto held = held_.begin(); held != held_.end();) {
        if (held->messages_to_go-- > 0) {
            ++held;
            continue;
        }
        deliver(held->message, out);
        held = held_.erase(held);
    }
    return out;
}

std::vector<std::string> Exporter::restart(UtcTime now) {
    std::vector<std::string> out;
    for (const Held& held : held_) deliver(held.message, out);
    held_.clear();
    settle();
    ++truth_.restarts;
    sequence_ = 0;
    announced_ = 0;
    booted_ = clock(now) - uptime_at_boot;
    return out;
}

}  // namespace octroi::simulated
