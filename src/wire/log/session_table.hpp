// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What earlier lines of a log stated about a session, a process or a mail. Bounded: the oldest
// sessions are dropped first. One thread.
//
// The saved form is a part of a cursor, and a ledger refuses cursors of more than 1 MiB: the limit
// of octets is one of the saved form, and leaves space for the rest of the cursor.

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace octroi::logline {

// Which texts have a meaning, the format says.
struct Session {
    std::string client;  // address or name of the other end
    std::string user;
    std::string section;  // rsync module
    std::uint64_t size = 0;
    bool has_size = false;

    bool operator==(const Session&) const = default;
};

class SessionTable {
public:
    struct Limits {
        std::size_t sessions_max = 65'536;
        // Of save(), without the number of sessions.
        std::size_t octets_max = std::size_t{512} << 10U;
        // A longer text is cut: of a host name 253 octets are valid, of a mail address 320.
        std::size_t text_octets_max = 512;
    };

    explicit SessionTable(Limits limits) : limits_(limits) {}
    SessionTable() : SessionTable(Limits()) {}

    // Null: not known. Valid until the next call of another function.
    [[nodiscard]] const Session* find(std::string_view key);
    // Adds the session or replaces the one with this key. It is then the youngest.
    void put(std::string_view key, Session session);
    void remove(std::string_view key);

    [[nodiscard]] std::size_t size() const noexcept { return sessions_.size(); }
    // Sessions that were dropped by the limits since the reader was made.
    [[nodiscard]] std::uint64_t evicted() const noexcept { return evicted_; }

    // Both keep the order of age. An empty table is an empty text.
    [[nodiscard]] std::string save() const;
    // Errors: corrupt; then the table is empty.
    [[nodiscard]] Status restore(std::string_view state);

private:
    struct Item {
        std::string key;
        Session session;
        // In the saved form: four texts with their lengths, a flag and the size.
        [[nodiscard]] std::size_t octets() const noexcept {
            constexpr std::size_t numbers = 4 * 4 + 1 + 8;
            return numbers + key.size() + session.client.size() + session.user.size() +
                   session.section.size();
        }
    };
    using Items = std::list<Item>;

    void remove(Items::iterator item);
    void cut(std::string& text) const;

    Limits limits_;
    Items sessions_;  // oldest first
    std::map<std::string_view, Items::iterator> by_key_;
    std::size_t octets_ = 0;
    std::uint64_t evicted_ = 0;
};

}  // namespace octroi::logline
