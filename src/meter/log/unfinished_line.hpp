// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Reads the last line of a file that has no end: the server may still write it, or was killed. If a
// name stands last ("… 1234 exam" of "example.com"), its beginning would be charged to
// another account. One thread.

#include <string_view>

#include "wire/log/line_reader.hpp"

namespace octroi::logs {

struct UnfinishedRead {
    logline::LineResult result;
    // More octets could change whom or what moment the line is about: it must not be booked.
    bool has_doubtful_name = false;
    // More octets could change a volume: it is a lower bound.
    bool has_doubtful_volume = false;
};

// The result, the entry and the state of the reader are those of reader.read(text, entry). A name
// is doubtful if the reader reads another one where the line goes on.
[[nodiscard]] UnfinishedRead read_unfinished(logline::LineReader& reader, std::string_view text,
                                             logline::Entry& entry);

}  // namespace octroi::logs
