// SPDX-License-Identifier: GPL-3.0-or-later
// Reader::save() and Reader::restore(). Format, with the number of bits, big endian (ByteWriter):
//   version (8) = 1, format (8), flags (8): 1 big endian, 2 nanoseconds, record header (8),
//   lengths (8), skip (64), last time (64), counters (5 × 64)
//   interfaces: count (16), then for each: section_id (32), link (16), snap_length (32),
//     resolution (8), offset (64), dropped_between (64), dropped_total (64), name (text)
//   section: count (16), then for each: index (16)
// Cursors in ledgers contain these octets. DO NOT CHANGE the format without a new version.

#include "wire/pcap/reader.hpp"

namespace octroi::pcap {

namespace {

constexpr std::uint8_t version = 1;

// Visits the counters in the order in which they are saved.
template <typename Of, typename Visit>
void each_counter(Of& c, Visit&& visit) {
    visit(c.frames);
    visit(c.skipped_blocks);
    visit(c.bad_blocks);
    visit(c.untimed);
    visit(c.bad_times);
}

void write_interface(ByteWriter& w, const Interface& in) {
    w.be32(in.section_id);
    w.be16(static_cast<std::uint16_t>(in.link));
    w.be32(in.snap_length);
    w.u8(in.resolution);
    w.be64(static_cast<std::uint64_t>(in.offset_s));
    w.be64(in.dropped_between);
    w.be64(in.dropped_total);
    w.text(in.name);
}

bool read_interface(ByteCursor& r, Interface& in) {
    std::uint16_t link = 0;
    std::uint64_t offset = 0;
    const bool good = r.be32(in.section_id) && r.be16(link) && r.be32(in.snap_length) &&
                      r.u8(in.resolution) && r.be64(offset) && r.be64(in.dropped_between) &&
                      r.be64(in.dropped_total) && r.text(in.name);
    in.link = LinkType{link};
    in.offset_s = static_cast<std::int64_t>(offset);
    return good && in.name.size() <= max_interface_name;
}

}  // namespace

std::string Reader::save() const {
    ByteWriter w;
    w.u8(version);
    w.u8(static_cast<std::uint8_t>(format_));
    w.u8(static_cast<std::uint8_t>((swapped_ ? 1U : 0U) | (nanoseconds_ ? 2U : 0U)));
    w.u8(record_header_);
    w.u8(static_cast<std::uint8_t>(lengths_));
    w.be64(skip_);
    w.be64(static_cast<std::uint64_t>(last_time_.ns));
    each_counter(counters_, [&w](std::uint64_t value) { w.be64(value); });
    w.be16(static_cast<std::uint16_t>(interfaces_.size()));
    for (const Interface& in : interfaces_) write_interface(w, in);
    w.be16(static_cast<std::uint16_t>(section_.size()));
    for (const std::uint16_t index : section_) w.be16(index);
    return w.drain();
}

Result<Reader> Reader::restore(std::string_view saved) {
    const auto bad = [] {
        return octroi::fail(ErrorCode::corrupt, "capture file: the saved reader state is damaged");
    };
    Reader reader;
    ByteCursor r(as_octets(saved));
    std::uint8_t written = 0;
    std::uint8_t format = 0;
    std::uint8_t flags = 0;
    std::uint8_t lengths = 0;
    std::uint64_t last = 0;
    if (!r.u8(written) || written != version) return bad();
    if (!r.u8(format) || format > static_cast<std::uint8_t>(Format::pcapng)) return bad();
    if (!r.u8(flags) || flags > 3) return bad();
    if (!r.u8(reader.record_header_)) return bad();
    if (reader.record_header_ != 16 && reader.record_header_ != 24) return bad();
    if (!r.u8(lengths) || lengths > static_cast<std::uint8_t>(Lengths::either)) return bad();
    if (!r.be64(reader.skip_) || !r.be64(last)) return bad();
    bool good = true;
    each_counter(reader.counters_, [&](std::uint64_t& value) { good = good && r.be64(value); });
    std::uint16_t count = 0;
    if (!good || !r.be16(count) || count > max_interfaces) return bad();
    reader.interfaces_.resize(count);
    for (Interface& in : reader.interfaces_) {
        if (!read_interface(r, in)) return bad();
    }
    if (!r.be16(count) || count > max_interfaces) return bad();
    reader.section_.resize(count);
    for (std::uint16_t& index : reader.section_) {
        if (!r.be16(index) || index >= reader.interfaces_.size()) return bad();
    }
    reader.format_ = Format{format};
    reader.swapped_ = (flags & 1U) != 0;
    reader.nanoseconds_ = (flags & 2U) != 0;
    reader.lengths_ = Lengths{lengths};
    reader.last_time_ = UtcTime{static_cast<std::int64_t>(last)};
    if (reader.format_ == Format::pcap && reader.interfaces_.size() != 1) return bad();
    if (r.left() != 0) return bad();
    return reader;
}

}  // namespace octroi::pcap
