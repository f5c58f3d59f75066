// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Reads frames from the octets of a capture file. The first 4 octets tell the format:
// - pcap (draft-ietf-opsawg-pcap): micro- and nanoseconds, both byte orders, the longer record
// header
//   of Kuznetzov's patch (magic a1b2cd34), the exchanged lengths of versions before 2.4.
// - pcapng (draft-ietf-opsawg-pcapng): sections of either byte order; several interfaces, each with
//   its resolution and time offset; enhanced, simple and obsolete packet blocks; interface
//   statistics. Other blocks are skipped, whatever their size.
//
// Pure and incremental. The caller owns file and octets. It passes the octets from the position of
// the reader on; the reader calls the sink for each complete frame and returns how many octets it
// consumed. One thread at a time.
//
//     Reader reader;
//     for (;;) {
//         // at least p.needed octets from `position` on, if the file has them
//         const Progress p = reader.read(octets, [&](const Frame& frame) { …; return true; });
//         position += p.consumed;
//         if (p.state == State::corrupt) break;  // reader.why(); the rest of the file is lost
//         if (at_end_of_file) break;             // reader.complete(): the file is whole
//     }
//
// Bounds: a frame has at most max_captured octets, so Progress::needed never exceeds max_needed.
//
// Damage: if the framing is valid but the content of a block is not (an interface that was not
// described, a captured length greater than the block), the block is counted in bad_blocks and
// skipped. If the framing is invalid (a record longer than max_captured, two different lengths of a
// block), reading stops for good: neither format has sync marks, so the next record could only be
// guessed.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/byte_cursor.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "wire/packet/packet.hpp"

namespace octroi::pcap {

using packet::LinkType;

// MAXIMUM_SNAPLEN of libpcap for link types that carry IP.
inline constexpr std::uint32_t max_captured = 262'144;
// The largest block that is decoded. Blocks of other kinds are skipped and may be larger.
inline constexpr std::uint32_t max_block = 2 * max_captured;
inline constexpr std::size_t max_needed = max_block;
inline constexpr std::size_t max_interfaces = 4096;
inline constexpr std::size_t max_interface_name = 255;

// One frame. `data` points into the octets that the caller passed to read().
struct Frame {
    const std::byte* data;
    std::uint32_t captured_length;
    std::uint32_t wire_length;
    UtcTime time;
    LinkType link;
    std::uint16_t interface;      // index into Reader::interfaces()
    packet::Direction direction;  // if the file states it
    bool timed;  // false: the record has no time; `time` is that of the previous frame

    [[nodiscard]] ByteSpan captured() const noexcept { return {data, captured_length}; }
};

struct Interface {
    std::uint32_t section_id = 0;  // its number within its section
    LinkType link{};
    std::uint32_t snap_length = 0;  // as stated; frames may be longer. 0: no limit
    std::string name;               // if_name, at most max_interface_name octets; may be empty
    std::uint8_t resolution = 6;    // if_tsresol, encoded as in the file
    std::int64_t offset_s = 0;      // if_tsoffset
    // Drops that the file reports. The sum of epb_dropcount and of the drops of obsolete blocks:
    std::uint64_t dropped_between = 0;
    // The latest isb_ifdrop + isb_osdrop. Cumulative in the file; may include the same drops:
    std::uint64_t dropped_total = 0;

    // Whether the descriptions are equal. Drops are not part of the description.
    [[nodiscard]] bool same_as(const Interface& o) const noexcept {
        return section_id == o.section_id && link == o.link && name == o.name &&
               resolution == o.resolution && offset_s == o.offset_s;
    }
};

enum class Format : std::uint8_t { unknown, pcap, pcapng };

enum class State : std::uint8_t {
    more,     // the sink got all complete frames; more octets are needed
    stopped,  // the sink returned false; the next call continues after that frame
    corrupt,  // see Reader::why(); every further call returns the same
};

struct Progress {
    std::size_t consumed = 0;  // octets that need not be passed again
    State state = State::more;
    std::size_t needed = 0;  // for `more`: the next call needs at least so many octets
};

struct Counters {
    std::uint64_t frames = 0;
    std::uint64_t skipped_blocks = 0;  // blocks of kinds that contain no frames
    std::uint64_t bad_blocks = 0;      // blocks with valid framing and invalid content
    std::uint64_t untimed = 0;         // frames without a time of their own
    std::uint64_t bad_times = 0;       // times outside 1970 to 2199, moved to the nearest in range
};

class Reader {
public:
    Reader();

    // octets: from the position on. sink(const Frame&) returns bool (false: stop after this frame)
    // or void.
    template <typename Sink>
    Progress read(ByteSpan octets, Sink&& sink);

    [[nodiscard]] Format format() const noexcept { return format_; }
    // Why the state is corrupt, for people: a clause without a full stop. Otherwise empty.
    [[nodiscard]] std::string_view why() const noexcept { return why_; }
    // For corrupt: false means that the file is not a capture file at all, true that it is damaged.
    [[nodiscard]] bool is_capture() const noexcept { return format_ != Format::unknown; }
    // Whether a file may end at the position: the file header was read and no block is half
    // skipped. The file is whole if this is true and no octets are left.
    [[nodiscard]] bool complete() const noexcept { return is_capture() && skip_ == 0; }

    // Grows while reading; indices stay valid. A pcap file has one. A later section that describes
    // an interface with the same number in the same way reuses the entry.
    [[nodiscard]] std::span<const Interface> interfaces() const noexcept { return interfaces_; }
    // Fraction digits to print: 9 if the times of the file are finer than microseconds,
    // otherwise 6.
    [[nodiscard]] int time_digits() const noexcept;
    [[nodiscard]] const Counters& counters() const noexcept { return counters_; }

    // The whole state as octets for a cursor, to continue at the same position after a restart. Its
    // size is bounded by max_interfaces. restore() returns corrupt for octets that save() did not
    // write.
    [[nodiscard]] std::string save() const;
    [[nodiscard]] static Result<Reader> restore(std::string_view saved);

private:
    // Reads a header, record or block, except the records of plain_records(), and removes it from
    // `octets`. again: there was no frame in it.
    enum class Step : std::uint8_t { frame, again, more, corrupt };
    Step step(ByteSpan& octets, Frame& frame, std::size_t& needed);

    Step begin(ByteSpan& octets, std::size_t& needed);
    Step begin_pcap(ByteSpan& octets, std::size_t& needed);
    Step old_record(ByteSpan& octets, Frame& frame, std::size_t& needed);
    Step block(ByteSpan& octets, Frame& frame, std::size_t& needed);
    Step section(ByteSpan& octets, std::size_t& needed);
    Step describe_interface(ByteSpan body);
    bool content(std::uint32_t type, ByteSpan body, Frame& frame);
    bool enhanced_packet(ByteSpan body, Frame& frame);
    bool obsolete_packet(ByteSpan body, Frame& frame);
    bool simple_packet(ByteSpan body, Frame& frame);
    bool statistics(ByteSpan body);
    bool set_frame(Frame& frame, std::uint32_t id, std::uint64_t ticks, std::uint32_t captured,
                   std::uint32_t wire, ByteSpan data);
    [[nodiscard]] Interface* interface_of(std::uint32_t id) noexcept;
    [[nodiscard]] UtcTime time_of(const Interface& in, std::uint64_t ticks);
    Step fail(std::string why);
    [[nodiscard]] std::uint16_t u16(const std::byte* p) const noexcept;
    [[nodiscard]] std::uint32_t u32(const std::byte* p) const noexcept;
    [[nodiscard]] std::uint64_t u64(const std::byte* p) const noexcept;
    // Calls visit(code, value) for each option. False: an option is longer than its block.
    template <typename Visit>
    bool options(ByteSpan octets, Visit&& visit) const;

    template <bool Swapped, typename Sink>
    Progress plain_records(ByteSpan octets, Sink& sink);
    template <typename Sink>
    static bool hand_over(Sink& sink, const Frame& frame);

    Format format_ = Format::unknown;
    bool swapped_ = false;      // the section or file is big endian
    bool nanoseconds_ = false;  // pcap
    bool corrupt_ = false;
    std::uint8_t record_header_ = 16;  // pcap: 16, or 24 with Kuznetzov's patch
    enum class Lengths : std::uint8_t { plain, exchanged, either } lengths_ = Lengths::plain;
    std::uint64_t skip_ = 0;  // octets of a block that remain to be skipped
    UtcTime last_time_;
    std::vector<Interface> interfaces_;
    std::vector<std::uint16_t> section_;  // index into interfaces_, by number in this section
    Counters counters_;
    std::string why_;
};

template <typename Sink>
bool Reader::hand_over(Sink& sink, const Frame& frame) {
    if constexpr (std::is_void_v<std::invoke_result_t<Sink&, const Frame&>>) {
        sink(frame);
        return true;
    } else {
        return sink(frame);
    }
}

// The hot loop: records of pcap version 2.4 with the record header of 16 octets. Swapped: the file
// is big endian.
template <bool Swapped, typename Sink>
Progress Reader::plain_records(ByteSpan octets, Sink& sink) {
    constexpr std::size_t header = 16;
    const std::byte* at = octets.data();
    const std::byte* const end = at + octets.size();
    const std::int64_t unit = nanoseconds_ ? 1 : 1000;
    Frame frame{};
    frame.link = interfaces_.front().link;
    frame.timed = true;
    Progress progress;
    std::uint64_t frames = 0;
    progress.needed = header;
    while (static_cast<std::size_t>(end - at) >= header) {
        const auto word = [at](std::size_t index) {
            std::uint32_t v = 0;
            std::memcpy(&v, at + 4 * index, sizeof v);
            return Swapped ? __builtin_bswap32(v) : v;
        };
        const std::uint32_t captured = word(2);
        if (static_cast<std::size_t>(end - at) - header < captured || captured > max_captured)
            [[unlikely]] {
            progress.needed = header + captured;
            break;
        }
        frame.data = at + header;
        frame.captured_length = captured;
        frame.wire_length = word(3);
        // At most 2^32 s plus 2^32 us: the year 2106 plus an hour, so there is no overflow.
        frame.time.ns = std::int64_t{word(0)} * 1'000'000'000 + std::int64_t{word(1)} * unit;
        at += header + captured;
        ++frames;
        if (!hand_over(sink, frame)) {
            progress.state = State::stopped;
            break;
        }
    }
    counters_.frames += frames;
    progress.consumed = static_cast<std::size_t>(at - octets.data());
    if (progress.needed > header + max_captured) {
        fail("a record states " + std::to_string(progress.needed - header) + " captured octets");
        progress.state = State::corrupt;
    }
    return progress;
}

template <typename Sink>
Progress Reader::read(ByteSpan octets, Sink&& sink) {
    Progress progress;
    const std::size_t shown = octets.size();
    for (;;) {
        if (corrupt_) {
            progress.state = State::corrupt;
            break;
        }
        if (format_ == Format::pcap && record_header_ == 16 && lengths_ == Lengths::plain) {
            const std::size_t before = shown - octets.size();
            progress =
                swapped_ ? plain_records<true>(octets, sink) : plain_records<false>(octets, sink);
            progress.consumed += before;
            return progress;
        }
        Frame frame{};
        const Step step = this->step(octets, frame, progress.needed);
        if (step == Step::frame) {
            ++counters_.frames;
            if (hand_over(sink, frame)) continue;
            progress.state = State::stopped;
            break;
        }
        if (step == Step::more) break;
    }
    progress.consumed = shown - octets.size();
    return progress;
}

}  // namespace octroi::pcap
