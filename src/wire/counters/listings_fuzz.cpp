// SPDX-License-Identifier: GPL-3.0-or-later
// Any text is counters or nothing: no crash, no exception.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "wire/counters/listed_counter.hpp"
#include "wire/counters/net_dev.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)octroi::counters::parse_iptables_save(text);
    (void)octroi::counters::parse_iptables_list(text);
    (void)octroi::counters::parse_nft_json(text);
    (void)octroi::counters::parse_net_dev(text);
    return 0;
}
