// SPDX-License-Identifier: GPL-3.0-or-later
// The file header and the rare records of pcap, and the functions for both formats. pcapng:
// pcapng.cpp.

#include "wire/pcap/reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "wire/pcap/format.hpp"

namespace octroi::pcap {

using namespace format;

Reader::Reader() = default;

std::uint16_t Reader::u16(const std::byte* p) const noexcept {
    const std::uint16_t v = load_be16(p);
    return swapped_ ? v : __builtin_bswap16(v);
}
std::uint32_t Reader::u32(const std::byte* p) const noexcept {
    const std::uint32_t v = load_be32(p);
    return swapped_ ? v : __builtin_bswap32(v);
}
std::uint64_t Reader::u64(const std::byte* p) const noexcept {
    const std::uint64_t v = load_be64(p);
    return swapped_ ? v : __builtin_bswap64(v);
}

Reader::Step Reader::fail(std::string why) {
    why_ = std::move(why);
    corrupt_ = true;
    return Step::corrupt;
}

int Reader::time_digits() const noexcept {
    if (format_ == Format::pcap) return nanoseconds_ ? 9 : 6;
    // Resolutions that are powers of two have the top bit set and also count as finer.
    const bool fine =
        std::ranges::any_of(interfaces_, [](const Interface& in) { return in.resolution > 6; });
    return fine ? 9 : 6;
}

Reader::Step Reader::begin(ByteSpan& octets, std::size_t& needed) {
    if (octets.size() < 4) {
        needed = 4;
        return Step::more;
    }
    const std::uint32_t magic = load_be32(octets.data());
    if (magic == block_section) return section(octets, needed);
    return begin_pcap(octets, needed);
}

Reader::Step Reader::begin_pcap(ByteSpan& octets, std::size_t& needed) {
    constexpr std::size_t header = 24;
    const std::uint32_t big = load_be32(octets.data());
    const std::uint32_t little = __builtin_bswap32(big);
    const auto is = [&](std::uint32_t magic) { return big == magic || little == magic; };
    if (!is(magic_microseconds) && !is(magic_nanoseconds) && !is(magic_kuznetzov))
        return fail(fmt::format("the first octets {:08x} are neither pcap nor pcapng", big));
    if (octets.size() < header) {
        needed = header;
        return Step::more;
    }
    swapped_ = big == magic_microseconds || big == magic_nanoseconds || big == magic_kuznetzov;
    nanoseconds_ = is(magic_nanoseconds);
    record_header_ = is(magic_kuznetzov) ? 24 : 16;
    const std::uint16_t major = u16(octets.data() + 4);
    const std::uint16_t minor = u16(octets.data() + 6);
    if (major != 2 && !(major == 543 && minor == 0))
        return fail(fmt::format("pcap version {}.{} is not supported", major, minor));
    // Version 2.3 exchanged captured length and wire length, but some writers of 2.3 kept the old
    // order. 543.0 was written by the tcpdump of DG/UX, with the old order.
    if (major == 543 || minor < 3)
        lengths_ = Lengths::exchanged;
    else if (minor == 3)
        lengths_ = Lengths::either;
    Interface in;
    in.snap_length = u32(octets.data() + 16);
    // The upper 16 bits contain flags and the length of a frame check sequence.
    in.link = LinkType{static_cast<std::uint16_t>(u32(octets.data() + 20))};
    in.resolution = nanoseconds_ ? 9 : 6;
    interfaces_.push_back(std::move(in));
    format_ = Format::pcap;
    octets = octets.subspan(header);
    return Step::again;
}

// Reads one record of the forms that plain_records() does not read.
Reader::Step Reader::old_record(ByteSpan& octets, Frame& frame, std::size_t& needed) {
    needed = record_header_;
    if (octets.size() < needed) return Step::more;
    const std::byte* at = octets.data();
    std::uint32_t captured = u32(at + 8);
    std::uint32_t wire = u32(at + 12);
    if (lengths_ == Lengths::exchanged) std::swap(captured, wire);
    // No frame has more captured octets than it had on the wire: the lengths are in the order of
    // another version. In files of version 2.3 that is frequent; some of 2.2 have it too (AIX).
    if (lengths_ != Lengths::plain && captured > wire) std::swap(captured, wire);
    if (captured > max_captured)
        return fail(fmt::format("a record states {} captured octets", captured));
    needed = record_header_ + std::size_t{captured};
    if (octets.size() < needed) return Step::more;
    frame.data = at + record_header_;
    frame.captured_length = captured;
    frame.wire_length = wire;
    frame.time.ns = std::int64_t{u32(at)} * 1'000'000'000 +
                    std::int64_t{u32(at + 4)} * (nanoseconds_ ? 1 : 1000);
    frame.link = interfaces_.front().link;
    frame.timed = true;
    octets = octets.subspan(needed);
    return Step::frame;
}

Reader::Step Reader::step(ByteSpan& octets, Frame& frame, std::size_t& needed) {
    if (skip_ > 0) {
        const std::size_t now = std::min<std::uint64_t>(skip_, octets.size());
        skip_ -= now;
        octets = octets.subspan(now);
        needed = 1;
        if (skip_ > 0) return Step::more;
    }
    switch (format_) {
        case Format::unknown:
            return begin(octets, needed);
        case Format::pcap:
            return old_record(octets, frame, needed);
        case Format::pcapng:
            return block(octets, frame, needed);
    }
    return fail("no format");
}

}  // namespace octroi::pcap
