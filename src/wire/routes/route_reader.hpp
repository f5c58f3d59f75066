// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Reads a routing table from blocks of any size. Recognises MRT dumps and prefix lists by their
// first octets. Pure: the caller reads and decompresses the file. One thread at a time.
//
//     RouteReader reader;
//     while (block = read()) { reader.feed(block, batch); use(batch); batch.clear(); }
//     reader.finish(batch); use(batch);
//
// Memory: one incomplete record (at most mrt_record_max) or line, and the batch. A block of 1 MiB
// contains at most about 250 000 routes.

#include <string>
#include <vector>

#include "wire/routes/mrt.hpp"
#include "wire/routes/route.hpp"

namespace octroi {

enum class RouteFormat : std::uint8_t { unknown, mrt, list };

class RouteReader {
public:
    // errors() contains at most this many; counts() counts all.
    static constexpr std::size_t errors_max = 20;

    // The next octets of the input. Appends the routes of all records or lines that are now
    // complete.
    void feed(ByteSpan block, RouteBatch& out);
    // The input has ended: reads a last line without a line end, or counts a truncated record.
    void finish(RouteBatch& out);

    [[nodiscard]] RouteFormat format() const noexcept { return format_; }
    [[nodiscard]] const RouteCounts& counts() const noexcept { return counts_; }
    [[nodiscard]] const std::vector<RouteError>& errors() const noexcept { return errors_; }
    // After finish(): the input contains no valid record or line, so it is not a routing table. A
    // comment is a valid line.
    [[nodiscard]] bool not_a_table() const noexcept;

private:
    std::size_t consume(ByteSpan octets, RouteBatch& out);
    std::size_t consume_mrt(ByteSpan octets, RouteBatch& out);
    std::size_t consume_list(ByteSpan octets, RouteBatch& out);
    void record(ByteSpan record, RouteBatch& out);
    void line(std::string_view text, RouteBatch& out);
    void error(std::uint64_t place, std::string text);

    RouteFormat format_ = RouteFormat::unknown;
    RouteCounts counts_;
    std::vector<RouteError> errors_;
    MrtDecoder mrt_;
    std::vector<std::byte> tail_;  // the octets of an incomplete record or line
    std::uint64_t offset_ = 0;     // of the next unread octet
    std::uint64_t skip_ = 0;       // octets of a too long record that remain to be skipped
    bool in_long_line_ = false;
};

}  // namespace octroi
