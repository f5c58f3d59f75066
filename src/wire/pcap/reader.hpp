// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Capture files as a stream of octets -> frames. Both formats, told apart by the first 4 octets:
//   pcap    draft-ietf-opsawg-pcap: micro- and nanoseconds, both byte orders, the longer record
//   header of
//           Kuznetzov's patch (magic a1b2cd34), the exchanged lengths of versions before 2.4.
//   pcapng  draft-ietf-opsawg-pcapng: sections of either byte order, several interfaces with their
//           own resolution and offset; enhanced, simple and obsolete packet blocks, interface
//           statistics. Other blocks are skipped, whatever their size.
//
// Pure and incremental: the caller owns the octets and the file. It shows the reader what it has
// from the reader's position on, the reader hands over the frames that are complete and says how
// far it got; the caller then shows it the rest and what follows. One thread at a time.
//
//     Reader reader;
//     for (;;) {
//         Progress p = reader.read(octets_from_position, [&](const Frame& f) { ...; return true;
//         }); position += p.consumed; if (p.state == State::corrupt) ...          // reader.why():
//         stop, what follows is lost if (p.state == State::more) ...             // show at least
//         p.needed octets next time;
//     }                                               // where there are none: see complete()
//
// Bounds: a frame has at most max_captured octets, so p.needed never exceeds max_needed.
// Policy on damage: where the framing is whole but a block's content is not (an interface that
// was not described, a captured length beyond the block), the block is counted in bad_blocks and
// left out. Where the framing itself cannot be (a record longer than max_captured, block lengths
// that differ), reading stops for good: neither format has marks to find the next record by, and
// one found by likelihood would be a guess.

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

// The largest frame that libpcap writes for any link type that carries IP (its MAXIMUM_SNAPLEN).
inline constexpr std::uint32_t max_captured = 262'144;
// The largest block that is looked into; larger ones of a kind that is not needed are skipped.
inline constexpr std::uint32_t max_block = 2 * max_captured;
inline constexpr std::size_t max_needed = max_block;
inline constexpr std::size_t max_interfaces = 4096;
inline constexpr std::size_t max_interface_name = 255;

// One frame. The octets are the caller's and are valid as long as those it showed.
struct Frame {
    const std::byte* data;
    std::uint32_t captured_length;
    std::uint32_t wire_length;
    UtcTime time;
    LinkType link;
    std::uint16_t interface;  // index into Reader::interfaces()
    packet::Way way;          // where the file says so
    bool timed;               // false: the record has no time; `time` is that of the one before

    [[nodiscard]] ByteSpan captured() const noexcept { return {data, captured_length}; }
};

struct Interface {
    std::uint32_t section_id = 0;  // its number in its section
    LinkType link{};
    std::uint32_t snap_length = 0;  // as stated, not believed; 0: none
    std::string name;               // if_name, at most max_interface_name octets; or ""
    std::uint8_t resolution = 6;    // if_tsresol as it stands in the file
    std::int64_t offset_s = 0;      // if_tsoffset
    // What the file says was lost before it was written. epb_dropcount and the obsolete block's
    // drops, added up:
    std::uint64_t dropped_between = 0;
    // The latest isb_ifdrop + isb_osdrop (cumulative in the file; may count the same frames again):
    std::uint64_t dropped_total = 0;

    // The same description (the losses are no part of it).
    [[nodiscard]] bool same_as(const Interface& o) const noexcept {
        return section_id == o.section_id && link == o.link && name == o.name &&
               resolution == o.resolution && offset_s == o.offset_s;
    }
};

enum class Format : std::uint8_t { unknown, pcap, pcapng };

enum class State : std::uint8_t {
    more,     // all complete frames were handed over
    stopped,  // the sink returned false; call again to go on behind that frame
    corrupt,  // see Reader::why(); every further call says the same
};

struct Progress {
    std::size_t consumed = 0;  // octets that the caller need not show again
    State state = State::more;
    std::size_t needed =
        0;  // of `more`: octets from the new position on without which no step is possible
};

struct Counters {
    std::uint64_t frames = 0;
    std::uint64_t skipped_blocks = 0;  // of kinds that carry no frames
    std::uint64_t bad_blocks = 0;      // framing whole, content not
    std::uint64_t untimed = 0;         // frames without a time of their own
    std::uint64_t bad_times = 0;       // times outside 1970 to 2200, moved to the nearer end
};

class Reader {
public:
    Reader();

    // sink(const Frame&) returns bool (false: stop behind this frame) or void.
    template <typename Sink>
    Progress read(ByteSpan octets, Sink&& sink);

    [[nodiscard]] Format format() const noexcept { return format_; }
    // A sentence without a full stop: what cannot be, and where it helps the figure. "" unless
    // corrupt.
    [[nodiscard]] std::string_view why() const noexcept { return why_; }
    // The octets are no capture at all, rather than a damaged one (of corrupt).
    [[nodiscard]] bool is_capture() const noexcept { return format_ != Format::unknown; }
    // The file may end here: its header was seen, and nothing is half skipped. Only
    // when the caller has no octets left either is the file a whole one.
    [[nodiscard]] bool complete() const noexcept { return is_capture() && skip_ == 0; }

    // Grows while reading; indices stay. pcap has one entry. A later section that describes
    // the same interface under the same number uses its entry again.
    [[nodiscard]] std::span<const Interface> interfaces() const noexcept { return interfaces_; }
    // 9 where the file's clock is finer than a microsecond, else 6: digits worth printing.
    [[nodiscard]] int time_digits() const noexcept;
    [[nodiscard]] const Counters& counters() const noexcept { return counters_; }

    // All that the reader has to remember to go on at the position it had reached, as octets for a
    // cursor; bounded by max_interfaces. restore() refuses what save() did not write.
    [[nodiscard]] std::string save() const;
    [[nodiscard]] static Result<Reader> restore(std::string_view saved);

private:
    // One step of what is no plain pcap record. Returns how it went and moves `octets` on.
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
    // Calls visit(code, value) for each option; false if they do not fit their block.
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
    std::uint64_t skip_ = 0;  // octets of a block that are still to be passed over
    UtcTime last_time_;
    std::vector<Interface> interfaces_;
    std::vector<std::uint16_t> section_;  // number in this section -> index into interfaces_
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

// The hot loop: pcap records of version 2.4 with the plain record header.
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
        // At most 2^32 s and 2^32 us: year 2106 and an hour, no overflow.
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
        fail("a record claims " + std::to_string(progress.needed - header) + " captured octets");
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
