// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/journal_export.hpp"

#include <algorithm>
#include <utility>

#include "base/time.hpp"
#include "wire/log/fields.hpp"

namespace octroi::logline {
namespace {

constexpr unsigned length_octets = 8;

}  // namespace

std::string JournalEntry::as_line() const {
    constexpr std::int64_t ns_of_us = 1000;
    const std::uint64_t us_max = INT64_MAX / ns_of_us;
    const UtcTime time{static_cast<std::int64_t>(std::min(realtime_us, us_max)) * ns_of_us};
    std::string line = to_rfc3339(time, 6);
    line += ' ';
    line += host.empty() ? "-" : host;
    line += ' ';
    line += identifier.empty() ? "-" : identifier;
    if (!pid.empty()) line += '[' + pid + ']';
    line += ": ";
    line += message;
    std::ranges::replace(line, '\n', ' ');
    return line;
}

bool JournalExport::read(std::string_view& octets, JournalEntry& entry) {
    while (!octets.empty()) {
        switch (state_) {
            case State::name:
                read_name(octets);
                break;
            case State::text:
                read_text(octets);
                break;
            case State::length:
                read_length(octets);
                break;
            case State::binary:
                read_binary(octets);
                break;
            case State::binary_end:
                // The LF behind the octets.
                octets.remove_prefix(1);
                end_field();
                break;
        }
        if (std::exchange(has_ended_, false) && end_entry(entry)) return true;
    }
    return false;
}

void JournalExport::read_name(std::string_view& octets) {
    const std::size_t end = octets.find_first_of("=\n");
    const std::string_view part = octets.substr(0, end);
    name_.append(part.substr(0, name_octets_max - std::min(name_octets_max, name_.size())));
    if (end == std::string_view::npos) {
        octets = {};
        return;
    }
    const bool is_text = octets[end] == '=';
    octets.remove_prefix(end + 1);
    if (!is_text && name_.empty()) {
        has_ended_ = true;
        return;
    }
    state_ = is_text ? State::text : State::length;
    value_.clear();
    is_cut_ = false;
    left_ = 0;
    length_octets_ = 0;
}

void JournalExport::keep(std::string_view part) {
    const std::size_t most = line_octets_max - std::min(line_octets_max, value_.size());
    is_cut_ = is_cut_ || part.size() > most;
    value_.append(part.substr(0, most));
}

void JournalExport::read_text(std::string_view& octets) {
    const std::size_t end = octets.find('\n');
    keep(octets.substr(0, end));
    if (end == std::string_view::npos) {
        octets = {};
        return;
    }
    octets.remove_prefix(end + 1);
    end_field();
}

void JournalExport::read_length(std::string_view& octets) {
    const auto octet = static_cast<unsigned char>(octets.front());
    octets.remove_prefix(1);
    left_ |= std::uint64_t{octet} << (8U * length_octets_);
    if (++length_octets_ < length_octets) return;
    state_ = left_ == 0 ? State::binary_end : State::binary;
}

void JournalExport::read_binary(std::string_view& octets) {
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(left_, octets.size()));
    keep(octets.substr(0, part));
    octets.remove_prefix(part);
    left_ -= part;
    if (left_ == 0) state_ = State::binary_end;
}

void JournalExport::end_field() {
    if (name_ == "MESSAGE") {
        entry_.message = value_;
        entry_.is_cut = is_cut_;
    } else if (is_cut_) {
        // No name or cursor is so long.
    } else if (name_ == "__CURSOR") {
        entry_.cursor = value_;
    } else if (name_ == "__REALTIME_TIMESTAMP") {
        std::uint64_t time = 0;
        if (parse_number(value_, time)) entry_.realtime_us = time;
    } else if (name_ == "SYSLOG_IDENTIFIER") {
        entry_.identifier = value_;
    } else if (name_ == "SYSLOG_PID") {
        entry_.pid = value_;
    } else if (name_ == "_COMM") {
        command_ = value_;
    } else if (name_ == "_PID") {
        own_pid_ = value_;
    } else if (name_ == "_HOSTNAME") {
        entry_.host = value_;
    }
    name_.clear();
    state_ = State::name;
}

// False: it has no cursor, so that nothing could go on behind it.
bool JournalExport::end_entry(JournalEntry& entry) {
    entry = std::exchange(entry_, {});
    if (entry.identifier.empty()) entry.identifier = command_;
    if (entry.pid.empty()) entry.pid = own_pid_;
    command_.clear();
    own_pid_.clear();
    return !entry.cursor.empty();
}

}  // namespace octroi::logline
