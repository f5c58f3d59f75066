// SPDX-License-Identifier: GPL-3.0-or-later
// Input: a file of messages. Every message takes at least one octet and none beyond the end, and
// more octets never change a message that was whole.

#include <cstdint>
#include <cstring>
#include <memory>

#include "base/check.hpp"
#include "wire/exporter/message_length.hpp"
#include "wire/exporter/recognise.hpp"

namespace octroi::exporter {
namespace {

using Kind = MessageEnd::Kind;

MessageEnd find_exact(ByteSpan octets, bool last) {
    const auto copy = std::make_unique<std::byte[]>(octets.size());
    if (!octets.empty()) std::memcpy(copy.get(), octets.data(), octets.size());
    const ByteSpan exact(copy.get(), octets.size());
    (void)recognise(exact);
    return find_message_end(exact, last);
}

void run(ByteSpan input) {
    while (!input.empty()) {
        const MessageEnd end = find_exact(input, true);
        CHECK(end.kind != Kind::more);
        const MessageEnd early = find_exact(input, false);
        if (early.kind == Kind::whole)
            CHECK(end.kind == Kind::whole && end.length == early.length &&
                  end.exported == early.exported);
        CHECK(early.kind != Kind::cut);
        const MessageEnd half = find_exact(input.first(input.size() / 2), false);
        if (half.kind == Kind::whole) CHECK(end.kind == Kind::whole && half.length == end.length);
        if (end.kind != Kind::whole) return;
        CHECK(end.length > 0 && end.length <= input.size());
        input = input.subspan(end.length);
    }
}

}  // namespace
}  // namespace octroi::exporter

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    octroi::exporter::run(std::as_bytes(std::span(data, size)));
    return 0;
}
