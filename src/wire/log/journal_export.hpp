// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The journal export format of systemd (systemd.io/JOURNAL_EXPORT_FORMATS): what `journalctl
// --output=export` prints. An entry is a list of fields and ends with an empty line. A field is
// "NAME=value" and LF, or, if its value is no text, "NAME" LF, u64 little endian length, the
// octets, LF.
//
// Octets come in parts of any size. Bounded: of a value at most line_octets_max octets are kept,
// of a name name_octets_max; the rest is passed over. One thread.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "wire/log/line_reader.hpp"

namespace octroi::logline {

struct JournalEntry {
    std::string cursor;             // __CURSOR: opaque, for journalctl --cursor
    std::uint64_t realtime_us = 0;  // __REALTIME_TIMESTAMP: since 1970
    std::string message;
    std::string identifier;  // SYSLOG_IDENTIFIER, else _COMM
    std::string pid;         // SYSLOG_PID, else _PID
    std::string host;        // _HOSTNAME
    bool is_cut = false;     // the message is longer than line_octets_max

    // As syslog would have written it, with the time in UTC and with a zone:
    // "2024-05-01T12:00:00.123456Z host program[7]: message". Line ends within the message are
    // blanks: a client that sends one makes no line of its own.
    [[nodiscard]] std::string as_line() const;
};

class JournalExport {
public:
    static constexpr std::size_t name_octets_max = 256;

    // The caller takes octets away that were read. True: `entry` is whole; the rest of the octets
    // is to be given again. False: all octets were read. Fields that cannot be read are passed
    // over.
    [[nodiscard]] bool read(std::string_view& octets, JournalEntry& entry);

private:
    enum class State : std::uint8_t { name, text, length, binary, binary_end };

    // Each reads some octets.
    void read_name(std::string_view& octets);
    void read_text(std::string_view& octets);
    void read_length(std::string_view& octets);
    void read_binary(std::string_view& octets);
    void keep(std::string_view part);
    void end_field();
    [[nodiscard]] bool end_entry(JournalEntry& entry);

    State state_ = State::name;
    std::string name_;
    std::string value_;
    bool is_cut_ = false;     // value_ is
    std::uint64_t left_ = 0;  // octets of a binary value
    unsigned length_octets_ = 0;
    bool has_ended_ = false;  // an empty line
    JournalEntry entry_;
    std::string command_;  // _COMM
    std::string own_pid_;  // _PID
};

}  // namespace octroi::logline
