// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/normalize/running_totals.hpp"

#include <array>

#include "base/hash.hpp"

namespace octroi::normalize {
namespace {

// Tells flows with the same key apart: by the exporter's number for the flow, else by its
// beginning; by observation domain; and by direction, because a biflow is two records.
std::uint64_t distinguisher(const flow::MessageContext& context,
                            const flow::FlowRecord& record) noexcept {
    const std::uint64_t own = record.has(flow::Field::flow_id)
                                  ? record.flow_id
                                  : static_cast<std::uint64_t>(record.first.ns);
    return mix(
        own ^ mix_a,
        (std::uint64_t{context.observation_domain} << 1U | (record.reverse ? 1U : 0U)) ^ mix_b);
}

}  // namespace

RunningTotals::Exporter& RunningTotals::exporter(const Address& address) {
    return exporters_.try_emplace(address, seed_).first->second;
}

void RunningTotals::start_generation(Exporter& exporter, UtcTime now) {
    flows_ -= exporter.older.size();
    exporter.older = std::move(exporter.recent);
    exporter.recent = Flows(0, FlowIdentityHash{seed_});
    exporter.generation_start = now;
}

// Also takes the flow out of the older generation: the caller puts it into the recent one.
std::optional<RunningTotals::Totals> RunningTotals::find(Exporter& exporter,
                                                         const FlowIdentity& identity) {
    if (const auto recent = exporter.recent.find(identity); recent != exporter.recent.end())
        return recent->second;
    const auto old = exporter.older.find(identity);
    if (old == exporter.older.end()) return std::nullopt;
    const Totals totals = old->second;
    exporter.older.erase(old);
    --flows_;
    return totals;
}

RunningTotals::Difference RunningTotals::difference(const flow::MessageContext& context,
                                                    const flow::FlowRecord& record) {
    FlowIdentity identity = identity_of(record);
    identity.distinguisher = distinguisher(context, record);
    Exporter& of = exporter(context.exporter);
    if (of.generation_start.ns == 0) of.generation_start = context.received;
    if (context.received - of.generation_start > idle_max) start_generation(of, context.received);
    const std::optional<Totals> before = find(of, identity);
    if (!before && flows_ >= flows_max) {
        ++evicted_;
        return {record.bytes, record.packets, std::nullopt};
    }
    const bool is_late = before && record.last < before->last;
    const bool continues =
        before && record.bytes >= before->bytes && record.packets >= before->packets;
    const Totals now{record.bytes, record.packets, record.last};
    if (of.recent.insert_or_assign(identity, is_late ? *before : now).second) ++flows_;
    // A later record has already stated a larger total.
    if (is_late) return {};
    // A smaller total is that of a flow which began again: the whole total is new.
    if (!continues) return {record.bytes, record.packets, std::nullopt};
    return {record.bytes - before->bytes, record.packets - before->packets, before->last};
}

void RunningTotals::save(ByteWriter& out) const {
    out.be64(flows_);
    for (const auto& [address, of] : exporters_) {
        for (const Flows* flows : {&of.older, &of.recent}) {
            for (const auto& [identity, totals] : *flows) {
                octroi::save(out, address);
                normalize::save(out, identity);
                out.be64(totals.bytes);
                out.be64(totals.packets);
                out.be64(static_cast<std::uint64_t>(totals.last.ns));
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
        Totals totals;
        std::uint64_t last = 0;
        if (!octroi::restore(in, address) || !normalize::restore(in, identity) ||
            !in.be64(totals.bytes) || !in.be64(totals.packets) || !in.be64(last))
            return false;
        totals.last.ns = static_cast<std::int64_t>(last);
        if (exporter(address).recent.emplace(identity, totals).second) ++flows_;
    }
    return true;
}

}  // namespace octroi::normalize
