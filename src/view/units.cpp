// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

namespace octroi {
namespace {

__extension__ using Wide = unsigned __int128;

struct Scale {
    std::uint64_t base = 1000;
    std::array<std::string_view, 7> names;  // 2^64 stays below the seventh power of 1000
};
constexpr Scale iec_bytes{1024, {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}};
constexpr Scale si_bytes{1000, {"B", "kB", "MB", "GB", "TB", "PB", "EB"}};
constexpr Scale si_bits{1000,
                        {"bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s", "Pbit/s", "Ebit/s"}};

struct Scaled {
    std::string number;
    std::string_view unit;
};

// value * 10^decimals / divisor, rounded half up.
std::uint64_t rounded(std::uint64_t value, Wide divisor, unsigned decimals) {
    Wide numerator = value;
    for (unsigned i = 0; i < decimals; ++i) numerator *= 10;
    return static_cast<std::uint64_t>((numerator + divisor / 2) / divisor);
}

Scaled scaled(std::uint64_t value, const Scale& scale) {
    Wide divisor = 1;
    std::size_t step = 0;
    // Use the next unit if the rounded figure would reach it ("1000 kB", "1024 KiB").
    while (step + 1 < scale.names.size() && rounded(value, divisor, 0) >= scale.base) {
        divisor *= scale.base;
        ++step;
    }
    const std::string_view unit = scale.names.at(step);
    if (step == 0) return {fmt::to_string(value), unit};
    if (const auto hundredths = rounded(value, divisor, 2); hundredths < 1000)
        return {fmt::format("{}.{:02}", hundredths / 100, hundredths % 100), unit};
    if (const auto tenths = rounded(value, divisor, 1); tenths < 1000)
        return {fmt::format("{}.{}", tenths / 10, tenths % 10), unit};
    return {fmt::to_string(rounded(value, divisor, 0)), unit};
}

const Scale& byte_scale(Units units) { return units == Units::si ? si_bytes : iec_bytes; }

std::string joined(const Scaled& s) { return fmt::format("{} {}", s.number, s.unit); }

std::string in_column(const Scaled& s, const Scale& scale) {
    return fmt::format("{} {:<{}}", s.number, s.unit, scale.names[1].size());
}

std::string grouped(std::uint64_t count) {
    const std::string digits = fmt::to_string(count);
    std::string out;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0) out.push_back(',');
        out.push_back(digits[i]);
    }
    return out;
}

std::uint64_t magnitude(std::int64_t value) {
    return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

struct Part {
    std::uint64_t ns;
    std::string_view name;
};
constexpr std::array long_parts{Part{86'400'000'000'000, "d"}, Part{3'600'000'000'000, "h"},
                                Part{60'000'000'000, "min"}, Part{1'000'000'000, "s"}};
constexpr std::array short_parts{Part{1'000'000, "ms"}, Part{1'000, "µs"}, Part{1, "ns"}};

std::string length_text(std::uint64_t ns) {
    for (std::size_t i = 0; i < long_parts.size(); ++i) {
        const Part& part = long_parts.at(i);
        if (ns < part.ns) continue;
        std::string text = fmt::format("{} {}", ns / part.ns, part.name);
        if (i + 1 < long_parts.size()) {
            const Part& next = long_parts.at(i + 1);
            if (const auto rest = ns % part.ns / next.ns; rest > 0)
                text += fmt::format(" {} {}", rest, next.name);
        }
        return text;
    }
    for (const Part& part : short_parts)
        if (ns >= part.ns) return fmt::format("{} {}", ns / part.ns, part.name);
    return "0 s";
}

}  // namespace

std::string bytes_text(std::uint64_t bytes, Units units) {
    if (units == Units::exact) return grouped(bytes);
    return joined(scaled(bytes, byte_scale(units)));
}

std::string bytes_column_text(std::uint64_t bytes, Units units) {
    if (units == Units::exact) return grouped(bytes);
    return in_column(scaled(bytes, byte_scale(units)), byte_scale(units));
}

std::string rate_text(std::uint64_t rate) { return joined(scaled(rate, si_bits)); }
std::string rate_column_text(std::uint64_t rate) {
    return in_column(scaled(rate, si_bits), si_bits);
}

std::string count_text(std::uint64_t count) { return grouped(count); }
std::string count_text(std::int64_t count) {
    return (count < 0 ? "-" : "") + grouped(magnitude(count));
}

std::string counted_text(std::uint64_t count, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", count_text(count), count == 1 ? one : many);
}

std::string duration_text(Duration duration) {
    return (duration.ns < 0 ? "-" : "") + length_text(magnitude(duration.ns));
}

std::string share_text(std::uint64_t part, std::uint64_t whole) {
    if (whole == 0) return "";
    const auto tenths = static_cast<std::uint64_t>((Wide{part} * 1000 + whole / 2) / whole);
    if (tenths == 0 && part > 0) return "<0.1%";
    if (tenths == 1000 && part < whole) return ">99.9%";
    return fmt::format("{}.{}%", tenths / 10, tenths % 10);
}

std::uint64_t rate_of(std::uint64_t bytes, Duration duration) noexcept {
    if (duration.ns <= 0) return 0;
    const Wide rate = Wide{bytes} * 8 * 1'000'000'000U / static_cast<std::uint64_t>(duration.ns);
    return static_cast<std::uint64_t>(
        std::min<Wide>(rate, std::numeric_limits<std::uint64_t>::max()));
}

}  // namespace octroi
