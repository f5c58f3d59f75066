// SPDX-License-Identifier: GPL-3.0-or-later
// Any octets are an item or none: no crash, no read beyond the message.
#include <cstddef>
#include <cstdint>

#include "wire/nftables/nftables.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const octroi::ByteSpan message = std::as_bytes(std::span(data, size));
    (void)octroi::nftables::decode_table(message);
    (void)octroi::nftables::decode_chain(message);
    (void)octroi::nftables::decode_set(message);
    (void)octroi::nftables::decode_counter(message);
    (void)octroi::nftables::decode_rule(message);
    (void)octroi::nftables::decode_rule_maps(message);
    return 0;
}
