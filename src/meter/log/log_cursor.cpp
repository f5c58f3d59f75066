// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/log_cursor.hpp"

#include <utility>

#include "base/byte_cursor.hpp"
#include "base/narrow.hpp"

namespace octroi::logs {
namespace {

constexpr std::uint8_t format_version = 2;
constexpr std::uint8_t format_without_heads = 1;
constexpr std::uint8_t flag_present = 1;
// Format 1 had no other limit.
constexpr std::size_t earlier_max = 4096;
static_assert(FollowedLog::earlier_max <= earlier_max);

bool parse_files(ByteCursor& in, bool has_present, bool has_heads, FollowState& state) {
    if (has_present && !parse(in, state.present.emplace())) return false;
    std::uint16_t count = 0;
    if (!in.be16(count) || count > earlier_max) return false;
    for (std::uint16_t i = 0; i < count; ++i)
        if (!parse(in, state.earlier.emplace_back())) return false;
    if (!has_heads) return true;
    if (!in.be16(count) || count > FollowedLog::heads_max) return false;
    for (std::uint16_t i = 0; i < count; ++i)
        if (!parse(in, state.finished.emplace_back())) return false;
    return true;
}

}  // namespace

std::string LogPosition::save() const {
    ByteWriter out;
    out.u8(format_version);
    out.text(path);
    out.be64(static_cast<std::uint64_t>(state.floor.ns));
    out.u8(state.present ? flag_present : 0);
    out.text(format);
    out.text(reader);
    out.text(times);
    if (state.present) logs::save(*state.present, out);
    out.be16(narrow<std::uint16_t>(state.earlier.size()));
    for (const SeenFile& log_file : state.earlier) logs::save(log_file, out);
    out.be16(narrow<std::uint16_t>(state.finished.size()));
    for (const SeenHead& head : state.finished) logs::save(head, out);
    return out.drain();
}

Result<LogPosition> LogPosition::parse(std::string_view saved) {
    ByteCursor in(as_octets(saved));
    LogPosition position;
    std::uint8_t version = 0;
    std::uint64_t floor = 0;
    std::uint8_t flags = 0;
    if (in.u8(version) && version != format_version && version != format_without_heads)
        return fail(ErrorCode::unsupported,
                    "the cursor of this log was written by another version of Octroi; next: run "
                    "that version");
    const bool good =
        in.text(position.path) && in.be64(floor) && in.u8(flags) && flags <= flag_present &&
        in.text(position.format) && in.text(position.reader) && in.text(position.times) &&
        parse_files(in, (flags & flag_present) != 0, version == format_version, position.state) &&
        in.left() == 0;
    if (!good)
        return fail(ErrorCode::corrupt,
                    "the cursor of this log is damaged; next: run `octroi audit`");
    position.state.floor.ns = static_cast<std::int64_t>(floor);
    return position;
}

}  // namespace octroi::logs
