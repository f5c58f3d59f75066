// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/counters/counter_state.hpp"

#include <algorithm>
#include <utility>

#include "base/byte_cursor.hpp"
#include "record/identity_kinds.hpp"

namespace octroi::counters {
namespace {

// DO NOT CHANGE: state files contain it.
constexpr std::uint32_t state_magic = 0x6f636d32;  // "ocm2"

void write_pending(ByteWriter& out, const PendingVolume& pending) {
    const CountedVolume& v = pending.volume;
    out.be64(static_cast<std::uint64_t>(v.first.ns));
    out.be64(static_cast<std::uint64_t>(v.last.ns));
    out.be64(v.bytes);
    out.be64(v.packets);
    out.u8(static_cast<std::uint8_t>(v.direction));
    out.u8(static_cast<std::uint8_t>(v.kind));
    out.u8(static_cast<std::uint8_t>(pending.kind));
    out.text(pending.identity);
}

bool read_pending(ByteCursor& in, PendingVolume& pending) {
    CountedVolume& v = pending.volume;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint8_t direction = 0;
    std::uint8_t kind = 0;
    std::uint8_t name = 0;
    if (!in.be64(first) || !in.be64(last) || !in.be64(v.bytes) || !in.be64(v.packets) ||
        !in.u8(direction) || !in.u8(kind) || !in.u8(name) || !in.text(pending.identity))
        return false;
    v.first = UtcTime{static_cast<std::int64_t>(first)};
    v.last = UtcTime{static_cast<std::int64_t>(last)};
    v.direction = CountedDirection{direction};
    v.kind = ReadingKind{kind};
    pending.kind = NameKind{name};
    return v.direction <= CountedDirection::out && v.kind <= ReadingKind::implausible &&
           find_identity_kind(static_cast<IdentityKind>(name)) != nullptr;
}

bool read_gone(ByteCursor& in, CounterState& state) {
    std::uint32_t count = 0;
    if (!in.be32(count) || count > CounterState::gone_max) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
        cumulative::GoneCounter& gone = state.gone.emplace_back();
        if (!in.text(gone.counter) || !in.text(gone.generation) || !in.be64(gone.values.bytes) ||
            !in.be64(gone.values.packets))
            return false;
    }
    return true;
}

bool read_lists(ByteCursor& in, CounterState& state) {
    std::uint32_t count = 0;
    if (!in.text(state.boot) || !in.text(state.space) || !in.be32(count)) return false;
    for (std::uint32_t i = 0; i < count; ++i)
        if (!in.text(state.parts.emplace_back())) return false;
    if (!in.be32(count)) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
        std::string counter;
        std::string label;
        if (!in.text(counter) || !in.text(label)) return false;
        state.labels.insert_or_assign(std::move(counter), std::move(label));
    }
    if (!read_gone(in, state) || !in.be32(count)) return false;
    for (std::uint32_t i = 0; i < count; ++i)
        if (!read_pending(in, state.pending.emplace_back())) return false;
    return in.left() == 0;
}

}  // namespace

void CounterState::remember(cumulative::GoneCounter counter) {
    if (gone.size() == gone_max) gone.pop_front();
    gone.push_back(std::move(counter));
}

std::optional<cumulative::GoneCounter> CounterState::drop_gone(std::string_view counter) {
    const auto found = std::ranges::find(gone, counter, &cumulative::GoneCounter::counter);
    if (found == gone.end()) return std::nullopt;
    auto taken = std::move(*found);
    gone.erase(found);
    return taken;
}

std::string CounterState::save() const {
    ByteWriter out;
    out.be32(state_magic);
    out.text(counters.save());
    out.text(boot);
    out.text(space);
    out.be32(static_cast<std::uint32_t>(parts.size()));
    for (const std::string& part : parts) out.text(part);
    out.be32(static_cast<std::uint32_t>(labels.size()));
    for (const auto& [counter, label] : labels) {
        out.text(counter);
        out.text(label);
    }
    out.be32(static_cast<std::uint32_t>(gone.size()));
    for (const cumulative::GoneCounter& each : gone) {
        out.text(each.counter);
        out.text(each.generation);
        out.be64(each.values.bytes);
        out.be64(each.values.packets);
    }
    out.be32(static_cast<std::uint32_t>(pending.size()));
    for (const PendingVolume& each : pending) write_pending(out, each);
    return out.drain();
}

Result<CounterState> CounterState::restore(std::string_view saved) {
    ByteCursor in(as_octets(saved));
    std::uint32_t found = 0;
    std::string values;
    CounterState state;
    if (!in.be32(found) || found != state_magic || !in.text(values) || !read_lists(in, state))
        return fail(ErrorCode::corrupt, "the state of counters is damaged");
    TRY_ASSIGN(state.counters, cumulative::CumulativeCounters::restore(values));
    return state;
}

}  // namespace octroi::counters
