// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/conntrack/connection_table.hpp"

#include <sodium.h>

#include <cstring>

#include "base/byte_cursor.hpp"

namespace octroi::conntrack {
namespace {

// DO NOT CHANGE: state files contain it, and digests of these octets.
constexpr std::uint32_t table_magic = 0x6f637432;  // "oct2"
// The magic number, the secret, the listing and the number of connections.
constexpr std::size_t saved_header = 4 + 16 + 4 + 4;

// Octets in a fixed order, for the digest.
class KeyOctets {
public:
    void add(const void* octets, std::size_t count) noexcept {
        std::memcpy(octets_.data() + used_, octets, count);
        used_ += count;
    }
    template <typename Number>
    void add_number(Number value) noexcept {
        for (std::size_t i = 0; i < sizeof value; ++i)
            octets_[used_++] = static_cast<std::uint8_t>(value >> (8 * i));
    }
    [[nodiscard]] const std::uint8_t* data() const noexcept { return octets_.data(); }
    [[nodiscard]] std::size_t size() const noexcept { return used_; }

private:
    std::array<std::uint8_t, 64> octets_{};
    std::size_t used_ = 0;
};

}  // namespace

ConnectionKey ConnectionTable::key_of(const Entry& entry) const noexcept {
    static_assert(crypto_shorthash_siphashx24_KEYBYTES == std::tuple_size_v<Secret>);
    const Tuple& tuple = entry.connection.original;
    KeyOctets octets;
    octets.add(tuple.src.octets.data(), tuple.src.octets.size());
    octets.add(tuple.dst.octets.data(), tuple.dst.octets.size());
    octets.add_number(static_cast<std::uint8_t>(tuple.src.family));
    octets.add_number(tuple.sport);
    octets.add_number(tuple.dport);
    octets.add_number(tuple.proto);
    octets.add_number(tuple.icmp_type);
    octets.add_number(tuple.icmp_code);
    octets.add_number(entry.zone);
    octets.add_number(entry.original_zone);
    octets.add_number(entry.connection.id);
    // Appended: the digests of other connections are those of earlier versions.
    if (entry.reply_zone != 0) octets.add_number(entry.reply_zone);
    std::array<std::uint8_t, crypto_shorthash_siphashx24_BYTES> digest{};
    crypto_shorthash_siphashx24(digest.data(), octets.data(), octets.size(), secret_.data());
    ConnectionKey key;
    std::memcpy(&key.high, digest.data(), sizeof key.high);
    std::memcpy(&key.low, digest.data() + sizeof key.high, sizeof key.low);
    return key;
}

PostedConnection* ConnectionTable::find(const ConnectionKey& key) {
    const auto found = connections_.find(key);
    return found == connections_.end() ? nullptr : &found->second;
}

PostedConnection* ConnectionTable::insert(const ConnectionKey& key,
                                          const PostedConnection& posted) {
    if (connections_.size() >= limit_ + (posted.ended ? ended_max : 0)) return nullptr;
    return &connections_.insert_or_assign(key, posted).first->second;
}

void ConnectionTable::begin_listing() {
    ++listing_;
    boost::unordered::erase_if(connections_, [](const auto& one) { return one.second.ended; });
}

std::uint64_t ConnectionTable::end_listing() {
    std::uint64_t missing = 0;
    for (auto at = connections_.begin(); at != connections_.end();) {
        PostedConnection& posted = at->second;
        if (posted.listings_to_begin > 0) --posted.listings_to_begin;
        const std::uint32_t listings_without = listing_ - posted.listing;
        if (!posted.ended && listings_without == 1) ++missing;
        if (posted.ended || listings_without > 1)
            connections_.erase(at++);
        else
            ++at;
    }
    return missing;
}

namespace {

template <typename Number>
void append(std::string& out, Number number) {
    for (std::size_t i = sizeof number; i-- > 0;)
        out.push_back(static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i)));
}

}  // namespace

void ConnectionTable::append_to(std::string& out) const {
    std::uint32_t count = 0;
    for (const auto& [key, posted] : connections_) count += posted.ended ? 0 : 1;
    static_assert((limit_max + ended_max) * saved_octets < UINT32_MAX);
    const std::size_t octets = saved_header + count * saved_octets;
    // Once: growing by doubling would need three times the memory.
    out.reserve(out.size() + sizeof(std::uint32_t) + octets);
    append(out, static_cast<std::uint32_t>(octets));
    append(out, table_magic);
    for (const std::uint8_t octet : secret_) append(out, octet);
    append(out, listing_);
    append(out, count);
    for (const auto& [key, posted] : connections_) {
        if (posted.ended) continue;
        for (const std::uint64_t number :
             {key.high, key.low, posted.original.bytes, posted.original.packets, posted.reply.bytes,
              posted.reply.packets})
            append(out, number);
        append(out, posted.start.ns);
        append(out, posted.posted_until.ns);
        append(out, posted.listing);
    }
}

namespace {

bool read_time(ByteCursor& in, UtcTime& time) {
    std::uint64_t ns = 0;
    if (!in.be64(ns)) return false;
    time = UtcTime{static_cast<std::int64_t>(ns)};
    return true;
}

bool read_posted(ByteCursor& in, ConnectionKey& key, PostedConnection& posted) {
    return in.be64(key.high) && in.be64(key.low) && in.be64(posted.original.bytes) &&
           in.be64(posted.original.packets) && in.be64(posted.reply.bytes) &&
           in.be64(posted.reply.packets) && read_time(in, posted.start) &&
           read_time(in, posted.posted_until) && in.be32(posted.listing);
}

}  // namespace

Result<ConnectionTable> ConnectionTable::restore(ByteSpan saved, std::size_t limit) {
    const auto damaged = [] {
        return fail(ErrorCode::corrupt, "the state of connections is damaged");
    };
    ByteCursor in(saved);
    std::uint32_t magic = 0;
    ByteSpan secret;
    std::uint32_t count = 0;
    ConnectionTable table({}, limit);
    if (!in.be32(magic) || magic != table_magic || !in.raw(table.secret_.size(), secret) ||
        !in.be32(table.listing_) || !in.be32(count))
        return damaged();
    std::memcpy(table.secret_.data(), secret.data(), secret.size());
    for (std::uint32_t i = 0; i < count; ++i) {
        ConnectionKey key;
        PostedConnection posted;
        if (!read_posted(in, key, posted)) return damaged();
        // The saved listing may have been in progress, so none of them is missing in it.
        posted.listing = table.listing_;
        // Also beyond a limit that was lowered: they are known.
        table.connections_.insert_or_assign(key, posted);
    }
    if (in.left() > 0) return damaged();
    return table;
}

}  // namespace octroi::conntrack
