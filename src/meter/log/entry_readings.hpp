// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Makes readings of the entries of logs: one for each direction with octets.
//
// The server is the near end, the client the far end. The near end has a name, in this order:
// the user within its domain, the domain, the names that the path of the log states, the name of
// the log. Attribution uses the first that is bound. A user of a web server does not count where
// the line states a domain: the owner of the site chooses the names of its users. Names that a
// client chose without a proof (a refused password, an anonymous session) are no users; domains
// that a client chose (a Host header) count up to a limit.
//
// Readings of the same ends, names and port within one bucket are added up, until flush().
// One thread.

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "meter/log/path_pattern.hpp"
#include "meter/name_table.hpp"
#include "record/reading_sink.hpp"
#include "record/volume_limits.hpp"
#include "wire/log/entry.hpp"

namespace octroi::logs {

// The identities that entries of a log without names of their own have.
struct LogNames {
    NameRef domain = no_name;
    NameRef user = no_name;
};

struct ReadingOptions {
    // An entry of a known duration with more than such a link carries, and an entry without one
    // with more than entry_octets_max, are implausible: they are booked as @excluded/implausible.
    std::uint64_t link_bits_per_second = 800'000'000'000;
    std::uint64_t entry_octets_max = std::uint64_t{1} << 40U;
    // Domains that clients chose.
    std::size_t unverified_domains_max = 4096;
    // Secret, for hash tables. It has no influence on results.
    std::uint64_t seed = 0;
};

struct ReadingCounts {
    std::uint64_t entries = 0;
    std::uint64_t implausible = 0;
    std::uint64_t implausible_bytes = 0;  // at most 2^64-1
    std::uint64_t refused_names = 0;      // no identity has such a name, or there are too many
    std::uint64_t other_layer = 0;        // entries that count IP packets: left out
};

class EntryReadings {
public:
    explicit EntryReadings(const ReadingOptions& options);

    // Set it before each pull. The sink must outlive the calls of add() and flush().
    void set_sink(ReadingSink& sink) noexcept { sink_ = &sink; }
    // time: what the entry states, resolved.
    void add(const logline::Entry& entry, UtcTime time, const LogNames& names);
    // Hands over all that was added up.
    void flush();

    // The names of a log. host: the name that stands for a log without any; a name that is no
    // domain is left out.
    [[nodiscard]] LogNames names_of(const PathNames& names, std::string_view host);

    // The volume of the entries since the last call.
    [[nodiscard]] Volume drain_observed() noexcept { return observed_.drain(); }
    [[nodiscard]] const NameTable& names() const noexcept { return names_; }
    [[nodiscard]] const ReadingCounts& counts() const noexcept { return counts_; }

private:
    static constexpr std::size_t slots = 4096;
    // Longer caches are emptied.
    static constexpr std::size_t cached_names_max = std::size_t{1} << 16U;

    struct TextHash {
        std::uint64_t seed = 0;
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept;
    };
    using NameCache = boost::unordered_flat_map<std::string, NameRef, TextHash, std::equal_to<>>;

    [[nodiscard]] NameRef near_name(const logline::Entry& entry, const LogNames& names);
    [[nodiscard]] NameRef domain_name(const logline::Entry& entry, NameRef otherwise);
    [[nodiscard]] NameRef user_name(std::string_view text, NameRef within);
    // The row of a name in its canonical form; `within`: there is none.
    [[nodiscard]] NameRef intern(NameKind kind, std::string_view text, NameRef within);
    [[nodiscard]] bool is_plausible(const logline::Entry& entry, std::uint64_t octets) const;
    void add(const Reading& reading);
    void put(const Reading& reading);

    ReadingOptions options_;
    ReadingSink* sink_ = nullptr;
    NameTable names_;
    NameCache domains_;
    NameCache users_;  // by user, and the name that it is within
    std::size_t unverified_domains_ = 0;
    std::string key_;                    // memory of user_name()
    std::vector<Reading> held_;          // by slot; without volume: handed over
    std::vector<std::uint32_t> filled_;  // slots with volume
    std::vector<Reading> out_;
    ObservedVolume observed_;
    ReadingCounts counts_;
};

}  // namespace octroi::logs
