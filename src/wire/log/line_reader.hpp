// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The interface of all log formats: lines in, entries out. Readers have no I/O and no clock.
//
// A reader belongs to one log: some formats need earlier lines (the size of a mail stands in
// another line than its recipients). What such a reader remembers is bounded, and can be saved, so
// that a restart between two lines changes nothing. A reader is used by one thread at a time.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "wire/log/entry.hpp"

namespace octroi::logline {

// A longer line is bad: its end, where many formats have the volume, may be missing. The longest
// lines of servers have headers of some 64 KiB.
inline constexpr std::size_t line_octets_max = std::size_t{256} * 1024;

enum class LineKind : std::uint8_t {
    traffic,   // the entry is filled
    identity,  // the line states who held an address from its time on: the entry has time, and of
               // user, mac and client.address those that are stated
    other,     // the server reports something else, or the line is a comment or empty
    bad,       // the line should report traffic and cannot be read
};

enum class BadReason : std::uint8_t {
    none,
    shape,           // it is no line of this format
    time,            // the time stamp cannot be read
    number,          // a volume, count or status is no number, or is negative
    over_limit,      // a volume is greater than volume_max
    address,         // an address that the format requires is none
    unknown_size,    // a delivery of a mail of which the size is not known: its line is missing
    unknown_fields,  // the line that names the fields is missing
    ambiguous,       // two readings with different volumes
    too_long,        // more than line_octets_max octets
};
inline constexpr std::size_t bad_reason_count = 10;

// "a volume is no number": for people. Of none: empty.
[[nodiscard]] std::string_view to_string(BadReason reason) noexcept;

struct LineResult {
    LineKind kind = LineKind::other;
    BadReason reason = BadReason::none;  // with LineKind::bad

    [[nodiscard]] static constexpr LineResult traffic() noexcept { return {LineKind::traffic}; }
    [[nodiscard]] static constexpr LineResult identity() noexcept { return {LineKind::identity}; }
    [[nodiscard]] static constexpr LineResult other() noexcept { return {LineKind::other}; }
    [[nodiscard]] static constexpr LineResult bad(BadReason why) noexcept {
        return {LineKind::bad, why};
    }
};

class LineReader {
public:
    virtual ~LineReader() = default;

    // Decodes one line, without its end; a carriage return at the end is ignored. Replaces `entry`;
    // it has a meaning only with LineKind::traffic and identity. Its texts are views into `line`
    // and into this reader: valid until the next call, while `line` lives. Any octets are accepted.
    // A line gives at most one entry.
    [[nodiscard]] virtual LineResult read(std::string_view line, Entry& entry) = 0;

    // The state after the lines so far, at most state_octets_max octets. Empty for formats that
    // need no earlier lines.
    [[nodiscard]] virtual std::string save() const { return {}; }
    // Replaces the state by a saved one of the same format. Errors: corrupt; then the state is
    // empty.
    [[nodiscard]] virtual Status restore(std::string_view state);
    // Sessions and mails that were dropped because there are too many. Their later lines lack what
    // the earlier ones stated.
    [[nodiscard]] virtual std::uint64_t evicted() const noexcept { return 0; }

    static constexpr std::size_t state_octets_max = std::size_t{16} << 20U;
};

}  // namespace octroi::logline
