// SPDX-License-Identifier: GPL-3.0-or-later
// The blocks of pcapng (draft-ietf-opsawg-pcapng).

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/quantity.hpp"
#include "wire/pcap/format.hpp"
#include "wire/pcap/reader.hpp"

namespace octroi::pcap {

using namespace format;

namespace {

// Nanoseconds from ticks of any resolution do not fit into 64 bits.
__extension__ using Wide = __int128;

constexpr std::size_t block_frame = 12;   // type, length, and the length again at the end
constexpr std::size_t packet_fixed = 20;  // fields of a packet block before the frame
constexpr UtcTime latest_time = UtcTime::from_seconds(7'258'118'400);  // 2200-01-01
constexpr std::uint8_t binary = 0x80;  // if_tsresol: set: exponent of 2; clear: exponent of 10

[[nodiscard]] constexpr std::size_t padded(std::size_t size) noexcept {
    return (size + 3) & ~std::size_t{3};
}

// Ticks of 10^-exponent s as nanoseconds, rounded down.
Wide decimal_ns(std::uint64_t ticks, unsigned exponent) noexcept {
    Wide ns = ticks;
    for (; exponent < 9; ++exponent) ns *= 10;
    // 20 divisions by 10 reduce any 64-bit number to 0.
    for (unsigned i = 9; i < exponent && i < 9 + 20; ++i) ns /= 10;
    return ns;
}

Wide binary_ns(std::uint64_t ticks, unsigned exponent) noexcept {
    return (static_cast<Wide>(ticks) * 1'000'000'000U) >> exponent;  // exponent < 128
}

}  // namespace

template <typename Visit>
bool Reader::options(ByteSpan octets, Visit&& visit) const {
    while (octets.size() >= 4) {  // each iteration consumes at least 4 octets
        const std::uint16_t code = u16(octets.data());
        const std::size_t length = u16(octets.data() + 2);
        if (code == option_end) return true;
        if (octets.size() - 4 < length) return false;
        visit(code, octets.subspan(4, length));
        octets = octets.subspan(std::min(octets.size(), 4 + padded(length)));
    }
    return true;
}

Reader::Step Reader::section(ByteSpan& octets, std::size_t& needed) {
    constexpr std::size_t smallest = 28;
    needed = smallest;
    if (octets.size() < needed) return Step::more;
    const std::uint32_t order = load_be32(octets.data() + 8);
    if (order != byte_order_magic && __builtin_bswap32(order) != byte_order_magic)
        return fail("a section header has no byte order magic");
    swapped_ = order == byte_order_magic;
    const std::size_t length = u32(octets.data() + 4);
    const std::uint16_t major = u16(octets.data() + 12);
    if (length < smallest || length % 4 != 0 || length > max_block)
        return fail(fmt::format("a section header states a length of {} octets", length));
    if (major != 1) return fail(fmt::format("pcapng version {} is not supported", major));
    needed = length;
    if (octets.size() < needed) return Step::more;
    if (u32(octets.data() + length - 4) != length)
        return fail("the two lengths of a section header differ");
    format_ = Format::pcapng;
    section_.clear();
    octets = octets.subspan(length);
    return Step::again;
}

Reader::Step Reader::block(ByteSpan& octets, Frame& frame, std::size_t& needed) {
    needed = block_frame;
    if (octets.size() < needed) return Step::more;
    const std::uint32_t type = u32(octets.data());
    if (type == block_section) return section(octets, needed);
    const std::size_t length = u32(octets.data() + 4);
    if (length < block_frame || length % 4 != 0)
        return fail(
            fmt::format("a block of type {:#x} states a length of {} octets", type, length));
    const bool carries_frame = type == block_enhanced_packet || type == block_simple_packet ||
                               type == block_obsolete_packet;
    const bool wanted = carries_frame || type == block_interface || type == block_statistics;
    if (!wanted || length > max_block) {
        ++(wanted ? counters_.bad_blocks : counters_.skipped_blocks);
        // Interfaces are numbered by their position in the section. Without this description,
        // frames of the following interfaces would be assigned to wrong ones.
        if (type == block_interface) return fail("an interface description is too long");
        skip_ = length;
        return Step::again;
    }
    needed = length;
    if (octets.size() < needed) return Step::more;
    if (u32(octets.data() + length - 4) != length)
        return fail(fmt::format("the two lengths of a block of type {:#x} differ", type));
    const ByteSpan body = octets.subspan(8, length - block_frame);
    octets = octets.subspan(length);

    if (type == block_interface) return describe_interface(body);
    const bool good = content(type, body, frame);
    if (!good) ++counters_.bad_blocks;
    return good && carries_frame ? Step::frame : Step::again;
}

bool Reader::content(std::uint32_t type, ByteSpan body, Frame& frame) {
    switch (type) {
        case block_enhanced_packet:
            return enhanced_packet(body, frame);
        case block_simple_packet:
            return simple_packet(body, frame);
        case block_obsolete_packet:
            return obsolete_packet(body, frame);
        default:
            ++counters_.skipped_blocks;
            return statistics(body);
    }
}

Reader::Step Reader::describe_interface(ByteSpan body) {
    if (section_.size() >= max_interfaces || interfaces_.size() >= max_interfaces)
        return fail(fmt::format("more than {} interfaces", max_interfaces));
    if (body.size() < 8) return fail("an interface description is too short");
    Interface in;
    in.section_id = static_cast<std::uint32_t>(section_.size());
    in.link = LinkType{u16(body.data())};
    in.snap_length = u32(body.data() + 4);
    const bool good = options(body.subspan(8), [&](std::uint16_t code, ByteSpan value) {
        if (code == if_name) {
            const std::size_t size = std::min(value.size(), max_interface_name);
            in.name.clear();
            for (const std::byte octet : value.first(size))
                in.name.push_back(static_cast<char>(octet));
        } else if (code == if_tsresol && value.size() == 1) {
            in.resolution = static_cast<std::uint8_t>(value[0]);
        } else if (code == if_tsoffset && value.size() == 8) {
            in.offset_s = static_cast<std::int64_t>(u64(value.data()));
        }
    });
    // The options before a bad one are used: the frames of the interface need the link type.
    if (!good) ++counters_.bad_blocks;
    // A file of concatenated sections repeats its interfaces; without reuse each section would add
    // entries until max_interfaces.
    const auto same = std::ranges::find_if(
        interfaces_, [&in](const Interface& known) { return known.same_as(in); });
    section_.push_back(static_cast<std::uint16_t>(same - interfaces_.begin()));
    if (same == interfaces_.end())
        interfaces_.push_back(std::move(in));
    else
        same->snap_length = in.snap_length;
    return Step::again;
}

Interface* Reader::interface_of(std::uint32_t id) noexcept {
    return id < section_.size() ? &interfaces_[section_[id]] : nullptr;
}

UtcTime Reader::time_of(const Interface& in, std::uint64_t ticks) {
    const unsigned exponent = in.resolution & ~binary & 0xffU;
    const Wide since =
        (in.resolution & binary) != 0 ? binary_ns(ticks, exponent) : decimal_ns(ticks, exponent);
    // No overflow of 128 bits: the terms are at most 2^64 * 10^9 and 2^63 * 10^9.
    const Wide ns = static_cast<Wide>(since) + static_cast<Wide>(in.offset_s) * 1'000'000'000;
    if (ns >= 0 && ns <= latest_time.ns) return UtcTime{static_cast<std::int64_t>(ns)};
    ++counters_.bad_times;
    return ns < 0 ? UtcTime{} : latest_time;
}

bool Reader::set_frame(Frame& frame, std::uint32_t id, std::uint64_t ticks, std::uint32_t captured,
                       std::uint32_t wire, ByteSpan data) {
    const Interface* in = interface_of(id);
    if (in == nullptr || captured > data.size() || captured > max_captured) return false;
    frame.data = data.data();
    frame.captured_length = captured;
    frame.wire_length = wire;
    frame.link = in->link;
    frame.interface = section_[id];
    frame.time = last_time_ = time_of(*in, ticks);
    frame.timed = true;
    return true;
}

bool Reader::enhanced_packet(ByteSpan body, Frame& frame) {
    if (body.size() < packet_fixed) return false;
    const std::byte* p = body.data();
    const std::uint32_t id = u32(p);
    const std::uint64_t ticks = std::uint64_t{u32(p + 4)} << 32U | u32(p + 8);
    const std::uint32_t captured = u32(p + 12);
    if (!set_frame(frame, id, ticks, captured, u32(p + 16), body.subspan(packet_fixed)))
        return false;
    const ByteSpan rest = body.subspan(std::min(body.size(), packet_fixed + padded(captured)));
    if (rest.empty()) return true;
    const bool good = options(rest, [&](std::uint16_t code, ByteSpan value) {
        if (code == packet_flags && value.size() == 4) {
            const std::uint32_t direction = u32(value.data()) & 3U;
            frame.direction = direction == 1   ? packet::Direction::in
                              : direction == 2 ? packet::Direction::out
                                               : packet::Direction::unknown;
        } else if (code == epb_dropcount && value.size() == 8) {
            std::uint64_t& sum = interface_of(id)->dropped_between;
            sum = checked_add(sum, u64(value.data())).value_or(UINT64_MAX);
        }
    });
    if (!good) ++counters_.bad_blocks;  // the frame itself is valid
    return true;
}

// Draft appendix A. Like the enhanced packet block, but the number of the interface has 16 bits and
// a count of drops follows.
bool Reader::obsolete_packet(ByteSpan body, Frame& frame) {
    constexpr std::uint16_t drops_unknown = 0xffff;
    if (body.size() < packet_fixed) return false;
    const std::byte* p = body.data();
    const std::uint16_t id = u16(p);
    const std::uint16_t drops = u16(p + 2);
    const std::uint64_t ticks = std::uint64_t{u32(p + 4)} << 32U | u32(p + 8);
    if (!set_frame(frame, id, ticks, u32(p + 12), u32(p + 16), body.subspan(packet_fixed)))
        return false;
    if (drops != drops_unknown) {
        std::uint64_t& sum = interface_of(id)->dropped_between;
        sum = checked_add(sum, drops).value_or(UINT64_MAX);
    }
    return true;
}

// A simple packet block belongs to the first interface of its section. It has neither a time nor a
// captured length.
bool Reader::simple_packet(ByteSpan body, Frame& frame) {
    const Interface* in = interface_of(0);
    if (in == nullptr || body.size() < 4) return false;
    const std::uint32_t wire = u32(body.data());
    std::uint32_t captured = wire;
    if (in->snap_length != 0) captured = std::min(captured, in->snap_length);
    const UtcTime before = last_time_;
    if (!set_frame(frame, 0, 0, captured, wire, body.subspan(4))) return false;
    frame.time = last_time_ = before;
    frame.timed = false;
    ++counters_.untimed;
    return true;
}

bool Reader::statistics(ByteSpan body) {
    if (body.size() < 12) return false;
    Interface* in = interface_of(u32(body.data()));
    if (in == nullptr) return false;
    std::uint64_t dropped = 0;
    const bool good = options(body.subspan(12), [&](std::uint16_t code, ByteSpan value) {
        if ((code == isb_ifdrop || code == isb_osdrop) && value.size() == 8)
            dropped = checked_add(dropped, u64(value.data())).value_or(UINT64_MAX);
    });
    in->dropped_total = dropped;
    return good;
}

}  // namespace octroi::pcap
