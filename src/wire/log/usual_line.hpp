// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Lines of the common log format as most servers write most of them, in one pass:
//
//   [host[:port] ]192.0.2.1 - - [29/May/2017:19:02:48 +0000] "request" 200 612[ anything]
//
// A reader of its own because an import of a log spends most of its time here. It decides nothing:
// a line with anything unusual (a user, IPv6, a backslash before a quote) is left to the reader of
// the whole format, and all others have the same entry there.

#include <array>
#include <string_view>

#include "wire/log/entry.hpp"
#include "wire/log/line_time.hpp"

namespace octroi::logline {

// One thread at a time.
class UsualLine {
public:
    // has_host: a virtual host stands before the client.
    explicit UsualLine(bool has_host) : has_host_(has_host) {}

    // True: `entry` is that of the line; its texts are views into the line. `entry` must be new.
    // False: the line is not of this shape, and the entry is of no use.
    [[nodiscard]] bool read(std::string_view line, Entry& entry) noexcept;

private:
    static constexpr std::size_t time_octets = 26;  // "29/May/2017:19:02:48 +0000"

    [[nodiscard]] bool read_time(const char* text, LineTime& time) noexcept;

    bool has_host_;
    ClfClock clock_;
    std::array<char, time_octets> time_text_{};  // the last time: many lines have the same
    LineTime time_;
};

}  // namespace octroi::logline
