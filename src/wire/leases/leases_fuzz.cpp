// SPDX-License-Identifier: GPL-3.0-or-later
// Any text gives leases or nothing: no crash, no read beyond the text, and no octet is used twice.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/byte_cursor.hpp"
#include "wire/leases/open_reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace octroi::leases;
    const std::string text(data, data + size);
    for (const LeaseFormat format : {LeaseFormat::dhcpd, LeaseFormat::kea, LeaseFormat::dnsmasq}) {
        const auto reader = open_reader(format);
        std::vector<Lease> leases;
        const std::size_t used = reader->decode(text, leases);
        if (used > text.size() || leases.size() > size) std::abort();
        const std::size_t more = reader->decode(text.substr(used), leases);
        if (used + more > text.size()) std::abort();
    }
    (void)recognise_format(text);
    return 0;
}
