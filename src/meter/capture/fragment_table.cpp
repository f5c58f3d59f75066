// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/fragment_table.hpp"

#include <fmt/format.h>

namespace octroi::capture {
namespace {

using packet::FlowKey;
using packet::Packet;

// The words of FlowKey are laid out in wire/packet/packet.hpp.
constexpr std::uint64_t ports_mask = 0xffff'ffffU;
constexpr std::uint64_t proto_mask = 0xffU;
constexpr std::uint64_t family_mask = 0xff00U;
constexpr std::uint64_t icmp_mask = 0xffff'0000U;

// Ports, protocol, ICMP type and code in one word.
[[nodiscard]] std::uint64_t service_of(const FlowKey& key) noexcept {
    return (key.words[4] & ports_mask) << 32U | (key.words[5] & (icmp_mask | proto_mask));
}

// The protocol too: in IPv6 a later fragment contains the type of the header that follows in the
// first one, which may be another extension header.
void set_service(FlowKey& key, std::uint64_t service) noexcept {
    key.words[4] = (key.words[4] & ~ports_mask) | service >> 32U;
    key.words[5] =
        (key.words[5] & ~(icmp_mask | proto_mask)) | (service & (icmp_mask | proto_mask));
}

// In both directions: after a step of time an old identification must not match.
[[nodiscard]] bool timed_out(std::int64_t time, UtcTime now) noexcept {
    const std::int64_t age = now.ns - time;
    return age > FragmentTable::timeout.ns || age < -FragmentTable::timeout.ns;
}

}  // namespace

FragmentTable::Key FragmentTable::key_of(const Packet& packet) noexcept {
    const FlowKey& key = packet.key;
    const bool v4 = key.family() == Family::v4;
    const std::uint64_t kind = key.words[5] & (v4 ? family_mask | proto_mask : family_mask);
    return {{key.words[0], key.words[1], key.words[2], key.words[3], key.words[4] & ~ports_mask,
             kind | std::uint64_t{packet.fragment_id} << 32U}};
}

void FragmentTable::store(const Packet& first, UtcTime now) {
    const Key key = key_of(first);
    const First value{service_of(first.key), now.ns};
    const auto [place, inserted] = datagrams_.try_emplace(key, value);
    if (!inserted) {
        place->second = value;  // the sender has used the identification again
        return;
    }
    order_.push_back(key);
    if (order_.size() <= limit) return;
    // An entry that has timed out would not be used any more: its eviction loses nothing.
    evicted_ += timed_out(datagrams_.at(order_.front()).time, now) ? 0 : 1;
    datagrams_.erase(order_.front());
    order_.pop_front();
}

bool FragmentTable::resolve(Packet& later, UtcTime now) const {
    const auto found = datagrams_.find(key_of(later));
    if (found == datagrams_.end() || timed_out(found->second.time, now)) return false;
    set_service(later.key, found->second.service);
    return true;
}

std::string FragmentTable::save(UtcTime now) const {
    ByteWriter out;
    for (const Key& key : order_) {
        const First& first = datagrams_.at(key);
        if (timed_out(first.time, now)) continue;
        for (const std::uint64_t word : key.words) out.be64(word);
        out.be64(first.service);
        out.be64(static_cast<std::uint64_t>(first.time));
    }
    return out.drain();
}

Status FragmentTable::restore(std::string_view saved) {
    ByteCursor in(as_octets(saved));
    while (in.left() > 0) {
        Key key{};
        std::uint64_t service = 0;
        std::uint64_t time = 0;
        bool whole = true;
        for (std::uint64_t& word : key.words) whole = whole && in.be64(word);
        whole = whole && in.be64(service) && in.be64(time);
        if (!whole || order_.size() == limit)
            return fail(
                ErrorCode::corrupt,
                "the saved fragment table in the cursor is damaged; next: run `octroi audit`");
        const First first{service, static_cast<std::int64_t>(time)};
        if (datagrams_.try_emplace(key, first).second) order_.push_back(key);
    }
    return {};
}

}  // namespace octroi::capture
