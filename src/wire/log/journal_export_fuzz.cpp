// SPDX-License-Identifier: GPL-3.0-or-later
// Input: the size of parts (one octet), then octets of the journal export format. Entries are the
// same in whatever parts the octets come, have a cursor, and are bounded; each is one line.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.hpp"
#include "wire/log/journal_export.hpp"

namespace octroi::logline {
namespace {

std::vector<std::string> lines_in_parts(std::string_view octets, std::size_t part) {
    JournalExport decoder;
    JournalEntry entry;
    std::vector<std::string> lines;
    while (!octets.empty()) {
        std::string_view rest = octets.substr(0, part);
        octets.remove_prefix(rest.size());
        while (decoder.read(rest, entry)) {
            CHECK(!entry.cursor.empty() && entry.message.size() <= line_octets_max);
            lines.push_back(entry.cursor + entry.as_line());
            CHECK(!entry.as_line().contains('\n'));
        }
        CHECK(rest.empty());
    }
    return lines;
}

}  // namespace
}  // namespace octroi::logline

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view octets(static_cast<const char*>(static_cast<const void*>(data + 1)),
                                  size - 1);
    const std::size_t part = std::max<std::size_t>(data[0], 1);
    CHECK(octroi::logline::lines_in_parts(octets, part) ==
          octroi::logline::lines_in_parts(octets, std::max<std::size_t>(octets.size(), 1)));
    return 0;
}
