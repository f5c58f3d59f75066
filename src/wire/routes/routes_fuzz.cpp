// SPDX-License-Identifier: GPL-3.0-or-later
// Hostile routing tables: every input is read at once, and again in blocks of a size that the input
// determines. Both must give the same result, and every range must be within its batch.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/check.hpp"
#include "wire/routes/route_reader.hpp"

namespace {

using namespace octroi;

std::uint64_t digest(const RouteReader& reader, const RouteBatch& batch) {
    std::uint64_t sum = reader.counts().records * 3 + reader.counts().malformed * 5 +
                        reader.counts().routes * 7 + reader.counts().unsupported * 11 +
                        reader.counts().truncated * 13;
    CHECK(reader.errors().size() <= RouteReader::errors_max);
    for (const Route& route : batch.routes) {
        CHECK(std::size_t{route.origins_begin} + route.origins_count <= batch.origins.size());
        CHECK(std::size_t{route.label_begin} + route.label_size <= batch.labels.size());
        CHECK(Prefix::of(route.prefix.address, route.prefix.length) == route.prefix);
        for (const std::uint32_t as : batch.origins_of(route)) sum = sum * 31 + as;
        sum = sum * 31 + route.prefix.length + route.prefix.address.octets[0] +
              batch.label_of(route).size();
    }
    return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteSpan input = std::as_bytes(std::span(data, size));
    RouteBatch batch;
    RouteReader whole;
    whole.feed(input, batch);
    whole.finish(batch);
    const std::uint64_t expected = digest(whole, batch);

    batch.clear();
    RouteReader parts;
    const std::size_t block = size == 0 ? 1 : data[size - 1] % 61U + 1U;
    for (std::size_t at = 0; at < size; at += block)
        parts.feed(input.subspan(at, std::min(block, size - at)), batch);
    parts.finish(batch);
    CHECK(digest(parts, batch) == expected);
    return 0;
}
