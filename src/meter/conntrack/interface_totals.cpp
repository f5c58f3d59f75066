// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/conntrack/interface_totals.hpp"

#include <algorithm>

namespace octroi::conntrack {

InterfaceTotals::InterfaceTotals(const std::vector<Interface>& interfaces) {
    for (const Interface& i : interfaces)
        interfaces_.push_back({i.name,
                               static_cast<std::uint32_t>(i.index),
                               {i.counters.rx_bytes + i.counters.tx_bytes,
                                i.counters.rx_packets + i.counters.tx_packets}});
}

std::optional<Count> InterfaceTotals::increase_to(const InterfaceTotals& later) const {
    Count increase;
    for (const One& now : later.interfaces_) {
        increase.bytes += now.count.bytes;
        increase.packets += now.count.packets;
    }
    for (const One& before : interfaces_) {
        const auto now = std::ranges::find(later.interfaces_, before.index, &One::index);
        if (now == later.interfaces_.end() || now->name != before.name ||
            now->count.bytes < before.count.bytes || now->count.packets < before.count.packets)
            return std::nullopt;
        increase.bytes -= before.count.bytes;
        increase.packets -= before.count.packets;
    }
    return increase;
}

void InterfaceTotals::save(ByteWriter& out) const {
    out.be32(static_cast<std::uint32_t>(interfaces_.size()));
    for (const One& i : interfaces_) {
        out.text(i.name);
        out.be32(i.index);
        out.be64(i.count.bytes);
        out.be64(i.count.packets);
    }
}

bool InterfaceTotals::restore(ByteCursor& in) {
    std::uint32_t count = 0;
    if (!in.be32(count)) return false;
    interfaces_.clear();
    for (std::uint32_t i = 0; i < count; ++i) {
        One one;
        if (!in.text(one.name) || !in.be32(one.index) || !in.be64(one.count.bytes) ||
            !in.be64(one.count.packets))
            return false;
        interfaces_.push_back(std::move(one));
    }
    return true;
}

}  // namespace octroi::conntrack
