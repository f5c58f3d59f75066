// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/top_sample.hpp"

#include "record/loss_unit.hpp"

namespace octroi {
namespace {

bool is_local(const Party& party) {
    return party.kind == PartyKind::account || party.kind == PartyKind::unattributed;
}

void add_entries(const Transfer& transfer, const Batch& batch, std::vector<TopEntry>& entries) {
    const Party& from = batch.parties[transfer.from];
    const Party& to = batch.parties[transfer.to];
    const std::string& service = batch.services[transfer.service];
    const bool excluded = from.kind == PartyKind::excluded || to.kind == PartyKind::excluded;
    if (excluded || (!is_local(from) && !is_local(to))) {
        const std::string name = !excluded                          ? "@transit"
                                 : from.kind == PartyKind::excluded ? to_string(from)
                                                                    : to_string(to);
        entries.push_back({.identity = name,
                           .account = name,
                           .service = service,
                           .peer = excluded ? name : to_string(to),
                           .received = {},
                           .sent = {},
                           .neither = transfer.volume,
                           .excluded = excluded});
        return;
    }
    const auto add = [&](const Party& near, const Party& far) -> TopEntry& {
        return entries.emplace_back(near.identity, to_string(near), service, to_string(far));
    };
    if (is_local(from)) add(from, to).sent = transfer.volume;
    if (is_local(to)) add(to, from).received = transfer.volume;
}

}  // namespace

TopSample top_sample(const Batch& batch, UtcTime at, Duration length) {
    TopSample sample{.at = at, .length = length};
    for (const Transfer& transfer : batch.transfers) add_entries(transfer, batch, sample.entries);
    for (const Loss& loss : batch.losses)
        if (loss.reason != LossReason::not_running)
            sample.lost_packets =
                checked_add(sample.lost_packets, packets_of(loss)).value_or(UINT64_MAX);
    return sample;
}

}  // namespace octroi
