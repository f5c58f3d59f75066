// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/services_file.hpp"

#include "host/file.hpp"

namespace octroi::accounting {

ServiceNames service_names() {
    constexpr std::size_t octets_max = std::size_t{4} << 20U;
    const auto text = read_file("/etc/services", octets_max);
    return text ? ServiceNames(*text) : ServiceNames();
}

}  // namespace octroi::accounting
