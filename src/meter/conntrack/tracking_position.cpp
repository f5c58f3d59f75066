// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/conntrack/tracking_position.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace octroi::conntrack {
namespace {

// DO NOT CHANGE: state files and cursors contain them.
constexpr std::uint32_t state_magic = 0x6f637332;  // "ocs2"
constexpr std::string_view position_version = "1 ";

}  // namespace

std::optional<Count> TrackingPosition::unposted(const InterfaceTotals& now) const {
    if (time == UtcTime::min()) return std::nullopt;
    const auto increase = interfaces.increase_to(now);
    if (!increase) return std::nullopt;
    return Count{increase->bytes - std::min(increase->bytes, posted.bytes),
                 increase->packets - std::min(increase->packets, posted.packets)};
}

std::string save(const std::string& generation, const TrackingPosition& position,
                 const ConnectionTable& table) {
    ByteWriter out;
    out.be32(state_magic);
    out.text(generation);
    out.be64(static_cast<std::uint64_t>(position.time.ns));
    out.be64(static_cast<std::uint64_t>(position.meter_start.ns));
    out.be64(position.posted.bytes);
    out.be64(position.posted.packets);
    position.interfaces.save(out);
    out.text(table.save());
    return out.drain();
}

Result<TrackingState> restore_state(std::string_view saved, std::size_t limit) {
    ByteCursor in(as_octets(saved));
    std::uint32_t magic = 0;
    std::string generation;
    TrackingPosition position;
    std::uint64_t time = 0;
    std::uint64_t start = 0;
    std::string table;
    if (!in.be32(magic) || magic != state_magic || !in.text(generation) || !in.be64(time) ||
        !in.be64(start) || !in.be64(position.posted.bytes) || !in.be64(position.posted.packets) ||
        !position.interfaces.restore(in) || !in.text(table) || in.left() > 0)
        return fail(ErrorCode::corrupt, "the state of a conntrack meter is damaged");
    position.time = UtcTime{static_cast<std::int64_t>(time)};
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
