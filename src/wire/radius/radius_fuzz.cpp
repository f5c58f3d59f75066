// SPDX-License-Identifier: GPL-3.0-or-later
// Any octets are a request or nothing: no crash, no read beyond the datagram.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "wire/radius/accounting.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace octroi;
    const auto packet = radius::decode_packet(std::as_bytes(std::span(data, size)));
    if (!packet) return 0;
    const auto accounting = radius::decode_accounting(*packet);
    if (accounting && accounting->prefixes.size() > radius::prefixes_max) std::abort();
    (void)radius::is_authentic(*packet, "secret");
    const std::string response = radius::encode_response(*packet, "secret");
    if (!radius::decode_packet(as_octets(response))) std::abort();
    return 0;
}
