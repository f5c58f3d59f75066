// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What the first lines of a log show. Pure; any thread.

#include <cstddef>
#include <string>
#include <string_view>

#include "wire/log/line_reader.hpp"

namespace octroi::logs {

struct LogSample {
    std::size_t traffic = 0;  // lines by kind
    std::size_t other = 0;
    std::size_t bad = 0;
    logline::BadReason first_bad = logline::BadReason::none;
    std::string client_domain;  // one that a visitor chose; empty: none
    bool has_client = false;    // a line that reports traffic states the client
    bool has_domain = false;    // a line states the site, as the server is configured
    bool states_in = false;     // octets from the client

    // A line reports traffic, and at most a third of such lines cannot be read: of another format
    // hardly any can.
    [[nodiscard]] bool fits() const noexcept { return traffic > 0 && bad * 2 <= traffic; }
};

// Of the whole lines in a text, the begin of a log. The reader is new.
[[nodiscard]] LogSample sample_lines(logline::LineReader& reader, std::string_view text);

}  // namespace octroi::logs
