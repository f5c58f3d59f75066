// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/running_totals.hpp"

#include <algorithm>
#include <array>

#include "base/hash.hpp"

namespace octroi::collector {
namespace {

// Flows of one name that are told apart: by the exporter's number for them, or else by their
// beginning; by domain; and by way, since a biflow is two records.
std::uint64_t apart(const flow::MessageContext& context, const flow::FlowRecord& record) noexcept {
    const std::uint64_t own = record.has(flow::Field::flow_id)
                                  ? record.flow_id
                                  : static_cast<std::uint64_t>(record.first.ns);
    return mix(own ^ mix_a,
               (std::uint64_t{context.domain} << 1U | (record.reverse ? 1U : 0U)) ^ mix_b);
}

}  // namespace

RunningTotals::Exporter& RunningTotals::exporter(const Address& address) {
    return exporters_.try_emplace(address, seed_).first->second;
}

RunningTotals::Counts RunningTotals::difference(const flow::MessageContext& context,
                                                const flow::FlowRecord& record) {
    FlowIdentity identity = identity_of(record);
    identity.more = apart(context, record);
    if (flows_ >= flows_max) make_room();
    Exporter& of = exporter(context.exporter);
    Counts before;
    if (const auto old = of.older.find(identity); old != of.older.end()) {
        before = old->second;
        of.older.erase(old);
        --flows_;
    }
    const auto [at, is_new] = of.recent.try_emplace(identity, before);
    if (is_new) ++flows_;
    Counts& last = at->second;
    const bool goes_on = record.bytes >= last.bytes && record.packets >= last.packets;
    const Counts difference = goes_on
                                  ? Counts{record.bytes - last.bytes, record.packets - last.packets}
                                  : Counts{record.bytes, record.packets};
    last = {record.bytes, record.packets};
    return difference;
}

void RunningTotals::make_room() {
    const auto largest = std::max_element(
        exporters_.begin(), exporters_.end(),
        [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
    if (largest == exporters_.end()) return;
    Exporter& of = largest->second;
    flows_ -= of.older.size();
    of.older = std::move(of.recent);
    of.recent = Flows(0, FlowIdentityHash{seed_});
}

void RunningTotals::save(ByteWriter& out) const {
    out.be64(flows_);
    for (const auto& [address, of] : exporters_) {
        for (const Flows* flows : {&of.older, &of.recent}) {
            for (const auto& [identity, counts] : *flows) {
                collector::save(out, address);
                collector::save(out, identity);
                out.be64(counts.bytes);
                out.be64(counts.packets);
            }
        }
    }
}

bool RunningTotals::restore(ByteCursor& in) {
    std::uint64_t count = 0;
    if (!in.be64(count) || count > flows_max) return false;
    for (std::uint64_t i = 0; i < count; ++i) {
        Address address;
        FlowIdentity identity;
        Counts counts;
        if (!collector::restore(in, address) || !collector::restore(in, identity) ||
            !in.be64(counts.bytes) || !in.be64(counts.packets))
            return false;
        if (exporter(address).older.emplace(identity, counts).second) ++flows_;
    }
    return true;
}

}  // namespace octroi::collector
