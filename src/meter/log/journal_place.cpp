// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/journal_place.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/byte_cursor.hpp"
#include "host/child.hpp"
#include "host/command.hpp"

namespace octroi::logs {
namespace {

constexpr std::uint8_t place_format = 2;
constexpr std::uint8_t place_format_without_time = 1;

// The part of a cursor behind its numbers: boot, times and a hash of the content.
std::string_view content_of(std::string_view cursor) {
    const std::size_t begin = cursor.find(";b=");
    return begin == std::string_view::npos ? cursor : cursor.substr(begin);
}

JournalPlace place_of(const logline::JournalEntry& entry) {
    return {.cursor = entry.cursor, .realtime_us = entry.realtime_us};
}

}  // namespace

UtcTime JournalPlace::time() const {
    constexpr std::int64_t ns_of_us = 1000;
    constexpr std::uint64_t us_max = INT64_MAX / ns_of_us;
    return UtcTime{static_cast<std::int64_t>(std::min(realtime_us, us_max)) * ns_of_us};
}

// u8 format, text cursor of the journal, u64 its time, u8 whether it is read, text format of the
// lines, text state of their reader, text state of the times. Format 1 has no time and no u8.
std::string JournalPosition::save() const {
    ByteWriter out;
    out.u8(place_format);
    out.text(place.cursor);
    out.be64(place.realtime_us);
    out.u8(place.is_read ? 1 : 0);
    out.text(format);
    out.text(reader);
    out.text(times);
    return out.drain();
}

Result<JournalPosition> JournalPosition::parse(std::string_view text) {
    JournalPosition position;
    JournalPlace& place = position.place;
    ByteCursor in(as_octets(text));
    std::uint8_t version = 0;
    std::uint8_t is_read = 1;
    bool is_good = in.u8(version) && in.text(place.cursor) && !place.cursor.empty();
    if (version == place_format)
        is_good = is_good && in.be64(place.realtime_us) && in.u8(is_read) && is_read <= 1;
    else
        is_good = is_good && version == place_format_without_time;
    is_good = is_good && in.text(position.format) && in.text(position.reader) &&
              in.text(position.times) && in.left() == 0;
    place.is_read = is_read == 1;
    if (is_good) return position;
    return fail(ErrorCode::corrupt,
                "the ledger's cursor of the journal cannot be read; next: use the version of "
                "octroi that wrote it");
}

bool is_same_entry(std::string_view cursor, std::string_view other) {
    return content_of(cursor) == content_of(other);
}

Result<JournalPlace> newest_entry() {
    const std::array<std::string, 6> arguments{"journalctl",      "--quiet",
                                               "--no-pager",      "--lines=1",
                                               "--output=export", std::string(journal_fields)};
    TRY_ASSIGN(const std::string text, run_command(arguments));
    logline::JournalExport decoder;
    logline::JournalEntry entry;
    std::string_view rest = text;
    JournalPlace newest;
    while (decoder.read(rest, entry)) newest = place_of(entry);
    if (!newest.cursor.empty()) return newest;
    return fail(ErrorCode::not_found,
                "journalctl lists no entry: there is no journal on this machine, or its user may "
                "not read it; next: add the user to the group systemd-journal, or follow the files "
                "of syslog with kind = \"log\"");
}

// Without matches, because the entry of a first start is that of any unit. journalctl would print
// all later entries: it is ended after the first one.
Result<std::optional<JournalPlace>> first_entry_from(const std::string& cursor) {
    constexpr int seconds_max = 10;
    const std::array<std::string, 7> arguments{"journalctl",        "--quiet",
                                               "--no-pager",        "--no-tail",
                                               "--output=export",   std::string(journal_fields),
                                               "--cursor=" + cursor};
    TRY_ASSIGN(Child child, Child::start(arguments));
    logline::JournalExport decoder;
    logline::JournalEntry entry;
    std::vector<char> buffer(std::size_t{64} * 1024);
    for (int waited = 0; waited < seconds_max;) {
        TRY_ASSIGN(const auto octets, child.read(buffer, Duration::seconds(1)));
        if (!octets) {
            if (child.error_text().empty()) return std::nullopt;
            return fail(ErrorCode::failed,
                        fmt::format("journalctl: {}; next: run it by hand",
                                    child.error_text().substr(0, child.error_text().find('\n'))));
        }
        if (*octets == 0) ++waited;
        std::string_view rest(buffer.data(), *octets);
        if (decoder.read(rest, entry)) return place_of(entry);
    }
    return fail(
        ErrorCode::failed,
        fmt::format("journalctl printed no entry for {} s; next: run it by hand", seconds_max));
}

}  // namespace octroi::logs
