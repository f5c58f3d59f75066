// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/conntrack/tracking_position.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace octroi::conntrack {
namespace {

// DO NOT CHANGE: state files and cursors contain them.
constexpr std::uint32_t state_magic = 0x6f637334;      // "ocs4"
constexpr std::uint32_t state_magic_old = 0x6f637333;  // "ocs3": without `recorded` and `listed`
constexpr std::uint8_t flag_refused = 1;
constexpr std::uint8_t flag_refused_old = 2;
constexpr std::string_view position_version = "1 ";

}  // namespace

std::optional<Count> TrackingPosition::unposted(const TrafficTotals& now) const {
    if (time == UtcTime::min()) return std::nullopt;
    auto bound = totals.unposted(now, posted);
    if (bound) {
        bound->bytes -= std::min(bound->bytes, recorded.bytes);
        bound->packets -= std::min(bound->packets, recorded.packets);
    }
    return bound;
}

std::string save(const std::string& generation, const TrackingPosition& position,
                 const ConnectionTable& table) {
    ByteWriter out;
    out.be32(state_magic);
    out.text(generation);
    out.be64(static_cast<std::uint64_t>(position.time.ns));
    out.be64(static_cast<std::uint64_t>(position.meter_start.ns));
    for (const Count& count : {position.posted.all, position.posted.generated, position.recorded}) {
        out.be64(count.bytes);
        out.be64(count.packets);
    }
    out.be64(static_cast<std::uint64_t>(position.listed.ns));
    out.u8(static_cast<std::uint8_t>((position.has_refused ? flag_refused : 0U) |
                                     (position.has_refused_old ? flag_refused_old : 0U)));
    position.totals.save(out);
    std::string state = out.drain();
    table.append_to(state);
    return state;
}

Result<TrackingState> restore_state(std::string_view saved, std::size_t limit) {
    ByteCursor in(as_octets(saved));
    std::uint32_t magic = 0;
    std::string generation;
    TrackingPosition position;
    PostedVolume& posted = position.posted;
    std::uint64_t time = 0;
    std::uint64_t start = 0;
    std::uint8_t flags = 0;
    std::uint32_t table_octets = 0;
    ByteSpan table;
    const auto damaged = [] {
        return fail(ErrorCode::corrupt, "the state of a conntrack meter is damaged");
    };
    if (!in.be32(magic) || (magic != state_magic && magic != state_magic_old) ||
        !in.text(generation) || !in.be64(time) || !in.be64(start))
        return damaged();
    const bool is_old = magic == state_magic_old;
    std::uint64_t listed = time;
    for (Count* const count : {&posted.all, &posted.generated, &position.recorded}) {
        if (is_old && count == &position.recorded) continue;
        if (!in.be64(count->bytes) || !in.be64(count->packets)) return damaged();
    }
    if (!is_old && !in.be64(listed)) return damaged();
    if (!in.u8(flags) || !position.totals.restore(in) || !in.be32(table_octets) ||
        !in.raw(table_octets, table) || in.left() > 0)
        return damaged();
    position.has_refused = (flags & flag_refused) != 0;
    position.has_refused_old = (flags & flag_refused_old) != 0;
    position.time = UtcTime{static_cast<std::int64_t>(time)};
    position.listed = UtcTime{static_cast<std::int64_t>(listed)};
    position.meter_start = UtcTime{static_cast<std::int64_t>(start)};
    TRY_ASSIGN(ConnectionTable restored, ConnectionTable::restore(table, limit));
    return TrackingState{std::move(generation), std::move(position), std::move(restored)};
}

std::string encode(const StateName& name) {
    return fmt::format("{}{} {}", position_version, name.written.ns, name.file);
}

Result<StateName> decode_state_name(std::string_view position) {
    const auto unsupported = [] {
        return fail(ErrorCode::unsupported,
                    "another version of octroi wrote the cursor of the conntrack meter; next: "
                    "start that version");
    };
    if (!position.starts_with(position_version)) return unsupported();
    position.remove_prefix(position_version.size());
    StateName name;
    const auto read =
        std::from_chars(position.data(), position.data() + position.size(), name.written.ns);
    if (read.ec != std::errc()) return unsupported();
    position.remove_prefix(static_cast<std::size_t>(read.ptr - position.data()));
    if (position.size() < 2 || position.front() != ' ') return unsupported();
    name.file = position.substr(1);
    return name;
}

}  // namespace octroi::conntrack
