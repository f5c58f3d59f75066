// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Lease files of ISC dhcpd: dhcpd.leases(5), for IPv4 (`lease`) and IPv6 (`ia-na`, `ia-ta`,
// `ia-pd`). The server appends a declaration at each change, and now and then writes a new file in
// which each lease stands once. Times are in UTC, or seconds since 1970 (`db-time-format local`).

#include "wire/leases/lease.hpp"

namespace octroi::leases {

class DhcpdReader final : public LeaseReader {
public:
    [[nodiscard]] std::size_t decode(std::string_view text, std::vector<Lease>& leases) override;
    [[nodiscard]] DecodeCounts counts() const override { return counts_; }

private:
    DecodeCounts counts_;
};

}  // namespace octroi::leases
