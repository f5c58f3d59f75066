// SPDX-License-Identifier: GPL-3.0-or-later
// Input: a message of the packet log. No octet outside is read, and a time is one of 1970 to 2200.

#include <cstdint>
#include <cstring>
#include <memory>

#include "base/check.hpp"
#include "wire/nflog/nflog.hpp"

namespace octroi::nflog {
namespace {

void run(ByteSpan input) {
    const auto copy = std::make_unique<std::byte[]>(input.size());
    if (!input.empty()) std::memcpy(copy.get(), input.data(), input.size());
    LogMessage message;
    if (!decode(ByteSpan(copy.get(), input.size()), message)) return;
    CHECK(!message.time || (message.time->ns > 0 && message.time->ns < 7'258'118'400'000'000'000));
}

}  // namespace
}  // namespace octroi::nflog

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    octroi::nflog::run(std::as_bytes(std::span(data, size)));
    return 0;
}
