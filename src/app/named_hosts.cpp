// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/named_hosts.hpp"

#include "host/reverse_dns.hpp"
#include "view/host_names.hpp"

namespace octroi {

void name_hosts(std::span<Report> tables, Report& rows) {
    ReverseDns dns(Duration::seconds(5));
    dns.look_up(addresses_in({&rows, 1}));
    const auto name_of = [&](const Address& address) { return dns.name_of(address); };
    for (Report& table : tables) add_host_names(table, name_of);
    add_host_names(rows, name_of);
}

}  // namespace octroi
