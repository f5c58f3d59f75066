// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Conversion of single values to and from columns.

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/id.hpp"
#include "base/time.hpp"
#include "ledger/chain.hpp"
#include "record/batch.hpp"
#include "store/sqlite/database.hpp"

namespace octroi::sqlite {

// Not smaller than any number of a row.
inline constexpr std::uint64_t figure_end = INT64_MAX;

// Buckets are stored as multiples of their length: SQLite stores smaller numbers in fewer octets.
[[nodiscard]] constexpr std::int64_t bucket_number(UtcTime bucket) noexcept {
    return bucket_start(bucket).ns / bucket_length.ns;
}
// The range of numbers that are a time.
inline constexpr std::int64_t bucket_number_min = INT64_MIN / bucket_length.ns;
inline constexpr std::int64_t bucket_number_max = INT64_MAX / bucket_length.ns;
// Bucket numbers, half-open: a day, an hour, a period.
struct BucketRange {
    std::int64_t begin = 0;
    std::int64_t end = 0;

    auto operator<=>(const BucketRange&) const = default;
    [[nodiscard]] bool contains(std::int64_t bucket) const noexcept {
        return begin <= bucket && bucket < end;
    }
    [[nodiscard]] bool contains(const BucketRange& other) const noexcept {
        return begin <= other.begin && other.end <= end;
    }
};

// Sums by hour: hours are counted from the beginning of their day.
inline constexpr std::int64_t buckets_of_hour = 12;

// The figures of day_sum and old_transfer: bytes, packets, flows, scaled bytes and packets, and the
// two variances. In day_sum a figure above the limit stays there: it is not known.
inline constexpr std::size_t day_figures = 7;
using DayFigures = std::array<std::int64_t, day_figures>;
inline constexpr std::array<const char*, day_figures> day_figure_columns{
    "bytes",          "packets",        "flows",           "scaled_bytes",
    "scaled_packets", "bytes_variance", "packets_variance"};
inline constexpr std::int64_t day_figure_max = (std::int64_t{1} << 62U) - 1;

// a - b modulo 2^64: figures of a damaged ledger can have any value.
[[nodiscard]] constexpr std::int64_t wrapped_difference(std::int64_t a, std::int64_t b) noexcept {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

// A number out of that range, from a damaged ledger, becomes the nearest time.
[[nodiscard]] constexpr UtcTime bucket_time(std::int64_t number) noexcept {
    if (number < bucket_number_min) return UtcTime::min();
    if (number > bucket_number_max) return UtcTime::max();
    return UtcTime{number * bucket_length.ns};
}

// A column with a bucket number or NULL.
[[nodiscard]] inline std::optional<UtcTime> bucket_from(const Statement& row, int column) {
    if (row.is_null(column)) return std::nullopt;
    return bucket_time(row.number(column));
}

// From the columns node, id. An id of another length, from a damaged ledger, becomes zeros.
[[nodiscard]] inline Writer writer_from(const Statement& row, int column) {
    Writer writer{.node = row.text(column), .id = {}};
    const std::string_view id = row.octets(column + 1);
    if (id.size() == writer.id.octets.size())
        std::copy(id.begin(), id.end(), writer.id.octets.begin());
    return writer;
}

// From the columns source, position, version, note.
[[nodiscard]] inline Cursor cursor_from(const Statement& row, int column) {
    return {row.text(column), row.text(column + 1), row.figure(column + 2), row.text(column + 3)};
}

[[nodiscard]] inline Volume volume_from(const Statement& row, int column) {
    return {Bytes{row.figure(column)}, Packets{row.figure(column + 1)},
            Flows{row.figure(column + 2)}};
}

// An enumeration that is stored as its number. A number out of range, from a damaged ledger,
// becomes 0, which no enumeration of record/ uses, so that the rules refuse it.
template <typename Enum>
[[nodiscard]] Enum enum_from(const Statement& row, int column) {
    const std::int64_t value = row.number(column);
    return static_cast<Enum>(value > 0 && value < 256 ? value : 0);
}

}  // namespace octroi::sqlite
