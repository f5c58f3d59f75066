// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/log_readings.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "base/hash.hpp"
#include "base/text_hash.hpp"
#include "record/identity_kinds.hpp"

namespace octroi::logs {
namespace {

using logline::Entry;
using logline::LineLayer;

constexpr std::size_t readings_of_a_call = 512;
constexpr std::size_t known_texts_max = 65'536;
constexpr std::size_t slots = 4096;
constexpr std::uint8_t proto_tcp = 6;

// A proxy that states no port carries HTTP.
struct ServicePort {
    std::string_view service;
    std::uint16_t port;  // IANA Service Name and Transport Protocol Port Number Registry
};
constexpr std::array service_ports{
    ServicePort{"http", 80},          ServicePort{"https", 443},      ServicePort{"proxy", 80},
    ServicePort{"ftp", 21},           ServicePort{"sftp", 22},        ServicePort{"smtp", 25},
    ServicePort{"imap", 143},         ServicePort{"pop3", 110},       ServicePort{"lmtp", 24},
    ServicePort{"managesieve", 4190}, ServicePort{"submission", 587}, ServicePort{"rsync", 873},
};

std::uint16_t port_of_service(std::string_view service) {
    const auto row = std::ranges::find(service_ports, service, &ServicePort::service);
    return row == service_ports.end() ? 0 : row->port;
}

bool is_client_near(NearEnd near, const Entry& entry) {
    if (near != NearEnd::automatic) return near == NearEnd::client;
    return entry.layer != LineLayer::application || entry.service == "proxy";
}

// Mails have senders and recipients as users; a visitor of a web site is no user of its server.
bool names_a_user(const Entry& entry, bool near_is_client) {
    return near_is_client || entry.service != "http" || entry.domain.empty();
}

// [begin, end] of the transfer. Durations of more than a month are not believed.
void set_times(const Entry& entry, UtcTime time, Reading& reading) {
    constexpr std::int64_t longest =
        static_cast<std::int64_t>(record_buckets_max) * bucket_length.ns;
    const std::int64_t length =
        entry.has_duration && entry.duration_ns < longest ? entry.duration_ns : 0;
    reading.first = entry.time_is_begin ? time : UtcTime{time.ns - length};
    reading.last = entry.time_is_begin ? UtcTime{time.ns + length} : time;
}

std::uint64_t hash_of(const Address& address, std::uint64_t seed) {
    std::array<std::uint64_t, 2> words{};
    static_assert(sizeof words >= sizeof address.octets);
    std::memcpy(words.data(), address.octets.data(), sizeof address.octets);
    return mix(words[0] ^ mix_a ^ seed, words[1] ^ mix_b);
}

// Attribution finds the same ends and service for both.
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

std::size_t LogReadings::TextHash::operator()(std::string_view text) const noexcept {
    return text_hash(text, seed);
}

LogReadings::LogReadings(LogReadingsOptions options, std::uint64_t seed)
    : options_(std::move(options)),
      seed_(seed),
      names_(seed),
      held_(slots),
      rows_of_texts_(0, TextHash{seed}),
      client_domains_(0, TextHash{seed}),
      recipients_(0, TextHash{seed}) {
    pending_.reserve(readings_of_a_call);
    domain_ = name_of(NameKind::domain, options_.domain, no_name);
}

// ---- Names

NameRef LogReadings::name_of(NameKind kind, std::string_view text, NameRef within) {
    if (text.empty() || text.size() > NameTable::text_octets_max) return within;
    key_.assign(1, static_cast<char>(kind));
    key_.append(static_cast<const char*>(static_cast<const void*>(&within)), sizeof within);
    key_.append(text);
    if (const auto known = rows_of_texts_.find(key_); known != rows_of_texts_.end())
        return known->second;
    const auto canonical = find_identity_kind(*identity_kind(kind))->canonical(text);
    if (!canonical) ++counts_.refused_names;
    const NameRef ref = canonical ? names_.intern(kind, *canonical, within) : within;
    // Clients choose some names: their number is bounded.
    if (rows_of_texts_.size() == known_texts_max) rows_of_texts_.clear();
    rows_of_texts_.emplace(key_, ref);
    return ref;
}

LogNames LogReadings::names_of(const PathNames& path) {
    const NameRef broader =
        path.domain.empty() ? domain_ : name_of(NameKind::domain, path.domain, domain_);
    return {name_of(NameKind::user, path.user, broader)};
}

// The names that clients send can be any: a number of them is accepted, each of which takes rows
// of the ledger.
bool LogReadings::is_accepted(Rows& known, std::string_view text, std::size_t most) {
    if (known.contains(text)) return true;
    if (known.size() >= most) {
        ++counts_.refused_names;
        return false;
    }
    known.emplace(text, no_name);
    return true;
}

NameRef LogReadings::domain_name(const Entry& entry, std::string_view domain) {
    if (entry.domain_unverified && !domain.empty() &&
        !is_accepted(client_domains_, domain, options_.client_domains_max))
        return no_name;
    return name_of(NameKind::domain, domain, no_name);
}

NameRef LogReadings::near_name(const Entry& entry, bool near_is_client, const LogNames& names) {
    const bool is_mail = !entry.sender.empty() || !entry.recipient.empty();
    const bool is_elsewhere =
        !entry.recipient.empty() && entry.server.address.family != Family::none;
    if (is_elsewhere && !is_accepted(recipients_, entry.recipient, options_.recipients_max))
        return names.near != no_name ? names.near : domain_;
    std::string_view user = entry.user.empty() ? std::string_view(options_.user) : entry.user;
    // An authenticated sender may state any address: the login decides.
    if (!entry.login.empty()) user = entry.login;
    const bool is_user_known =
        !entry.user_ambiguous && (!entry.user_unverified || !entry.login.empty());
    std::string_view domain = entry.domain;
    if (entry.domain_unverified && !options_.trusts_client_domains) domain = {};
    // The domain of a mail is a part of its address.
    if (is_mail && (!is_user_known || !entry.login.empty())) domain = {};
    NameRef broader = no_name;  // of a proxy: the domain is the site that its user has visited
    if (!near_is_client || is_mail) broader = domain_name(entry, domain);
    if (broader == no_name && !near_is_client)
        broader = names.near != no_name ? names.near : domain_;
    if (!is_user_known || !names_a_user(entry, near_is_client)) return broader;
    return name_of(NameKind::user, user, broader);
}

bool LogReadings::needs_no_user(const Entry& entry, bool near_is_client, NameRef near) const {
    if (options_.no_user_needed.empty() || !near_is_client || near != no_name) return false;
    return std::ranges::any_of(options_.no_user_needed, [&](const Prefix& range) {
        return range.contains(entry.client.address);
    });
}

// ---- Volumes

bool LogReadings::is_plausible(const Entry& entry) const {
    std::uint64_t most = options_.entry_octets_max;
    if (entry.has_duration) {
        __extension__ using Wide = unsigned __int128;
        // Servers round durations, and some begin to measure with the first octet that they send.
        constexpr std::uint64_t margin_ms = 2000;
        const std::uint64_t ms =
            static_cast<std::uint64_t>(std::max<std::int64_t>(entry.duration_ns, 0)) / 1'000'000 +
            margin_ms;
        const Wide carried = Wide{options_.link_bits_per_second} * ms / 8000;
        most = carried > logline::volume_max ? logline::volume_max
                                             : static_cast<std::uint64_t>(carried);
    }
    return entry.in.value <= most && entry.out.value <= most && entry.both.value <= most;
}

void LogReadings::note_implausible(const Entry& entry) {
    ++counts_.implausible;
    for (const std::uint64_t octets : {entry.in.value, entry.out.value, entry.both.value})
        if (__builtin_add_overflow(counts_.implausible_bytes, octets, &counts_.implausible_bytes))
            counts_.implausible_bytes = std::numeric_limits<std::uint64_t>::max();
}

void LogReadings::add(const Entry& entry, UtcTime time, ReadingSink& sink, const LogNames& names) {
    if (entry.layer != options_.layer && entry.layer != LineLayer::unknown) {
        ++counts_.other_layer;
        return;
    }
    ++counts_.entries;
    const bool near_is_client = is_client_near(options_.near, entry);
    Reading reading;
    set_times(entry, time, reading);
    reading.src = entry.client.address;
    reading.dst = entry.server.address;
    reading.sport = entry.client.port;
    reading.dport = entry.server.port != 0 ? entry.server.port : port_of_service(entry.service);
    reading.proto = entry.proto;
    if (reading.proto == 0 && reading.dport != 0) reading.proto = proto_tcp;
    reading.near_name = near_name(entry, near_is_client, names);
    if (needs_no_user(entry, near_is_client, reading.near_name)) {
        ++counts_.no_user_needed;
        reading.kind = ReadingKind::no_user_needed;
    }
    if (!is_plausible(entry)) {
        note_implausible(entry);
        reading.kind = ReadingKind::implausible;
    }
    reading.flows = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(entry.requests, std::numeric_limits<std::uint32_t>::max()));
    reading.packets = entry.packets.value;
    // The first direction has the flows and the packets.
    const auto add_direction = [&](std::uint64_t octets, bool is_from_client) {
        Reading one = reading;
        one.bytes = octets;
        if (!is_from_client) {
            std::swap(one.src, one.dst);
            std::swap(one.sport, one.dport);
        }
        // Direction::in: the near end is the source.
        one.direction = is_from_client == near_is_client ? Direction::in : Direction::out;
        reading.flows = 0;
        reading.packets = 0;
        add(one, sink);
    };
    const bool states_out = entry.out.stated || entry.both.stated;
    if (entry.in.stated && (entry.in.value > 0 || !states_out)) add_direction(entry.in.value, true);
    if (states_out) add_direction(entry.out.stated ? entry.out.value : entry.both.value, false);
}

void LogReadings::add(const Reading& reading, ReadingSink& sink) {
    if (is_empty(reading)) return;
    observed_.add(reading);
    const UtcTime bucket = bucket_start(reading.first);
    if (bucket != bucket_start(reading.last)) return put(reading, sink);
    const std::uint64_t ports = std::uint64_t{reading.sport} << 16U | reading.dport;
    const auto slot = static_cast<std::size_t>(
        mix(hash_of(reading.src, seed_) ^ reading.near_name, hash_of(reading.dst, seed_) ^ ports) %
        slots);
    Reading& held = held_[slot];
    const bool is_same = is_alike(held, reading) && held.flow_slot != 0;
    if (!is_empty(held)) {
        if (is_same && bucket_start(held.first) == bucket && is_addable(held) &&
            is_addable(reading)) {
            held.first = std::min(held.first, reading.first);
            held.last = std::max(held.last, reading.last);
            held.bytes += reading.bytes;
            held.packets += reading.packets;
            held.flows += reading.flows;
            return;
        }
        put(held, sink);
    } else {
        filled_.push_back(static_cast<std::uint32_t>(slot));
    }
    held = reading;
    held.flow_slot = static_cast<std::uint32_t>(slot + 1);
    held.fresh = !is_same;
}

void LogReadings::put(const Reading& reading, ReadingSink& sink) {
    pending_.push_back(reading);
    if (pending_.size() < readings_of_a_call) return;
    sink.accept(pending_);
    pending_.clear();
}

void LogReadings::flush(ReadingSink& sink) {
    identities_.flush(sink);
    for (const std::uint32_t slot : filled_) {
        Reading& held = held_[slot];
        if (is_empty(held)) continue;
        put(held, sink);
        held.bytes = held.packets = 0;
        held.flows = 0;
    }
    filled_.clear();
    if (pending_.empty()) return;
    sink.accept(pending_);
    pending_.clear();
}

}  // namespace octroi::logs
