// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Lease files of dnsmasq (dnsmasq(8), --dhcp-leasefile; lease.c, lease_update_file()). The server
// writes the whole file again at each change: a lease that is not in it has ended.
//
//     <expiry> [<type>-]<MAC> <IPv4 address> <host name> <client id>
//     duid <DUID of the server>
//     <expiry> [T]<IAID> <IPv6 address> <host name> <DUID of the client>
//
// `expiry`: seconds since 1970; 0: never. The begin of a lease is not in the file.

#include "wire/leases/lease.hpp"

namespace octroi::leases {

class DnsmasqReader final : public LeaseReader {
public:
    [[nodiscard]] std::size_t decode(std::string_view text, std::vector<Lease>& leases) override;
    [[nodiscard]] DecodeCounts counts() const override { return counts_; }

private:
    void read_line(std::string_view line, std::vector<Lease>& leases);

    DecodeCounts counts_;
};

}  // namespace octroi::leases
