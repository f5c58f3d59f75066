// SPDX-License-Identifier: GPL-3.0-or-later
// Any octets are peers or nothing: no crash, no read beyond the message.
#include <cstddef>
#include <cstdint>

#include "wire/wireguard/wireguard.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto device = octroi::wireguard::decode_device(std::as_bytes(std::span(data, size)));
    if (device)
        for (const auto& peer : device->peers) (void)octroi::wireguard::key_text(peer.key);
    return 0;
}
