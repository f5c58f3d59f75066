// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The lines of a text of connections. One thread.

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "meter/file/stream.hpp"

namespace octroi::conntrack {

class ListingLines {
public:
    // A longer line is damaged. Labels and a security context make lines of some 1000 octets.
    static constexpr std::size_t line_octets_max = std::size_t{16} * 1024;

    // stream: must outlive this object. Only next() moves it.
    explicit ListingLines(file::Stream& stream) : stream_(&stream) {}

    // The next line that has an end, without that; the stream is behind it. nullopt: there is none.
    // A line that is too long is one of its first octets. The text is valid until the next call.
    [[nodiscard]] Result<std::optional<std::string_view>> next();
    // Behind the last line: a line that has no end, or may be incomplete. Empty: there is none.
    [[nodiscard]] std::string_view rest() const;

private:
    [[nodiscard]] std::string_view unread() const;

    file::Stream* stream_;
    bool is_within_line_ = false;  // behind the first octets of a line that is too long
};

}  // namespace octroi::conntrack
