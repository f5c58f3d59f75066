// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/line_reader.hpp"

#include <array>

namespace octroi::logline {

std::string_view to_string(BadReason reason) noexcept {
    constexpr std::array<std::string_view, bad_reason_count> texts{
        "",
        "no line of this format",
        "the time stamp cannot be read",
        "a volume, count or status is no number",
        "a volume is above 2^63 - 1",
        "an address is none",
        "the size of the mail is not known: its line is missing",
        "the line that names the fields is missing",
        "two readings with different volumes are possible",
        "the line is too long",
    };
    return texts.at(static_cast<std::size_t>(reason));
}

Status LineReader::restore(std::string_view state) {
    if (state.empty()) return {};
    return fail(ErrorCode::corrupt, "state of a log format that keeps none");
}

}  // namespace octroi::logline
