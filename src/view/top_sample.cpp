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
    if (is_local(from))
        entries.push_back(
            {from.identity, to_string(from), service, to_string(to), {}, transfer.volume});
    if (is_local(to))
        entries.push_back(
            {to.identity, to_string(to), service, to_string(from), transfer.volume, {}});
    if (is_local(from) || is_local(to)) return;
    const std::string name = from.kind == PartyKind::excluded ? to_string(from) : "@transit";
    entries.push_back({name, name, service, to_string(to), {}, transfer.volume});
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
