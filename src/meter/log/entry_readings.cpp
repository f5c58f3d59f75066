// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/entry_readings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/hash.hpp"
#include "base/text_hash.hpp"
#include "record/identity.hpp"

namespace octroi::logs {
namespace {

constexpr std::uint8_t protocol_tcp = 6;
constexpr std::size_t out_max = 256;

// Where a line states no port of the server: that of its service.
struct ServicePort {
    std::string_view service;
    std::uint16_t port;
};
constexpr std::array service_ports{
    ServicePort{"http", 80},   ServicePort{"https", 443},  ServicePort{"proxy", 3128},
    ServicePort{"ftp", 21},    ServicePort{"smtp", 25},    ServicePort{"submission", 587},
    ServicePort{"lmtp", 24},   ServicePort{"imap", 143},   ServicePort{"pop3", 110},
    ServicePort{"rsync", 873}, ServicePort{"sftp", 22},    ServicePort{"ssh", 22},
    ServicePort{"s3", 443},    ServicePort{"sieve", 4190},
};

std::uint16_t port_of(const logline::Entry& entry) {
    if (entry.server.port != 0) return entry.server.port;
    const auto row = std::ranges::find(service_ports, entry.service, &ServicePort::service);
    return row == service_ports.end() ? 0 : row->port;
}

// Of a site of which the owner chooses the users.
bool is_web(const logline::Entry& entry) {
    return entry.service == "http" || entry.service == "https" || entry.service.empty();
}

std::uint64_t hash_of(const Address& address) {
    std::array<std::uint64_t, 2> words{};
    std::memcpy(words.data(), address.octets.data(), std::min(sizeof words, sizeof address.octets));
    return mix(words[0] ^ mix_a, words[1] ^ mix_b);
}

// What readings of one slot have in common: attribution finds the same ends and service.
bool is_alike(const Reading& a, const Reading& b) {
    return a.near_name == b.near_name && a.src == b.src && a.dst == b.dst && a.sport == b.sport &&
           a.dport == b.dport && a.proto == b.proto && a.kind == b.kind &&
           a.direction == b.direction;
}

bool is_empty(const Reading& reading) {
    return reading.bytes == 0 && reading.packets == 0 && reading.flows == 0;
}

// Two of these have a sum that is possible for one reading.
bool is_addable(const Reading& reading) {
    return reading.bytes <= record_volume_max / 2 && reading.packets <= record_volume_max / 2 &&
           reading.flows <= std::numeric_limits<std::uint32_t>::max() / 2;
}

}  // namespace

std::size_t EntryReadings::TextHash::operator()(std::string_view text) const noexcept {
    return text_hash(text, seed);
}

EntryReadings::EntryReadings(const ReadingOptions& options)
    : options_(options),
      names_(options.seed),
      domains_(0, TextHash{options.seed}),
      users_(0, TextHash{options.seed}),
      held_(slots) {
    out_.reserve(out_max);
}

LogNames EntryReadings::names_of(const PathNames& names, std::string_view host) {
    LogNames refs;
    const std::string_view domain = names.domain.empty() ? host : names.domain;
    if (!domain.empty()) refs.domain = intern(NameKind::domain, domain, no_name);
    refs.user = refs.domain;
    if (!names.user.empty()) refs.user = intern(NameKind::user, names.user, refs.domain);
    return refs;
}

NameRef EntryReadings::intern(NameKind kind, std::string_view text, NameRef within) {
    const auto identity =
        parse_identity(fmt::format("{} {}", kind == NameKind::domain ? "domain" : "user", text));
    if (identity) return names_.intern(kind, identity->value, within);
    ++counts_.refused_names;
    return within;
}

NameRef EntryReadings::domain_name(const logline::Entry& entry, NameRef otherwise) {
    if (entry.domain.empty()) return otherwise;
    if (const auto known = domains_.find(entry.domain); known != domains_.end())
        return known->second == no_name ? otherwise : known->second;
    if (entry.domain_unverified && unverified_domains_ >= options_.unverified_domains_max) {
        ++counts_.refused_names;
        return otherwise;
    }
    if (domains_.size() >= cached_names_max) domains_.clear();
    const NameRef ref = intern(NameKind::domain, entry.domain, no_name);
    if (entry.domain_unverified) ++unverified_domains_;
    domains_.emplace(entry.domain, ref);
    return ref == no_name ? otherwise : ref;
}

NameRef EntryReadings::user_name(std::string_view text, NameRef within) {
    key_.assign(static_cast<const char*>(static_cast<const void*>(&within)), sizeof within);
    key_ += text;
    if (const auto known = users_.find(key_); known != users_.end()) return known->second;
    if (users_.size() >= cached_names_max) users_.clear();
    const NameRef ref = intern(NameKind::user, text, within);
    users_.emplace(key_, ref);
    return ref;
}

NameRef EntryReadings::near_name(const logline::Entry& entry, const LogNames& names) {
    const NameRef domain = domain_name(entry, names.user != no_name ? names.user : names.domain);
    const bool has_user = !entry.user.empty() && !entry.user_unverified && !entry.user_ambiguous;
    if (!has_user || (is_web(entry) && domain != no_name)) return domain;
    return user_name(entry.user, domain);
}

bool EntryReadings::is_plausible(const logline::Entry& entry, std::uint64_t octets) const {
    if (!entry.has_duration) return octets <= options_.entry_octets_max;
    __extension__ using Wide = unsigned __int128;
    // Servers round durations, and count from the first octet that they read.
    constexpr std::uint64_t margin_ms = 2000;
    const Wide ms = static_cast<std::uint64_t>(entry.duration_ns) / 1'000'000 + margin_ms;
    return Wide{octets} <= Wide{options_.link_bits_per_second} * ms / 8000;
}

void EntryReadings::add(const logline::Entry& entry, UtcTime time, const LogNames& names) {
    if (entry.layer == logline::LineLayer::ip) {
        ++counts_.other_layer;
        return;
    }
    ++counts_.entries;
    Reading reading;
    reading.first = reading.last = time;
    if (entry.has_duration) {
        const Duration duration{entry.duration_ns};
        if (entry.time_is_begin && time <= UtcTime::max() - duration)
            reading.last = time + duration;
        else if (!entry.time_is_begin && time >= UtcTime::min() + duration)
            reading.first = time - duration;
    }
    reading.near_name = near_name(entry, names);
    reading.proto = entry.proto != 0 ? entry.proto : protocol_tcp;
    // A line that does not separate the directions: most of a download goes to the client.
    const std::uint64_t out = entry.both.stated ? entry.both.value : entry.out.value;
    const std::uint64_t in = entry.both.stated ? 0 : entry.in.value;
    const bool is_plausible_entry = is_plausible(entry, out) && is_plausible(entry, in);
    if (!is_plausible_entry) {
        ++counts_.implausible;
        for (const std::uint64_t octets : {in, out})
            if (__builtin_add_overflow(counts_.implausible_bytes, octets,
                                       &counts_.implausible_bytes))
                counts_.implausible_bytes = std::numeric_limits<std::uint64_t>::max();
        reading.kind = ReadingKind::implausible;
    }
    const std::uint16_t port = port_of(entry);
    const auto flows = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(entry.requests, std::numeric_limits<std::uint32_t>::max()));
    const bool is_out_first = out > 0 || in == 0;
    if (is_out_first) {
        Reading sent = reading;
        sent.src = entry.server.address;
        sent.dst = entry.client.address;
        sent.sport = port;
        sent.dport = entry.client.port;
        sent.direction = Direction::in;  // from the near end: the server
        sent.bytes = out;
        sent.packets = entry.packets.value;
        sent.flows = flows;
        add(sent);
    }
    if (in == 0) return;
    Reading received = reading;
    received.src = entry.client.address;
    received.dst = entry.server.address;
    received.sport = entry.client.port;
    received.dport = port;
    received.direction = Direction::out;  // to the near end
    received.bytes = in;
    if (!is_out_first) {
        received.packets = entry.packets.value;
        received.flows = flows;
    }
    add(received);
}

void EntryReadings::add(const Reading& reading) {
    if (is_empty(reading)) return;
    observed_.add(reading);
    const UtcTime bucket = bucket_start(reading.first);
    if (bucket != bucket_start(reading.last)) return put(reading);
    const std::uint64_t hash =
        mix(hash_of(reading.src) ^ reading.near_name,
            hash_of(reading.dst) ^ (std::uint64_t{reading.sport} << 16U | reading.dport) ^
                options_.seed);
    const std::size_t slot = hash % slots;
    Reading& held = held_[slot];
    const bool is_same = is_alike(held, reading);
    if (!is_empty(held)) {
        const bool fits = is_same && bucket_start(held.first) == bucket && is_addable(held) &&
                          is_addable(reading);
        if (fits) {
            held.first = std::min(held.first, reading.first);
            held.last = std::max(held.last, reading.last);
            held.bytes += reading.bytes;
            held.packets += reading.packets;
            held.flows += reading.flows;
            return;
        }
        put(held);
    } else {
        filled_.push_back(static_cast<std::uint32_t>(slot));
    }
    const bool was_used = held.flow_slot != 0;
    held = reading;
    held.flow_slot = static_cast<std::uint32_t>(slot + 1);
    held.fresh = !(is_same && was_used);
}

void EntryReadings::put(const Reading& reading) {
    if (out_.size() == out_max) {
        sink_->accept(out_);
        out_.clear();
    }
    out_.push_back(reading);
}

void EntryReadings::flush() {
    for (const std::uint32_t slot : filled_) {
        Reading& held = held_[slot];
        if (is_empty(held)) continue;
        put(held);
        held.bytes = held.packets = held.flows = 0;
    }
    filled_.clear();
    if (out_.empty()) return;
    sink_->accept(out_);
    out_.clear();
}

}  // namespace octroi::logs
