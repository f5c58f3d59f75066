// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/log_readings.hpp"

#include <array>

#include "record/identity_kinds.hpp"

namespace octroi::logs {
namespace {

using logline::Entry;
using logline::LineLayer;

constexpr std::size_t readings_of_a_call = 512;
constexpr std::size_t known_texts_max = 65'536;
constexpr std::uint8_t proto_tcp = 6;

// A proxy that states no port carries HTTP.
struct ServicePort {
    std::string_view service;
    std::uint16_t port;  // IANA Service Name and Transport Protocol Port Number Registry
};
constexpr std::array service_ports{
    ServicePort{"http", 80},        ServicePort{"proxy", 80},  ServicePort{"ftp", 21},
    ServicePort{"sftp", 22},        ServicePort{"smtp", 25},   ServicePort{"imap", 143},
    ServicePort{"pop3", 110},       ServicePort{"lmtp", 24},   ServicePort{"managesieve", 4190},
    ServicePort{"submission", 587}, ServicePort{"rsync", 873},
};

std::uint16_t port_of_service(std::string_view service) {
    for (const ServicePort& each : service_ports)
        if (each.service == service) return each.port;
    return 0;
}

bool is_client_near(NearEnd near, const Entry& entry) {
    if (near != NearEnd::automatic) return near == NearEnd::client;
    return entry.layer != LineLayer::application || entry.service == "proxy";
}

// Mails have senders and recipients as users; a visitor of a web site is no user of its server.
bool names_a_user(const Entry& entry, bool near_is_client) {
    return near_is_client || entry.service != "http" || entry.domain.empty();
}

// [begin, end] of the transfer. Durations above the longest that the ledger accepts are not
// believed.
void set_times(const Entry& entry, UtcTime time, Reading& reading) {
    constexpr std::int64_t longest =
        static_cast<std::int64_t>(record_buckets_max) * bucket_length.ns;
    const std::int64_t length =
        entry.has_duration && entry.duration_ns < longest ? entry.duration_ns : 0;
    reading.first = entry.time_is_begin ? time : UtcTime{time.ns - length};
    reading.last = entry.time_is_begin ? UtcTime{time.ns + length} : time;
}

}  // namespace

LogReadings::LogReadings(LogReadingsOptions options, std::uint64_t seed)
    : options_(std::move(options)), names_(seed) {
    pending_.reserve(readings_of_a_call + 2);
}

NameRef LogReadings::name_of(NameKind kind, std::string_view text, NameRef within) {
    if (text.empty() || text.size() > NameTable::text_octets_max) return within;
    key_.assign(1, static_cast<char>(kind)).append(std::to_string(within)).append(1, ' ');
    key_.append(text);
    if (const auto known = rows_of_texts_.find(key_); known != rows_of_texts_.end())
        return known->second;
    const auto canonical = find_identity_kind(*identity_kind(kind))->canonical(text);
    const NameRef ref = canonical ? names_.intern(kind, *canonical, within) : within;
    // Clients choose some names: their number is bounded.
    if (rows_of_texts_.size() == known_texts_max) rows_of_texts_.clear();
    rows_of_texts_.emplace(key_, ref);
    return ref;
}

NameRef LogReadings::near_name(const Entry& entry, bool near_is_client) {
    const bool is_mail = !entry.sender.empty() || !entry.recipient.empty();
    std::string_view user = entry.user.empty() ? std::string_view(options_.user) : entry.user;
    // An authenticated sender may state any address: the login decides.
    if (!entry.login.empty()) user = entry.login;
    const bool is_user_known =
        !entry.user_ambiguous && (!entry.user_unverified || !entry.login.empty());
    std::string_view domain = entry.domain;
    if (entry.domain_unverified && !options_.trusts_client_domains) domain = {};
    // The domain of a mail is a part of its address.
    if (is_mail && (!is_user_known || !entry.login.empty())) domain = {};
    const NameRef broader = near_is_client && !is_mail
                                ? no_name  // the site that a user of the proxy has visited
                                : name_of(NameKind::domain, domain, no_name);
    if (!is_user_known || !names_a_user(entry, near_is_client)) return broader;
    return name_of(NameKind::user, user, broader);
}

void LogReadings::add(const Entry& entry, UtcTime time, ReadingSink& sink) {
    const bool near_is_client = is_client_near(options_.near, entry);
    Reading reading;
    set_times(entry, time, reading);
    reading.src = entry.client.address;
    reading.dst = entry.server.address;
    reading.sport = entry.client.port;
    reading.dport = entry.server.port != 0 ? entry.server.port : port_of_service(entry.service);
    reading.proto = entry.proto;
    if (reading.proto == 0 && reading.dport != 0) reading.proto = proto_tcp;
    reading.near_name = near_name(entry, near_is_client);
    reading.flows = 1;
    const auto add_direction = [&](std::uint64_t octets, bool is_from_client) {
        if (octets == 0 && reading.flows == 0) return;
        Reading one = reading;
        one.bytes = octets;
        if (reading.flows != 0) one.packets = entry.packets.value;
        if (!is_from_client) {
            std::swap(one.src, one.dst);
            std::swap(one.sport, one.dport);
        }
        // Direction::in: the near end is the source.
        one.direction = is_from_client == near_is_client ? Direction::in : Direction::out;
        reading.flows = 0;
        observed_.add(one);
        pending_.push_back(one);
    };
    if (entry.in.stated && (entry.in.value > 0 || !entry.out.stated))
        add_direction(entry.in.value, true);
    if (entry.out.stated || entry.both.stated)
        add_direction(entry.out.stated ? entry.out.value : entry.both.value, false);
    if (pending_.size() >= readings_of_a_call) flush(sink);
}

void LogReadings::flush(ReadingSink& sink) {
    if (pending_.empty()) return;
    sink.accept(pending_);
    pending_.clear();
}

}  // namespace octroi::logs
