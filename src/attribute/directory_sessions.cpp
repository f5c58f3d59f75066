// SPDX-License-Identifier: GPL-3.0-or-later
// Look-ups that ask bindings and sessions in turn.
#include <algorithm>
#include <charconv>

#include "attribute/directory.hpp"
#include "record/identity_kinds.hpp"

namespace octroi {
namespace {

std::uint64_t number_of_mac(const Mac& mac) {
    std::uint64_t key = 0;
    for (const std::uint8_t octet : mac.octets) key = key << 8U | octet;
    return key;
}

std::uint32_t number_in(const std::string& digits) {
    std::uint32_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

void narrow_interval(Interval& valid, const Interval& other) noexcept {
    valid.begin = std::max(valid.begin, other.begin);
    valid.end = std::min(valid.end, other.end);
}

}  // namespace

// The held prefixes that contain an address, from the longest to the shortest, in the turns that
// the bound prefixes leave.
struct CompiledDirectory::HeldPrefixes {
    const CompiledDirectory& directory;
    const SessionTable* sessions;
    const Address& address;
    UtcTime time;
    std::span<const std::uint8_t> lengths = {};

    // Those longer than `length`. True: one decides.
    bool apply_longer(int length, Answer& answer) {
        for (; !lengths.empty() && lengths.front() > length; lengths = lengths.subspan(1)) {
            const HeldSessions* held =
                sessions->find(HeldKey::of(Prefix::of(address, lengths.front())));
            if (held != nullptr && directory.apply_sessions(*held, time, *sessions, answer))
                return true;
        }
        return false;
    }
};

CompiledDirectory::Answer CompiledDirectory::find_bound(const HeldSessions::Holder& holder,
                                                        UtcTime time) const {
    const IdentityKindInfo* info = find_identity_kind(holder.identity.kind);
    if (info == nullptr) return {};
    switch (info->lookup) {
        case IdentityLookup::by_mac: {
            Answer answer;
            static_cast<void>(apply_mac(holder.mac, time, nullptr, answer));
            return answer;
        }
        case IdentityLookup::by_prefix: {
            const auto prefix = parse_prefix(holder.identity.value);
            return prefix ? find_prefix(*prefix, time) : Answer{};
        }
        case IdentityLookup::by_vlan:
            return find_vlan(static_cast<std::uint16_t>(number_in(holder.identity.value)), time);
        case IdentityLookup::by_as:
            return find_as(number_in(holder.identity.value), time);
        case IdentityLookup::by_name:
            break;
    }
    return find_name(name_timeline(holder.identity), time);
}

CompiledDirectory::Answer CompiledDirectory::find_holder(const HeldSessions::Holder& holder,
                                                         UtcTime time,
                                                         const SessionTable& sessions) const {
    Answer answer = find_bound(holder, time);
    if (answer.bound || holder.mac.empty()) return answer;
    const HeldSessions* of_mac = sessions.find(HeldKey::of(holder.mac));
    if (of_mac == nullptr) return answer;
    // One step only: the holder of a MAC address is a person.
    for (const HeldSessions::Holder& person : of_mac->at(time, answer.valid)) {
        const Answer next = find_bound(person, time);
        narrow_interval(answer.valid, next.valid);
        if (!next.bound) continue;
        answer.bound = true;
        answer.target = next.target;
        break;
    }
    return answer;
}

bool CompiledDirectory::apply_sessions(const HeldSessions& held, UtcTime time,
                                       const SessionTable& sessions, Answer& answer) const {
    for (const HeldSessions::Holder& holder : held.at(time, answer.valid)) {
        const Answer next = find_holder(holder, time, sessions);
        narrow_interval(answer.valid, next.valid);
        if (!next.bound) continue;
        answer.bound = true;
        answer.target = {
            next.target.per_address ? next.target.index : owner_of_party_[next.target.index], true};
        answer.held = held.key.is_single() ? nullptr : &held;
        return true;
    }
    return false;
}

bool CompiledDirectory::apply_mac(const Mac& mac, UtcTime time, const SessionTable* sessions,
                                  Answer& answer) const {
    if (mac.empty()) return false;
    if (!macs_.empty()) {
        const auto known = macs_.find(number_of_mac(mac));
        if (known != macs_.end() && apply(known->second, time, answer)) return true;
    }
    if (sessions == nullptr) return false;
    const HeldSessions* held = sessions->find(HeldKey::of(mac));
    return held != nullptr && apply_sessions(*held, time, *sessions, answer);
}

CompiledDirectory::Answer CompiledDirectory::look_up(const Address& address, const Mac& mac,
                                                     UtcTime time,
                                                     const SessionTable* sessions) const {
    Answer answer;
    HeldPrefixes held{*this, sessions, address, time};
    std::uint32_t at = prefix_lpm_.find(address);
    if (at == Lpm::no_match) at = no_timeline;
    if (at != no_timeline && prefixes_[at].single) {
        if (apply(prefixes_[at].timeline, time, answer)) return answer;
        at = prefixes_[at].parent;
    }
    if (sessions != nullptr) {
        held.lengths = sessions->prefix_lengths(address.family);
        const HeldSessions* single = sessions->find(address);
        if (single != nullptr && apply_sessions(*single, time, *sessions, answer)) return answer;
    }
    if (apply_mac(mac, time, sessions, answer)) return answer;
    for (; at != no_timeline; at = prefixes_[at].parent) {
        if (held.apply_longer(prefixes_[at].length, answer)) return answer;
        if (apply(prefixes_[at].timeline, time, answer)) return answer;
    }
    static_cast<void>(held.apply_longer(-1, answer));
    return answer;
}

CompiledDirectory::Answer CompiledDirectory::find_prefix(const Prefix& prefix, UtcTime time,
                                                         const SessionTable* sessions) const {
    Answer answer;
    HeldPrefixes held{*this, sessions, prefix.address, time};
    const std::uint32_t found = prefix_lpm_.find(prefix.address);
    std::uint32_t at = found == Lpm::no_match ? no_timeline : found;
    while (at != no_timeline && prefixes_[at].length > prefix.length) at = prefixes_[at].parent;
    if (sessions != nullptr && !sessions->empty()) {
        held.lengths = sessions->prefix_lengths(prefix.address.family);
        while (!held.lengths.empty() && held.lengths.front() > prefix.length)
            held.lengths = held.lengths.subspan(1);
        if (HeldKey::of(prefix).is_single()) {
            if (at != no_timeline && prefixes_[at].single) {
                if (apply(prefixes_[at].timeline, time, answer)) return answer;
                at = prefixes_[at].parent;
            }
            const HeldSessions* single = sessions->find(prefix.address);
            if (single != nullptr && apply_sessions(*single, time, *sessions, answer))
                return answer;
        }
    }
    for (; at != no_timeline; at = prefixes_[at].parent) {
        if (held.apply_longer(prefixes_[at].length, answer)) return answer;
        if (apply(prefixes_[at].timeline, time, answer)) return answer;
    }
    static_cast<void>(held.apply_longer(-1, answer));
    return answer;
}

}  // namespace octroi
