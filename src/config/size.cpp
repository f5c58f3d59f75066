// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/size.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace octroi {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t bytes;
};

constexpr std::array units = {
    Unit{"B", 1},
    Unit{"kB", 1'000},
    Unit{"MB", 1'000'000},
    Unit{"GB", 1'000'000'000},
    Unit{"TB", 1'000'000'000'000},
    Unit{"KiB", 1ULL << 10U},
    Unit{"MiB", 1ULL << 20U},
    Unit{"GiB", 1ULL << 30U},
    Unit{"TiB", 1ULL << 40U},
};

}  // namespace

Result<Bytes> parse_size(std::string_view text) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    std::string_view rest(stop, static_cast<std::size_t>(end - stop));
    if (rest.starts_with(' ')) rest.remove_prefix(1);
    const auto unit = std::ranges::find(units, rest, &Unit::name);
    std::uint64_t bytes = 0;
    if (error != std::errc{} || unit == units.end() ||
        __builtin_mul_overflow(number, unit->bytes, &bytes)) {
        return fail(
            ErrorCode::invalid,
            fmt::format("'{}' is not a size; write a whole number and a unit, as \"64 MiB\" "
                        "(B, kB, MB, GB, TB, KiB, MiB, GiB, TiB)",
                        text));
    }
    return Bytes(bytes);
}

}  // namespace octroi
