// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/nat_table.hpp"

#include <algorithm>

#include "base/hash.hpp"

namespace octroi::capture {
namespace {

using conntrack::Connection;
using conntrack::Tuple;

constexpr std::uint8_t icmp = 1;
constexpr std::uint8_t icmpv6 = 58;
constexpr std::uint64_t low_half = 0xffff'ffffU;

[[nodiscard]] bool is_icmp(std::uint8_t proto) noexcept { return proto == icmp || proto == icmpv6; }

// As in FlowKey: sport, then dport << 16.
[[nodiscard]] std::uint32_t ports_of(std::uint16_t sport, std::uint16_t dport) noexcept {
    return std::uint32_t{dport} << 16U | sport;
}

void write_address(const Address& address, std::uint64_t* words) noexcept {
    std::memcpy(words, address.octets.data(), address.octets.size());
}

// Packets of the tuple. type_of: the tuple with the ICMP type that these packets have.
[[nodiscard]] std::array<std::uint64_t, 5> words_of_tuple(const Tuple& t, const Tuple& type_of) {
    std::array<std::uint64_t, 5> words{};
    write_address(t.src, words.data());
    write_address(t.dst, words.data() + 2);
    const std::uint64_t type =
        std::uint64_t{type_of.icmp_type} << 16U | std::uint64_t{type_of.icmp_code} << 24U;
    words[4] = std::uint64_t{ports_of(t.sport, t.dport)} << 32U | (is_icmp(t.proto) ? type : 0U) |
               static_cast<std::uint64_t>(t.src.family) << 8U | t.proto;
    return words;
}

[[nodiscard]] Tuple reversed(const Tuple& t) noexcept {
    Tuple r = t;
    std::swap(r.src, r.dst);
    std::swap(r.sport, r.dport);
    return r;
}

// Connection tracking states a key for GRE, where a packet has no ports.
[[nodiscard]] Connection comparable(Connection c) noexcept {
    constexpr std::uint8_t gre = 47;
    if (c.original.proto == gre)
        c.original.sport = c.original.dport = c.reply.sport = c.reply.dport = 0;
    return c;
}

}  // namespace

std::uint64_t NatTable::Hash::operator()(const Words& w) const noexcept {
    std::uint64_t h = mix(w[0] ^ seed, w[1] ^ mix_a);
    h = mix(h ^ w[2], w[3] ^ mix_b ^ seed);
    return mix(h ^ w[4], mix_c ^ seed);
}

NatTable::Words NatTable::words_of(const Sample& sample) noexcept {
    const packet::FlowKey& key = sample.packet.key;
    const std::uint32_t ports = is_icmp(key.proto()) ? ports_of(sample.icmp_id, sample.icmp_id)
                                                     : static_cast<std::uint32_t>(key.words[4]);
    return {key.words[0], key.words[1], key.words[2], key.words[3],
            std::uint64_t{ports} << 32U | (key.words[5] & low_half)};
}

// Of an IPv4 datagram the protocol belongs to the identification (RFC 791); in IPv6 a later
// fragment may name another header.
NatTable::Words NatTable::datagram_of(const Sample& sample) noexcept {
    const packet::FlowKey& key = sample.packet.key;
    const std::uint64_t proto = key.family() == Family::v4 ? key.proto() : 0U;
    return {key.words[0], key.words[1], key.words[2], key.words[3],
            std::uint64_t{sample.packet.fragment_id} << 32U |
                std::uint64_t{key.interface()} << 16U | proto};
}

// Where packets of the original direction come in, where they go out, and the same of replies.
std::array<NatTable::Words, 4> NatTable::sights(const Connection& c) {
    return {words_of_tuple(c.original, c.original), words_of_tuple(reversed(c.reply), c.original),
            words_of_tuple(c.reply, c.reply), words_of_tuple(reversed(c.original), c.reply)};
}

NatTable::Ends NatTable::ends_of(const Connection& c, bool is_reply) {
    const Tuple& from = is_reply ? c.reply : c.original;
    const Tuple& to = is_reply ? c.original : c.reply;
    Ends ends{};
    write_address(from.src, ends.addresses.data());
    write_address(to.src, ends.addresses.data() + 2);
    ends.ports = is_icmp(from.proto) ? 0 : ports_of(from.sport, to.sport);
    return ends;
}

void NatTable::add(const Connection& stated) {
    if (!stated.is_translated()) return;
    const Connection connection = comparable(stated);
    const auto all = sights(connection);
    const auto known = index_.find(all[0]);
    if (known != index_.end()) {
        Entry& entry = entries_[known->second >> 1U];
        if (entry.connection.id == connection.id && entry.connection.reply == connection.reply) {
            entry.listing = listing_;
            return;
        }
        remove(known->second >> 1U);
    }
    if (free_.empty() && entries_.size() >= limit_) {
        ++refused_;
        return;
    }
    if (free_.empty()) {
        free_.push_back(static_cast<std::uint32_t>(entries_.size()));
        entries_.emplace_back();
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    entries_[slot] = {connection, listing_, true};
    for (std::uint32_t i = 0; i < all.size(); ++i) index_[all[i]] = slot << 1U | (i < 2 ? 0U : 1U);
}

// A sight may belong to a newer connection by now, which has the same port of the machine.
void NatTable::remove(std::uint32_t slot) {
    Entry& entry = entries_[slot];
    if (!entry.used) return;
    for (const Words& words : sights(entry.connection)) {
        const auto place = index_.find(words);
        if (place != index_.end() && place->second >> 1U == slot) index_.erase(place);
    }
    entry.used = false;
    free_.push_back(slot);
}

void NatTable::end(const Connection& stated, Duration uptime) {
    const Connection connection = comparable(stated);
    const auto known = index_.find(words_of_tuple(connection.original, connection.original));
    if (known == index_.end()) return;
    const std::uint32_t slot = known->second >> 1U;
    if (entries_[slot].connection.id == connection.id)
        ended_.push_back({slot, connection.id, uptime});
}

void NatTable::sweep(Duration uptime) {
    while (!ended_.empty() && uptime - ended_.front().at >= kept_after_end) {
        const Ended& ended = ended_.front();
        const Entry& entry = entries_[ended.slot];
        if (entry.used && entry.connection.id == ended.id) remove(ended.slot);
        ended_.pop_front();
    }
}

void NatTable::end_listing() {
    for (std::uint32_t slot = 0; slot < entries_.size(); ++slot)
        if (entries_[slot].used && entries_[slot].listing != listing_) remove(slot);
}

void NatTable::remember_datagram(const Sample& first, const Ends& ends) {
    const Words datagram = datagram_of(first);
    if (!datagrams_.insert_or_assign(datagram, ends).second) return;
    datagram_order_.push_back(datagram);
    if (datagram_order_.size() <= datagrams_max) return;
    datagrams_.erase(datagram_order_.front());
    datagram_order_.pop_front();
}

bool NatTable::translate(const Sample& sample, packet::FlowKey& key) {
    if (index_.empty()) return false;
    const bool is_later = sample.packet.fragment == packet::Fragment::later;
    Ends ends{};
    if (is_later) {
        const auto datagram = datagrams_.find(datagram_of(sample));
        if (datagram == datagrams_.end()) return false;
        ends = datagram->second;
    } else {
        const auto found = index_.find(words_of(sample));
        if (found == index_.end()) return false;
        ends = ends_of(entries_[found->second >> 1U].connection, (found->second & 1U) != 0);
        if (sample.packet.fragment == packet::Fragment::first) remember_datagram(sample, ends);
        key.words[4] = (key.words[4] & ~low_half) | ends.ports;
    }
    std::ranges::copy(ends.addresses, key.words.begin());
    return true;
}

}  // namespace octroi::capture
