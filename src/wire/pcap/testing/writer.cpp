// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/pcap/testing/writer.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/narrow.hpp"
#include "wire/pcap/format.hpp"

namespace octroi::pcap {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

void append(std::string& to, bool big_endian, std::uint64_t value, unsigned octets) {
    for (unsigned i = 0; i < octets; ++i)
        to.push_back(static_cast<char>(value >> (8 * (big_endian ? octets - 1 - i : i))));
}

void append(std::string& to, ByteSpan octets) {
    const std::size_t before = to.size();
    to.resize(before + octets.size());
    if (!octets.empty()) std::memcpy(to.data() + before, octets.data(), octets.size());
}

void pad(std::string& to) { to.append((4 - to.size() % 4) % 4, '\0'); }

}  // namespace

PcapWriter::PcapWriter(std::string& out, const PcapOptions& options)
    : out_(&out), options_(options) {
    const auto put = [this](std::uint64_t value, unsigned octets) {
        append(*out_, options_.big_endian, value, octets);
    };
    put(options.kuznetzov     ? format::magic_kuznetzov
        : options.nanoseconds ? format::magic_nanoseconds
                              : format::magic_microseconds,
        4);
    put(2, 2);
    put(options.minor_version, 2);
    put(0, 8);
    put(options.snap_length, 4);
    put(static_cast<std::uint16_t>(options.link), 4);
}

void PcapWriter::frame(UtcTime time, ByteSpan octets, std::uint32_t wire_length) {
    const auto put = [this](std::uint64_t value) { append(*out_, options_.big_endian, value, 4); };
    const auto captured =
        static_cast<std::uint32_t>(std::min<std::size_t>(octets.size(), options_.snap_length));
    const std::uint32_t wire =
        wire_length != 0 ? wire_length : static_cast<std::uint32_t>(octets.size());
    put(narrow<std::uint32_t>(time.ns / second_ns));
    const std::int64_t fraction = time.ns % second_ns;
    put(static_cast<std::uint64_t>(options_.nanoseconds ? fraction : fraction / 1000));
    const bool exchanged = options_.minor_version < 3;
    put(exchanged ? wire : captured);
    put(exchanged ? captured : wire);
    if (options_.kuznetzov) out_->append(8, '\0');
    append(*out_, octets.first(captured));
}

PcapngWriter::PcapngWriter(std::string& out, bool big_endian)
    : out_(&out), big_endian_(big_endian) {
    section(big_endian);
}

void PcapngWriter::put(std::string& to, std::uint64_t value, unsigned octets) const {
    append(to, big_endian_, value, octets);
}

void PcapngWriter::option(std::string& to, std::uint16_t code, std::string_view value) const {
    put(to, code, 2);
    put(to, value.size(), 2);
    to.append(value);
    pad(to);
}

void PcapngWriter::block(std::uint32_t type, std::string_view body) {
    std::string padded(body);
    pad(padded);
    put(*out_, type, 4);
    put(*out_, padded.size() + 12, 4);
    out_->append(padded);
    put(*out_, padded.size() + 12, 4);
}

void PcapngWriter::section(bool big_endian) {
    big_endian_ = big_endian;
    interfaces_.clear();
    std::string body;
    put(body, format::byte_order_magic, 4);
    put(body, 1, 2);
    put(body, 0, 2);
    put(body, UINT64_MAX, 8);  // length not stated
    block(format::block_section, body);
}

void PcapngWriter::interface(const InterfaceOptions& options) {
    std::string body;
    put(body, static_cast<std::uint16_t>(options.link), 2);
    put(body, 0, 2);
    put(body, options.snap_length, 4);
    if (!options.name.empty()) option(body, format::if_name, options.name);
    option(body, format::if_tsresol, std::string(1, static_cast<char>(options.resolution)));
    if (options.offset_s != 0) {
        std::string value;
        put(value, static_cast<std::uint64_t>(options.offset_s), 8);
        option(body, format::if_tsoffset, value);
    }
    option(body, format::option_end, "");
    block(format::block_interface, body);
    interfaces_.push_back(options);
    interfaces_.back().name = {};
}

std::uint64_t PcapngWriter::ticks(std::uint32_t interface, UtcTime time) const {
    CHECK(interface < interfaces_.size());
    const InterfaceOptions& in = interfaces_[interface];
    auto ns = static_cast<std::uint64_t>(time.ns - in.offset_s * second_ns);
    if ((in.resolution & 0x80U) != 0) {
        const unsigned exponent = in.resolution & 0x7fU;
        CHECK(exponent <= 30);
        const std::uint64_t whole = ns / second_ns;
        return (whole << exponent) + ((ns % second_ns) << exponent) / second_ns;
    }
    CHECK(in.resolution <= 9);
    for (unsigned i = in.resolution; i < 9; ++i) ns /= 10;
    return ns;
}

void PcapngWriter::times_and_data(std::string& body, std::uint32_t interface, UtcTime time,
                                  std::string_view octets, std::uint32_t wire_length) const {
    const std::uint64_t at = ticks(interface, time);
    put(body, at >> 32U, 4);
    put(body, at & 0xffff'ffffU, 4);
    put(body, octets.size(), 4);
    put(body, wire_length != 0 ? wire_length : octets.size(), 4);
    body.append(octets);
    pad(body);
}

void PcapngWriter::frame(std::uint32_t interface, UtcTime time, std::string_view octets,
                         const PacketOptions& options) {
    std::string body;
    put(body, interface, 4);
    times_and_data(body, interface, time, octets, options.wire_length);
    std::string value;
    if (options.direction != packet::Direction::unknown) {
        put(value, options.direction == packet::Direction::in ? 1 : 2, 4);
        option(body, format::packet_flags, value);
    }
    if (options.dropped != 0) {
        value.clear();
        put(value, options.dropped, 8);
        option(body, format::epb_dropcount, value);
    }
    if (!value.empty()) option(body, format::option_end, "");
    block(format::block_enhanced_packet, body);
}

void PcapngWriter::simple_frame(std::string_view octets, std::uint32_t wire_length) {
    std::string body;
    put(body, wire_length != 0 ? wire_length : octets.size(), 4);
    body.append(octets);
    block(format::block_simple_packet, body);
}

void PcapngWriter::obsolete_frame(std::uint16_t interface, std::uint16_t drops, UtcTime time,
                                  std::string_view octets) {
    std::string body;
    put(body, interface, 2);
    put(body, drops, 2);
    times_and_data(body, interface, time, octets, 0);
    block(format::block_obsolete_packet, body);
}

void PcapngWriter::statistics(std::uint32_t interface, std::uint64_t dropped) {
    std::string body;
    put(body, interface, 4);
    put(body, 0, 8);
    std::string value;
    put(value, dropped, 8);
    option(body, format::isb_ifdrop, value);
    option(body, format::option_end, "");
    block(format::block_statistics, body);
}

}  // namespace octroi::pcap
