// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/leases/open_reader.hpp"

#include "wire/leases/dhcpd_reader.hpp"
#include "wire/leases/dnsmasq_reader.hpp"
#include "wire/leases/kea_reader.hpp"

namespace octroi::leases {

std::unique_ptr<LeaseReader> open_reader(LeaseFormat format) {
    switch (format) {
        case LeaseFormat::dhcpd:
            return std::make_unique<DhcpdReader>();
        case LeaseFormat::kea:
            return std::make_unique<KeaReader>();
        case LeaseFormat::dnsmasq:
            return std::make_unique<DnsmasqReader>();
        case LeaseFormat::unknown:
            break;
    }
    return nullptr;
}

}  // namespace octroi::leases
