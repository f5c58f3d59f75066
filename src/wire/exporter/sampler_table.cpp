// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/sampler_table.hpp"

#include "base/check.hpp"
#include "wire/exporter/snapshot_values.hpp"

namespace octroi::exporter {

bool SamplerTable::update(const SamplerId& id, std::uint64_t rate, UtcTime received) noexcept {
    const auto found = rates_.find(id);
    if (found == rates_.end()) return false;
    found->second = {rate, received};
    return true;
}

void SamplerTable::add(const SamplerId& id, std::uint64_t rate, UtcTime received) {
    CHECK(rates_.emplace(id, Stated{rate, received}).second);
    memory_.charge(cost());
}

template <typename Condition>
void SamplerTable::drop_if(Condition&& condition) noexcept {
    const std::size_t count =
        erase_if(rates_, [&](const auto& entry) { return condition(entry.first, entry.second); });
    memory_.release(count * cost());
}

void SamplerTable::drop_transport_session(std::uint16_t transport_session) noexcept {
    drop_if([&](const SamplerId& id, const Stated&) {
        return id.transport_session == transport_session;
    });
}

void SamplerTable::drop_stated_before(UtcTime time, std::uint32_t observation_domain,
                                      std::uint16_t transport_session) noexcept {
    drop_if([&](const SamplerId& id, const Stated& stated) {
        return id.observation_domain == observation_domain &&
               id.transport_session == transport_session && stated.received < time;
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
        if (scope > static_cast<std::uint8_t>(SamplerScope::observation_domain)) return false;
        id.scope = SamplerScope{scope};
        if (rates_.contains(id)) return false;
        add(id, stated.rate, stated.received);
    }
    return true;
}

}  // namespace octroi::exporter
