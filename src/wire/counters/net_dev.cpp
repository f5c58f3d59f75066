// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/counters/net_dev.hpp"

#include <array>
#include <charconv>

#include "wire/counters/words.hpp"

namespace octroi::counters {

std::vector<NetDevRow> parse_net_dev(std::string_view text) {
    constexpr std::size_t numbers = 16;
    std::vector<NetDevRow> rows;
    for (Lines lines(text); const auto line = lines.next();) {
        // A name may contain ':' (old aliases); the numbers cannot.
        const std::size_t colon = line->rfind(':');
        if (colon == std::string_view::npos) continue;
        NetDevRow row{std::string(trimmed(line->substr(0, colon)))};
        std::array<std::uint64_t, numbers> values{};
        Words words(line->substr(colon + 1));
        bool good = !row.name.empty();
        for (std::uint64_t& value : values) {
            const auto word = words.next();
            good = good && word && parse_whole(*word, value);
        }
        if (!good) continue;
        row.rx_bytes = values[0];
        row.rx_packets = values[1];
        row.tx_bytes = values[8];
        row.tx_packets = values[9];
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace octroi::counters
