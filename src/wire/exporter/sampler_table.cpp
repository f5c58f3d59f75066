// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/sampler_table.hpp"

#include <algorithm>
#include <utility>

#include "wire/exporter/snapshot_values.hpp"

namespace octroi::exporter {

SamplerTable::Effect SamplerTable::state(const SamplerId& id, const Statement& statement) {
    const auto [entry, is_new] = rates_.try_emplace(id);
    if (is_new) {
        memory_.charge(cost());
        share(id);
    }
    Stated& stated = entry->second;
    if (stated.rate == statement.rate) {
        stated = {statement.rate, statement.received, 0, 0, {}};
        return Effect::none;
    }
    const bool is_first = stated.rate == 0;
    const bool is_believed = statement.trust == Trust::full ||
                             (is_first && is_new && statement.trust == Trust::usual) ||
                             stated.restarted.ns != 0;
    const bool is_repeated =
        stated.candidate == statement.rate && stated.candidate_message != statement.message;
    if (!is_believed && !is_repeated) {
        if (stated.candidate != statement.rate) stated.candidate_message = statement.message;
        stated.candidate = statement.rate;
        return Effect::unconfirmed;
    }
    stated = {statement.rate, statement.received, 0, 0, {}};
    agree(id);
    return is_first ? Effect::added : Effect::changed;
}

std::uint64_t SamplerTable::find_in_any_domain(const SamplerId& id) const noexcept {
    if (!is_shared(id.scope)) return 0;
    const auto found = shared_.find(in_any_domain(id));
    return found == shared_.end() ? 0 : found->second.rate;
}

void SamplerTable::share(const SamplerId& id) {
    if (is_shared(id.scope)) shared_[in_any_domain(id)].domains.push_back(id.observation_domain);
}

void SamplerTable::unshare(const SamplerId& id) noexcept {
    const auto found = shared_.find(in_any_domain(id));
    if (found == shared_.end() || !is_shared(id.scope)) return;
    std::erase(found->second.domains, id.observation_domain);
    if (found->second.domains.empty())
        shared_.erase(found);
    else
        agree(id);
}

void SamplerTable::agree(const SamplerId& id) noexcept {
    if (!is_shared(id.scope)) return;
    const auto found = shared_.find(in_any_domain(id));
    if (found == shared_.end()) return;
    Shared& shared = found->second;
    shared.rate = 0;
    SamplerId of = id;
    for (const std::uint32_t domain : shared.domains) {
        of.observation_domain = domain;
        const std::uint64_t* const rate = find(of);
        if (rate == nullptr) continue;
        if (shared.rate != 0 && shared.rate != *rate) {
            shared.rate = 0;
            return;
        }
        shared.rate = *rate;
    }
}

template <typename Condition>
std::size_t SamplerTable::drop_if(Condition&& condition) noexcept {
    std::vector<SamplerId> gone;
    for (const auto& [id, stated] : rates_)
        if (condition(id, stated)) gone.push_back(id);
    for (const SamplerId& id : gone) {
        rates_.erase(id);
        unshare(id);
    }
    memory_.release(gone.size() * cost());
    return gone.size();
}

void SamplerTable::drop_transport_session(std::uint16_t transport_session) noexcept {
    drop_if([&](const SamplerId& id, const Stated&) {
        return id.transport_session == transport_session;
    });
}

void SamplerTable::on_restart(UtcTime time, std::uint32_t observation_domain,
                              std::uint16_t transport_session) noexcept {
    for (auto& [id, stated] : rates_) {
        const bool is_of_domain = id.observation_domain == observation_domain &&
                                  id.transport_session == transport_session;
        if (is_of_domain && stated.received < time) stated.restarted = time;
    }
}

std::size_t SamplerTable::expire(UtcTime now) noexcept {
    return drop_if([now](const SamplerId&, const Stated& stated) {
        return stated.restarted.ns != 0 && stated.restarted + lifetime_after_restart < now;
    });
}

void SamplerTable::save(ByteWriter& to) const {
    to.be32(static_cast<std::uint32_t>(rates_.size()));
    for (const auto& [id, stated] : rates_) {
        to.be32(id.observation_domain);
        to.be16(id.transport_session);
        to.u8(static_cast<std::uint8_t>(id.scope));
        to.be64(id.id);
        to.be64(stated.rate);
        put(to, stated.received);
        to.be64(stated.candidate);
        to.be64(stated.candidate_message);
        put(to, stated.restarted);
    }
}

bool SamplerTable::restore(ByteCursor& from, std::size_t most) {
    std::uint32_t count = 0;
    if (!get_count(from, most, count)) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
        SamplerId id;
        std::uint8_t scope = 0;
        Stated stated;
        if (!from.be32(id.observation_domain) || !from.be16(id.transport_session)) return false;
        if (!from.u8(scope) || !from.be64(id.id)) return false;
        if (!from.be64(stated.rate) || !get(from, stated.received)) return false;
        if (!from.be64(stated.candidate) || !from.be64(stated.candidate_message)) return false;
        if (!get(from, stated.restarted)) return false;
        if (scope > static_cast<std::uint8_t>(SamplerScope::observation_domain)) return false;
        id.scope = SamplerScope{scope};
        if (!rates_.emplace(id, stated).second) return false;
        memory_.charge(cost());
        share(id);
        agree(id);
    }
    return true;
}

}  // namespace octroi::exporter
