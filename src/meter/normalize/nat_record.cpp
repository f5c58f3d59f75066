// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/normalize/nat_record.hpp"

#include <algorithm>
#include <array>

#include "meter/nat/known_port.hpp"

namespace octroi::normalize {
namespace {

using flow::Field;
using flow::FlowRecord;

using nat::MappingChange;

enum class MappingKind : std::uint8_t { other, session, binding, address, block };

struct EventKind {
    MappingKind mapping = MappingKind::other;
    MappingChange change = MappingChange::created;
};

// By natEvent, RFC 8158 section 4.3.
constexpr std::array<EventKind, 18> event_kinds{{{},
                                                 {MappingKind::session, MappingChange::created},
                                                 {MappingKind::session, MappingChange::deleted},
                                                 {},
                                                 {MappingKind::session, MappingChange::created},
                                                 {MappingKind::session, MappingChange::deleted},
                                                 {MappingKind::session, MappingChange::created},
                                                 {MappingKind::session, MappingChange::deleted},
                                                 {MappingKind::binding, MappingChange::created},
                                                 {MappingKind::binding, MappingChange::deleted},
                                                 {MappingKind::binding, MappingChange::created},
                                                 {MappingKind::binding, MappingChange::deleted},
                                                 {},
                                                 {},
                                                 {MappingKind::address, MappingChange::created},
                                                 {MappingKind::address, MappingChange::deleted},
                                                 {MappingKind::block, MappingChange::created},
                                                 {MappingKind::block, MappingChange::deleted}}};

// Devices write an address of zeros where they have none.
bool has_address(const FlowRecord& record, Field field, const Address& address) noexcept {
    constexpr std::array<std::uint8_t, 16> zeros{};
    return record.has(field) && !address.empty() && address.octets != zeros;
}

struct End {
    Address address;
    std::uint16_t port = 0;
};

// An end before and after translation. A device that does not change ports need not state them
// twice.
struct Side {
    End before;
    End after;
    [[nodiscard]] bool is_translated() const noexcept {
        return !before.address.empty() && !after.address.empty() &&
               (before.address != after.address || before.port != after.port);
    }
};

Side source_of(const FlowRecord& r) {
    Side side;
    if (has_address(r, Field::src, r.src)) side.before = {r.src, r.sport};
    if (has_address(r, Field::nat_src, r.nat_src))
        side.after = {r.nat_src, r.nat_sport != 0 ? r.nat_sport : r.sport};
    return side;
}

Side destination_of(const FlowRecord& r) {
    Side side;
    if (has_address(r, Field::dst, r.dst)) side.before = {r.dst, r.dport};
    if (has_address(r, Field::nat_dst, r.nat_dst))
        side.after = {r.nat_dst, r.nat_dport != 0 ? r.nat_dport : r.dport};
    return side;
}

void set_ends(Translation& t, const End& outside, const End& inside) {
    t.outside = outside.address;
    t.first_port = t.last_port = nat::known_port(t.protocol, outside.port);
    t.inside = inside.address;
    t.inside_port = nat::known_port(t.protocol, inside.port);
}

bool set_session(const FlowRecord& record, Translation& t) {
    t.protocol = record.proto;
    const Side source = source_of(record);
    const Side destination = destination_of(record);
    End far;
    if (source.is_translated()) {
        set_ends(t, source.after, source.before);
        far = destination.after.address.empty() ? destination.before : destination.after;
    } else if (destination.is_translated()) {
        set_ends(t, destination.before, destination.after);
        far = source.before;
    } else {
        return false;
    }
    t.remote = far.address;
    t.remote_port = far.address.empty() ? std::uint16_t{0} : nat::known_port(t.protocol, far.port);
    return true;
}

bool set_binding(const FlowRecord& record, Translation& t) {
    t.protocol = record.proto;
    const Side source = source_of(record);
    if (source.is_translated()) set_ends(t, source.after, source.before);
    return source.is_translated();
}

bool set_address(const FlowRecord& record, Translation& t) {
    const Side source = source_of(record);
    t.outside = source.after.address;
    t.inside = source.before.address;
    return source.before.address != source.after.address && !t.outside.empty() && !t.inside.empty();
}

bool set_block(const FlowRecord& record, Translation& t) {
    if (!record.has(Field::port_range) || !set_address(record, t)) return false;
    t.protocol = record.proto;
    t.port_step = std::max<std::uint16_t>(record.port_step, 1);
    t.first_port = record.port_first;
    const std::uint32_t more = std::max<std::uint16_t>(record.port_count, 1) - 1U;
    const std::uint32_t last = record.port_last != 0
                                   ? record.port_last
                                   : std::uint32_t{record.port_first} + more * t.port_step;
    if (last < t.first_port || last > UINT16_MAX || last == 0) return false;
    t.last_port = static_cast<std::uint16_t>(last);
    return true;
}

}  // namespace

// The source of traffic stands before its translation in a record: it is the inside one already.
std::optional<InsideOfRecord> inside_of(const FlowRecord& record) {
    const bool of_source = record.reverse;
    const Side side = of_source ? source_of(record) : destination_of(record);
    if (!side.is_translated() || side.before.address == side.after.address) return std::nullopt;
    return InsideOfRecord{of_source, side.after.address, side.after.port};
}

std::optional<nat::NatEvent> nat_event_of(const FlowRecord& record) {
    if (!record.has(Field::nat_event) || record.nat_event >= event_kinds.size())
        return std::nullopt;
    const EventKind kind = event_kinds[record.nat_event];
    nat::NatEvent event{kind.change, {}};
    Translation& t = event.mapping;
    const auto set = [&] {
        switch (kind.mapping) {
            case MappingKind::session:
                return set_session(record, t);
            case MappingKind::binding:
                return set_binding(record, t);
            case MappingKind::address:
                return set_address(record, t);
            case MappingKind::block:
                return set_block(record, t);
            case MappingKind::other:
                break;
        }
        return false;
    };
    if (!set()) return std::nullopt;
    return event;
}

}  // namespace octroi::normalize
