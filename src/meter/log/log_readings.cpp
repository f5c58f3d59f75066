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
constexpr std::size_t slots = 2048;  // powers of two
constexpr std::size_t recent_names = 2048;
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

bool near_is_client(NearEnd near, const Entry& entry) {
    if (near != NearEnd::automatic) return near == NearEnd::client;
    return entry.layer != LineLayer::application || entry.service == "proxy";
}

// Mails have senders and recipients as users; a visitor of a web site is no user of its server.
bool names_a_user(const Entry& entry, bool near_is_client) {
    return near_is_client || entry.service != "http" || entry.domain.empty();
}

// [begin, end] of the transfer, as `begin` and `end` of an interval. Durations of more than a month
// are not believed.
Interval times_of(const Entry& entry, UtcTime time) {
    constexpr std::int64_t longest =
        static_cast<std::int64_t>(record_buckets_max) * bucket_length.ns;
    const std::int64_t length =
        entry.has_duration && entry.duration_ns < longest ? entry.duration_ns : 0;
    return entry.time_is_begin ? Interval{time, UtcTime{time.ns + length}}
                               : Interval{UtcTime{time.ns - length}, time};
}

// Eight octets of a text that has as many behind `from`.
std::uint64_t word_at(std::string_view text, std::size_t from) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + from, sizeof word);
    return word;
}

// Two of these have a sum that is possible for one reading.
template <typename Record>
bool is_addable(const Record& record) {
    return record.bytes <= record_volume_max / 2 && record.packets <= record_volume_max / 2 &&
           record.flows <= std::numeric_limits<std::uint32_t>::max() / 2;
}

bool is_empty(const Reading& reading) {
    return reading.bytes == 0 && reading.packets == 0 && reading.flows == 0;
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
    recent_names_.resize(recent_names);
    domain_ = name_of(NameKind::domain, options_.domain, no_name);
}

// ---- Names

// A log has few names, one line after the other: most are found by three of their words.
NameRef LogReadings::name_of(NameKind kind, std::string_view text, NameRef within) {
    constexpr std::size_t word = sizeof(std::uint64_t);
    if (text.size() < word || text.size() > std::tuple_size_v<decltype(RecentName::text)>)
        return find_or_add_name(kind, text, within);
    const std::size_t last = text.size() - word;
    const std::uint64_t rest =
        std::uint64_t{within} << 16U | text.size() << 8U | static_cast<std::uint64_t>(kind);
    const std::uint64_t hash =
        mix(word_at(text, 0) ^ word_at(text, last / 2) ^ seed_, word_at(text, last) ^ rest ^ mix_b);
    RecentName& recent = recent_names_[hash % recent_names];
    if (recent.size == text.size() && recent.kind == kind && recent.within == within &&
        std::memcmp(recent.text.data(), text.data(), text.size()) == 0)
        return recent.ref;
    const NameRef ref = find_or_add_name(kind, text, within);
    recent.size = static_cast<std::uint8_t>(text.size());
    recent.kind = kind;
    recent.within = within;
    recent.ref = ref;
    std::memcpy(recent.text.data(), text.data(), text.size());
    return ref;
}

NameRef LogReadings::find_or_add_name(NameKind kind, std::string_view text, NameRef within) {
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
    const bool is_client_near = near_is_client(options_.near, entry);
    const std::uint16_t server_port =
        entry.server.port != 0 ? entry.server.port : port_of_service(entry.service);
    const bool is_plausible_entry = is_plausible(entry);
    if (!is_plausible_entry) note_implausible(entry);
    const NameRef near = near_name(entry, is_client_near, names);
    ReadingKind kind = ReadingKind::ip;
    if (needs_no_user(entry, is_client_near, near)) {
        ++counts_.no_user_needed;
        kind = ReadingKind::no_user_needed;
    }
    if (!is_plausible_entry) kind = ReadingKind::implausible;
    const Ends ends{
        .client = entry.client.address,
        .server = entry.server.address,
        .client_port = entry.client.port,
        .server_port = server_port,
        .proto = entry.proto == 0 && server_port != 0 ? proto_tcp : entry.proto,
        .kind = kind,
        .near_name = near,
        .is_client_near = is_client_near,
    };
    const Interval times = times_of(entry, time);
    // The first direction has the flows and the packets.
    Amounts amounts{0, entry.packets.value,
                    static_cast<std::uint32_t>(std::min<std::uint64_t>(
                        entry.requests, std::numeric_limits<std::uint32_t>::max()))};
    const auto add_direction = [&](std::uint64_t octets, bool is_from_client) {
        amounts.bytes = octets;
        add(ends, is_from_client, times, amounts, sink);
        amounts = {};
    };
    const bool states_out = entry.out.stated || entry.both.stated;
    if (entry.in.stated && (entry.in.value > 0 || !states_out)) add_direction(entry.in.value, true);
    if (states_out) add_direction(entry.out.stated ? entry.out.value : entry.both.value, false);
}

// ---- Readings of equal ends

std::size_t LogReadings::slot_of(const Ends& ends, bool is_from_client) const {
    const auto client = ends.client.words();
    const auto server = ends.server.words();
    const std::uint64_t rest = std::uint64_t{ends.near_name} << 32U |
                               std::uint64_t{ends.client_port} << 16U | ends.server_port;
    const std::uint64_t side = is_from_client ? 1 : 0;
    const std::uint64_t hash = mix(client[0] ^ seed_, client[1] ^ rest ^ mix_b) +
                               mix(server[0] ^ rest ^ mix_a, server[1] ^ seed_ ^ side);
    return hash % slots;
}

UtcTime LogReadings::bucket_of(UtcTime time) {
    if (time < bucket_begin_ || time >= bucket_begin_ + bucket_length)
        bucket_begin_ = bucket_start(time);
    return bucket_begin_;
}

void LogReadings::add(const Ends& ends, bool is_from_client, const Interval& times,
                      const Amounts& amounts, ReadingSink& sink) {
    if (amounts.bytes == 0 && amounts.packets == 0 && amounts.flows == 0) return;
    observed_.add(amounts);
    const UtcTime bucket = bucket_of(times.begin);
    const bool is_in_bucket = times.end - bucket < bucket_length;
    const std::size_t slot = slot_of(ends, is_from_client);
    Reading& held = held_[slot];
    const Address& src = is_from_client ? ends.client : ends.server;
    const Address& dst = is_from_client ? ends.server : ends.client;
    const std::uint16_t sport = is_from_client ? ends.client_port : ends.server_port;
    const std::uint16_t dport = is_from_client ? ends.server_port : ends.client_port;
    // Direction::in: the near end is the source.
    const Direction direction =
        is_from_client == ends.is_client_near ? Direction::in : Direction::out;
    // Attribution finds the same ends and service for both.
    const bool is_same = held.near_name == ends.near_name && held.src == src && held.dst == dst &&
                         held.sport == sport && held.dport == dport && held.proto == ends.proto &&
                         held.kind == ends.kind && held.direction == direction &&
                         held.flow_slot != 0;
    const bool has_held = !is_empty(held);
    if (is_same && has_held && is_in_bucket && held.first >= bucket &&
        held.first - bucket < bucket_length && is_addable(held) && is_addable(amounts)) {
        held.first = std::min(held.first, times.begin);
        held.last = std::max(held.last, times.end);
        held.bytes += amounts.bytes;
        held.packets += amounts.packets;
        held.flows += amounts.flows;
        return;
    }
    Reading reading{.first = times.begin,
                    .last = times.end,
                    .bytes = amounts.bytes,
                    .packets = amounts.packets,
                    .src = src,
                    .dst = dst,
                    .sport = sport,
                    .dport = dport,
                    .proto = ends.proto,
                    .kind = ends.kind,
                    .direction = direction,
                    .near_name = ends.near_name,
                    .flows = amounts.flows};
    if (!is_in_bucket) return put(reading, sink);
    if (has_held)
        put(held, sink);
    else
        filled_.push_back(static_cast<std::uint32_t>(slot));
    reading.flow_slot = static_cast<std::uint32_t>(slot + 1);
    reading.fresh = !is_same;
    held = reading;
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
