// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Entries of a log become readings: one for each direction that the line states. One thread.
//
// - The near end of a reading is the one that an account belongs to: of servers the server, of
//   proxies and firewalls the client. Its name is the virtual host, or the user within his domain.
// - A name that a client chose is no name of the near end, so that nobody can charge another: users
//   without authentication, senders of mails from outside, and (unless the options say otherwise)
//   the Host header.
// - Octets of both directions that a line does not separate are those of the server.
// - A line that states no port has the assigned port of its service, so that attribution finds the
//   service. Packets are counted only if the line states them.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "meter/name_table.hpp"
#include "record/reading_sink.hpp"
#include "record/volume_limits.hpp"
#include "wire/log/entry.hpp"

namespace octroi::logs {

enum class NearEnd : std::uint8_t { automatic, server, client };

struct LogReadingsOptions {
    NearEnd near = NearEnd::automatic;
    bool trusts_client_domains = false;  // the name that the client sent is the domain
    std::string user;                    // of lines that state none; empty: none
};

class LogReadings {
public:
    // seed: as of NameTable.
    LogReadings(LogReadingsOptions options, std::uint64_t seed);

    // Adds the readings of an entry that ended (or began) at `time`. They are handed over at once
    // when there are many, or by flush().
    void add(const logline::Entry& entry, UtcTime time, ReadingSink& sink);
    void flush(ReadingSink& sink);

    [[nodiscard]] const NameTable& names() const noexcept { return names_; }
    // The volume since the last call.
    [[nodiscard]] Volume drain_observed() noexcept { return observed_.drain(); }

private:
    [[nodiscard]] NameRef near_name(const logline::Entry& entry, bool near_is_client);
    [[nodiscard]] NameRef name_of(NameKind kind, std::string_view text, NameRef within);

    LogReadingsOptions options_;
    NameTable names_;
    ObservedVolume observed_;
    std::vector<Reading> pending_;
    // Rows of texts as lines have them, by kind and broader name in front: their canonical form is
    // made once.
    std::map<std::string, NameRef, std::less<>> rows_of_texts_;
    std::string key_;
};

}  // namespace octroi::logs
