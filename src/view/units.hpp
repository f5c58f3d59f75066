// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Figures for people. Machine output has exact integers and does not use these functions.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace octroi {

// Units of byte counts: KiB = 1024, kB = 1000, or exact bytes with thousands separators.
enum class Units { iec, si, exact };

// Three significant digits, rounded half up, in integer arithmetic: "0 B", "999 B", "1.00 KiB",
// "12.3 GiB", "1023 KiB" (four digits below the next binary unit). exact: "12,345,678".
[[nodiscard]] std::string bytes_text(std::uint64_t bytes, Units units);
// The same with a padded unit, so that units are aligned in a right-aligned column.
[[nodiscard]] std::string bytes_column_text(std::uint64_t bytes, Units units);

// Bits per second, SI always: "0 bit/s", "842 Mbit/s", "1.20 Gbit/s".
[[nodiscard]] std::string rate_text(std::uint64_t bits_per_second);
[[nodiscard]] std::string rate_column_text(std::uint64_t bits_per_second);

// "1,234,567"
[[nodiscard]] std::string count_text(std::uint64_t count);
[[nodiscard]] std::string count_text(std::int64_t count);

// "1 batch", "1,234 batches"
[[nodiscard]] std::string counted_text(std::uint64_t count, std::string_view one,
                                       std::string_view many);

// At most two units: "250 ms", "12 s", "3 min 5 s", "2 h 10 min", "5 d 3 h".
[[nodiscard]] std::string duration_text(Duration duration);

// `part` of `whole` in percent with one decimal: "12.3%". A part above 0 is at least "<0.1%", a
// part below `whole` at most ">99.9%". If `whole` is 0: "".
[[nodiscard]] std::string share_text(std::uint64_t part, std::uint64_t whole);

// Bits per second, saturating. 0 if the duration is not positive.
[[nodiscard]] std::uint64_t rate_of(std::uint64_t bytes, Duration duration) noexcept;

}  // namespace octroi
