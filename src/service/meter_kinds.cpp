// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/meter_kinds.hpp"

#include <array>

#include "meter/capture/kind.hpp"
#include "meter/collector/kind.hpp"
#include "meter/conntrack/kind.hpp"
#include "meter/counters/kind.hpp"
#include "meter/ebpf/kind.hpp"
#include "meter/leases/kind.hpp"
#include "meter/log/kind.hpp"
#include "meter/neighbours/kind.hpp"
#include "meter/nflog/kind.hpp"
#include "meter/nftables/kind.hpp"
#include "meter/radius/kind.hpp"

namespace octroi {
namespace {

// In the order in which documentation shows them.
constexpr std::array kinds{&capture::kind,
                           &ebpf::kind,
                           &ebpf::sockets_kind,
                           &conntrack::kind,
                           &accounting::kind,
                           &nflog::kind,
                           &counters::interfaces_kind,
                           &counters::wireguard_kind,
                           &counters::listed_kind,
                           &collector::kind,
                           &logs::kind,
                           &logs::packets_kind,
                           &logs::journal_kind,
                           &neighbours::kind,
                           &dhcp::kind,
                           &radius_meter::kind};

}  // namespace

MeterKinds meter_kinds() { return kinds; }

}  // namespace octroi
