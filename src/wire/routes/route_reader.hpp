// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A routing table as a stream of blocks: recognises MRT or a prefix list by the first octets and
// decodes what is whole. Pure: the caller reads (and inflates) the file.
//
//     RouteReader reader;
//     while (block = read()) { reader.feed(block, batch); use(batch); batch.clear(); }
//     reader.finish(batch); use(batch);
//
// Memory: one incomplete record (at most mrt_record_max) or line, and the batch: a block of 1 MiB
// gives at most some 250 000 routes.

#include <string>
#include <vector>

#include "wire/routes/mrt.hpp"
#include "wire/routes/route.hpp"

namespace octroi {

enum class RouteFormat : std::uint8_t { unknown, mrt, list };

class RouteReader {
public:
    // At most this many errors are kept with their text; all are counted.
    static constexpr std::size_t errors_kept = 20;

    // Appends to `out` what is whole in the octets so far.
    void feed(ByteSpan block, RouteBatch& out);
    // The end of the input: a last line without its line end is read, a cut-off record is counted.
    void finish(RouteBatch& out);

    [[nodiscard]] RouteFormat format() const noexcept { return format_; }
    [[nodiscard]] const RouteCounts& counts() const noexcept { return counts_; }
    [[nodiscard]] const std::vector<RouteError>& errors() const noexcept { return errors_; }
    // Nothing in the input was a record or line of the format: the file is not what it should be.
    // A list needs one good line (comments count), MRT one record that frames.
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
    std::uint64_t skip_ = 0;       // octets of an over-long record still to be passed over
    bool in_long_line_ = false;
};

}  // namespace octroi
