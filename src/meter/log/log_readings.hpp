// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Entries of a log become readings: one for each direction that the line states. One thread.
//
// - The near end of a reading is the one that an account belongs to: of servers the server, of
//   proxies and firewalls the client. Its name is the virtual host, or the user within his domain;
//   of a server without such a name in the line, those that the path of the log states, or the name
//   of the machine.
// - A name that a client chose is no name of the near end, so that nobody can charge another: users
//   without authentication, senders of mails from outside, and (unless the options say otherwise)
//   the Host header.
// - Octets of both directions that a line does not separate are those of the server.
// - A line that states no port has the assigned port of its service, so that attribution finds the
//   service. Packets are counted only if the line states them. Requests are flows.
// - Entries without a user of clients that need none, as the options state them, are readings of
//   kind no_user_needed.
// - No volume is believed on one field alone: what exceeds the limits of the options is a reading
//   of kind implausible.
// - Readings of equal ends within a bucket are added up until flush().

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "meter/log/log_identities.hpp"
#include "meter/log/path_pattern.hpp"
#include "meter/name_table.hpp"
#include "record/reading_sink.hpp"
#include "record/volume_limits.hpp"
#include "wire/log/entry.hpp"

namespace octroi::logs {

enum class NearEnd : std::uint8_t { automatic, server, client };

struct LogReadingsOptions {
    // That of the meter: layers are never added up. Entries of an unknown layer are of this one.
    logline::LineLayer layer = logline::LineLayer::application;
    NearEnd near = NearEnd::automatic;
    bool trusts_client_domains = false;  // the name that the client sent is the domain
    std::string user;                    // of lines that state none; empty: none
    std::string domain;                  // of servers, in place of names; empty: none
    // An entry of a known duration with more octets than such a link carries, and one without a
    // duration with more than entry_octets_max, are implausible.
    std::uint64_t link_bits_per_second = 800'000'000'000;
    std::uint64_t entry_octets_max = std::uint64_t{1} << 40U;
    // With trusts_client_domains: names beyond it are left out.
    std::size_t client_domains_max = 4096;
    // Of mails that are delivered to another host: users choose them. The volume of others is that
    // of the log or the server, without a user.
    std::size_t recipients_max = 65'536;
    // Of clients that are the near end: their entries without a user are readings of kind
    // no_user_needed.
    std::vector<Prefix> no_user_needed = {};
};

// The most that LogReadingsOptions::no_user_needed may have: each entry without a user is compared
// with all of them.
inline constexpr std::size_t no_user_ranges_max = 256;

// The names of entries of a log that state none themselves.
struct LogNames {
    NameRef near = no_name;
};

struct ReadingCounts {
    std::uint64_t entries = 0;
    std::uint64_t implausible = 0;
    std::uint64_t implausible_bytes = 0;  // at most 2^64-1
    std::uint64_t refused_names = 0;      // no identity has such a name, or there are too many
    std::uint64_t other_layer = 0;        // entries of the other layer: left out
    std::uint64_t no_user_needed = 0;     // entries without a user of clients that need none
};

class LogReadings {
public:
    // seed: as of NameTable.
    LogReadings(LogReadingsOptions options, std::uint64_t seed);

    // Adds the readings of an entry that ended (or began) at `time`. They are handed over when
    // there are many, or by flush().
    void add(const logline::Entry& entry, UtcTime time, ReadingSink& sink,
             const LogNames& names = {});
    void flush(ReadingSink& sink);
    // Who held an address, from a line of LineKind::identity. flush() hands it over.
    void add_identity(const logline::Entry& entry, UtcTime time) { identities_.add(entry, time); }
    [[nodiscard]] std::uint64_t identity_lines() const noexcept { return identities_.lines(); }

    // Of a log.
    [[nodiscard]] LogNames names_of(const PathNames& path);

    [[nodiscard]] const NameTable& names() const noexcept { return names_; }
    // The volume since the last call.
    [[nodiscard]] Volume drain_observed() noexcept { return observed_.drain(); }
    [[nodiscard]] const ReadingCounts& counts() const noexcept { return counts_; }

private:
    struct TextHash {
        using is_transparent = void;
        std::uint64_t seed = 0;
        std::size_t operator()(std::string_view text) const noexcept;
    };
    using Rows = boost::unordered_flat_map<std::string, NameRef, TextHash, std::equal_to<>>;

    [[nodiscard]] NameRef near_name(const logline::Entry& entry, bool near_is_client,
                                    const LogNames& names);
    // Whether a name that others choose is one of the first `most`; counts it if it is not.
    [[nodiscard]] bool is_accepted(Rows& known, std::string_view text, std::size_t most);
    [[nodiscard]] NameRef domain_name(const logline::Entry& entry, std::string_view domain);
    [[nodiscard]] NameRef name_of(NameKind kind, std::string_view text, NameRef within);
    // Whether the entry has no user, and its client is one that needs none.
    [[nodiscard]] bool needs_no_user(const logline::Entry& entry, bool near_is_client,
                                     NameRef near) const;
    [[nodiscard]] NameRef find_or_add_name(NameKind kind, std::string_view text, NameRef within);
    [[nodiscard]] bool is_plausible(const logline::Entry& entry) const;
    void note_implausible(const logline::Entry& entry);
    // What the readings of both directions of an entry have in common.
    struct Ends {
        const Address& client;
        const Address& server;
        std::uint16_t client_port;
        std::uint16_t server_port;
        std::uint8_t proto;
        ReadingKind kind;
        NameRef near_name;
        bool is_client_near;
    };
    struct Amounts {
        std::uint64_t bytes;
        std::uint64_t packets;
        std::uint32_t flows;
    };
    void add(const Ends& ends, bool is_from_client, const Interval& times, const Amounts& amounts,
             ReadingSink& sink);
    [[nodiscard]] std::size_t slot_of(const Ends& ends, bool is_from_client) const;
    [[nodiscard]] UtcTime bucket_of(UtcTime time);
    void put(const Reading& reading, ReadingSink& sink);

    LogReadingsOptions options_;
    std::uint64_t seed_;
    NameTable names_;
    NameRef domain_ = no_name;  // that of the options
    ObservedVolume observed_;
    std::vector<Reading> held_;          // by slot; without volume: handed over
    std::vector<std::uint32_t> filled_;  // slots, in the order of their first reading
    std::vector<Reading> pending_;
    // Rows of texts as lines have them, by kind and broader name in front: their canonical form is
    // made once.
    Rows rows_of_texts_;
    std::string key_;
    // The last names, in front of rows_of_texts_.
    struct RecentName {
        std::array<char, 52> text{};
        std::uint8_t size = 0;  // 0: empty
        NameKind kind = NameKind::interface;
        NameRef within = no_name;
        NameRef ref = no_name;
    };
    std::vector<RecentName> recent_names_;
    UtcTime bucket_begin_;  // of the last time
    Rows client_domains_;   // the names that clients sent; the values have no meaning
    Rows recipients_;       // at other hosts; likewise
    ReadingCounts counts_;
    LogIdentities identities_;
};

}  // namespace octroi::logs
