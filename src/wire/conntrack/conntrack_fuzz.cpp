// SPDX-License-Identifier: GPL-3.0-or-later
// Input: a message of connection tracking. No octet outside is read, and a message that is decoded
// has two tuples of one family.

#include <cstdint>
#include <cstring>
#include <memory>

#include "base/check.hpp"
#include "wire/conntrack/conntrack.hpp"

namespace octroi::conntrack {
namespace {

void run(ByteSpan input) {
    const auto copy = std::make_unique<std::byte[]>(input.size());
    if (!input.empty()) std::memcpy(copy.get(), input.data(), input.size());
    const ByteSpan message(copy.get(), input.size());
    Connection connection;
    const bool is_connection = decode(message, connection);
    Entry entry;
    if (decode_entry(message, entry)) {
        CHECK(is_connection && entry.connection.original == connection.original);
    }
    if (!is_connection) return;
    const Family family = connection.original.src.family;
    CHECK(family != Family::none && family == connection.reply.dst.family);
}

}  // namespace
}  // namespace octroi::conntrack

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    octroi::conntrack::run(std::as_bytes(std::span(data, size)));
    return 0;
}
