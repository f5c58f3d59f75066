// SPDX-License-Identifier: GPL-3.0-or-later
// Input: a line of a listing of connections. No octet outside is read, and a line that is decoded
// has two tuples of one family.

#include <cstdint>
#include <cstring>
#include <memory>

#include "base/check.hpp"
#include "wire/conntrack/listing.hpp"

namespace octroi::conntrack {
namespace {

void decode_copy(std::string_view line) {
    const auto copy = std::make_unique<char[]>(line.size());
    if (!line.empty()) std::memcpy(copy.get(), line.data(), line.size());
    ListedConnection c;
    if (decode_line({copy.get(), line.size()}, c) != ListingLine::connection) return;
    const Connection& connection = c.entry.connection;
    CHECK(connection.original.src.family != Family::none &&
          connection.original.src.family == connection.reply.dst.family);
}

}  // namespace
}  // namespace octroi::conntrack

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto octets = std::as_bytes(std::span(data, size));
    const auto* const text = reinterpret_cast<const char*>(octets.data());
    octroi::conntrack::decode_copy({text, size});
    return 0;
}
