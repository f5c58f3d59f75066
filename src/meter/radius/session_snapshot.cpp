// SPDX-License-Identifier: GPL-3.0-or-later
// AccountingSessions::save() and restore(). Format, in the order of ByteWriter: version (u8),
// number of sessions (u64), and of each: key (text), last (u64), closed or 0 (u64), the
// volume as put_volume() has it, number of identities (u8), and of each: identity and holder (texts
// of identity_text()), first, stated (u64). DO NOT CHANGE without another version: state files on
// disk contain it.
#include "base/address_octets.hpp"
#include "meter/radius/accounting_sessions.hpp"
#include "record/identity.hpp"

namespace octroi::radius_meter {
namespace {

constexpr std::uint8_t snapshot_version = 1;

void put_time(ByteWriter& out, UtcTime time) { out.be64(static_cast<std::uint64_t>(time.ns)); }

bool get_time(ByteCursor& in, UtcTime& time) {
    std::uint64_t ns = 0;
    if (!in.be64(ns)) return false;
    time.ns = static_cast<std::int64_t>(ns);
    return true;
}

bool get_identity(ByteCursor& in, Identity& identity) {
    std::string text;
    if (!in.text(text)) return false;
    auto parsed = parse_identity(text);
    if (!parsed) return false;
    identity = *std::move(parsed);
    return true;
}

}  // namespace

// user (text), address, station (6 octets), 1 and the counts (4 × u64, u8, time) or 0 (u8).
void AccountingSessions::put_volume(ByteWriter& out, const Session& session) {
    out.text(session.user);
    octroi::save(out, session.address);
    for (const std::uint8_t octet : session.station.octets) out.u8(octet);
    out.u8(session.counted ? 1 : 0);
    if (!session.counted) return;
    const radius::SessionVolume& volume = session.counted->volume;
    out.be64(volume.input_octets);
    out.be64(volume.output_octets);
    out.be64(volume.input_packets);
    out.be64(volume.output_packets);
    out.u8(volume.has_gigawords ? 1 : 0);
    put_time(out, session.counted->at);
}

bool AccountingSessions::get_volume(ByteCursor& in, Session& session) {
    if (!in.text(session.user) || !octroi::restore(in, session.address)) return false;
    for (std::uint8_t& octet : session.station.octets)
        if (!in.u8(octet)) return false;
    std::uint8_t has_counts = 0;
    if (!in.u8(has_counts) || has_counts > 1) return false;
    if (has_counts == 0) return true;
    Counted& counted = session.counted.emplace();
    std::uint8_t has_gigawords = 0;
    const bool is_read =
        in.be64(counted.volume.input_octets) && in.be64(counted.volume.output_octets) &&
        in.be64(counted.volume.input_packets) && in.be64(counted.volume.output_packets) &&
        in.u8(has_gigawords) && get_time(in, counted.at);
    counted.volume.has_gigawords = has_gigawords != 0;
    return is_read;
}

std::string AccountingSessions::save() const {
    ByteWriter out;
    out.u8(snapshot_version);
    out.be64(sessions_.size());
    for (const auto& [key, session] : sessions_) {
        out.text(key);
        put_time(out, session.last);
        put_time(out, session.closed.value_or(UtcTime{}));
        put_volume(out, session);
        out.u8(static_cast<std::uint8_t>(session.held.size()));
        for (const Held& held : session.held) {
            out.text(identity_text(held.statement.held));
            out.text(identity_text(held.statement.holder));
            put_time(out, held.first);
            put_time(out, held.stated);
        }
    }
    return out.drain();
}

bool AccountingSessions::restore_session(ByteCursor& in) {
    std::string key;
    Session session;
    UtcTime closed;
    std::uint8_t count = 0;
    if (!in.text(key) || !get_time(in, session.last) || !get_time(in, closed) ||
        !get_volume(in, session) || !in.u8(count))
        return false;
    if (closed != UtcTime{}) {
        session.closed = closed;
        closed_.emplace(closed, key);
    }
    for (std::uint8_t i = 0; i < count; ++i) {
        Held held;
        if (!get_identity(in, held.statement.held) || !get_identity(in, held.statement.holder) ||
            !get_time(in, held.first) || !get_time(in, held.stated))
            return false;
        own(key, held.statement.held, closed != UtcTime{} ? closed : held.stated);
        session.held.push_back(std::move(held));
    }
    if (!session.closed) ++open_;
    by_last_.emplace(session.last, key);
    return sessions_.emplace(std::move(key), std::move(session)).second;
}

Status AccountingSessions::restore(std::string_view octets) {
    *this = AccountingSessions(policy_);
    ByteCursor in(as_octets(octets));
    std::uint8_t version = 0;
    std::uint64_t count = 0;
    if (!in.u8(version) || version != snapshot_version)
        return fail(ErrorCode::unsupported,
                    "the state of the RADIUS sessions was written by another version of octroi");
    bool is_whole = in.be64(count);
    for (std::uint64_t i = 0; i < count && is_whole; ++i) is_whole = restore_session(in);
    if (is_whole && in.left() == 0) return {};
    *this = AccountingSessions(policy_);
    return fail(ErrorCode::corrupt, "the state of the RADIUS sessions is damaged");
}

}  // namespace octroi::radius_meter
