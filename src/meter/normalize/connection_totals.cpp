// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/normalize/connection_totals.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/address_octets.hpp"
#include "base/hash.hpp"

namespace octroi::normalize {
namespace {

// Element 233, firewallEvent; 5 is Cisco's.
constexpr std::uint8_t event_deleted = 2;
constexpr std::uint8_t event_update = 5;
// Two records of one connection state its creation within this time of one another.
constexpr Duration same_creation = Duration::seconds(2);

}  // namespace

std::size_t ConnectionTotals::KeyHash::operator()(const Key& key) const noexcept {
    std::uint64_t words[2] = {};
    static_assert(sizeof words == sizeof key.exporter.octets);
    std::memcpy(words, key.exporter.octets.data(), sizeof words);
    return mix(hash(key.connection) ^ words[0], mix_a ^ words[1]);
}

ConnectionTotals::Key ConnectionTotals::key_of(const flow::MessageContext& context,
                                               const flow::FlowRecord& record) noexcept {
    Key key{context.exporter, identity_of(record)};
    key.connection.icmp = 0;  // not stated for both directions
    key.connection.distinguisher = record.flow_id;
    return key;
}

ConnectionTotals::Connection& ConnectionTotals::find(const Key& key, UtcTime now) {
    const bool is_full = recent_.size() >= connections_max;
    if (generation_start_ == UtcTime::min() || now < generation_start_) generation_start_ = now;
    if (is_full || generation_start_ + idle_max < now) {
        if (is_full) evicted_ += older_.size();
        older_ = std::exchange(recent_, Connections(0, recent_.hash_function()));
        generation_start_ = now;
    }
    const auto [at, is_new] = recent_.try_emplace(key);
    if (is_new) {
        const auto before = older_.find(key);
        if (before != older_.end()) {
            at->second = before->second;
            older_.erase(before);
        }
    }
    return at->second;
}

ConnectionTotals::Counts ConnectionTotals::added_by(const flow::MessageContext& context,
                                                    const flow::FlowRecord& record) {
    const Counts stated{record.bytes, record.packets};
    const bool is_update = record.firewall_event == event_update;
    const bool is_end = record.firewall_event == event_deleted;
    if (!record.has(flow::Field::firewall_event) || (!is_update && !is_end)) return stated;
    Connection& connection = find(key_of(context, record), context.received);
    const UtcTime last = record.has(flow::Field::last) ? record.last : context.exported;
    const UtcTime first = record.has(flow::Field::first) ? record.first : UtcTime{};
    const bool is_other = connection.last.ns != 0 && (first > connection.first + same_creation ||
                                                      connection.first > first + same_creation);
    if (is_other) connection = {};
    if (connection.ended) {
        // Late updates are in the total; a total that comes again adds nothing.
        if (last <= connection.last) return {};
        connection = {};  // of exporters without times of creation
    }
    connection.first = first;
    connection.last = std::max(connection.last, last);
    Counts& reported = connection.reported;
    if (is_update) {
        // Sums of two counts of 64 bits; a smaller sum only subtracts less.
        __builtin_add_overflow(reported.bytes, stated.bytes, &reported.bytes);
        __builtin_add_overflow(reported.packets, stated.packets, &reported.packets);
        return stated;
    }
    // A smaller total is that of another connection with the same key.
    const bool includes = stated.bytes >= reported.bytes && stated.packets >= reported.packets;
    Counts added = stated;
    if (includes) added = {stated.bytes - reported.bytes, stated.packets - reported.packets};
    connection.ended = true;
    return added;
}

void ConnectionTotals::save(ByteWriter& out) const {
    out.be64(recent_.size() + older_.size());
    for (const Connections* connections : {&older_, &recent_}) {
        for (const auto& [key, connection] : *connections) {
            octroi::save(out, key.exporter);
            normalize::save(out, key.connection);
            out.be64(connection.reported.bytes);
            out.be64(connection.reported.packets);
            out.be64(static_cast<std::uint64_t>(connection.first.ns));
            out.be64(static_cast<std::uint64_t>(connection.last.ns));
            out.u8(connection.ended ? 1 : 0);
        }
    }
}

bool ConnectionTotals::restore(ByteCursor& in) {
    std::uint64_t count = 0;
    if (!in.be64(count) || count > 2 * connections_max) return false;
    for (std::uint64_t i = 0; i < count; ++i) {
        Key key;
        Connection connection;
        std::uint64_t first = 0;
        std::uint64_t last = 0;
        std::uint8_t ended = 0;
        if (!octroi::restore(in, key.exporter) || !normalize::restore(in, key.connection) ||
            !in.be64(connection.reported.bytes) || !in.be64(connection.reported.packets) ||
            !in.be64(first) || !in.be64(last) || !in.u8(ended))
            return false;
        connection.first.ns = static_cast<std::int64_t>(first);
        connection.last.ns = static_cast<std::int64_t>(last);
        connection.ended = ended != 0;
        older_.insert_or_assign(key, connection);
    }
    return true;
}

}  // namespace octroi::normalize
