// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The types of fields that links and lists consist of: docs/format/chain.md, "Encoding".

#include <optional>

#include "base/id.hpp"
#include "base/narrow.hpp"
#include "base/time.hpp"
#include "ledger/chain.hpp"

namespace octroi {

inline void add_optional(Hasher& hasher, const std::optional<std::uint64_t>& value) {
    hasher.u8(value.has_value() ? 1 : 0);
    hasher.be64(value.value_or(0));
}

inline void add_time(Hasher& hasher, UtcTime t) { hasher.be64(static_cast<std::uint64_t>(t.ns)); }

inline void add_optional(Hasher& hasher, const std::optional<UtcTime>& time) {
    hasher.u8(time.has_value() ? 1 : 0);
    add_time(hasher, time.value_or(UtcTime{}));
}

inline void add_volume(Hasher& hasher, const Volume& v) {
    hasher.be64(v.bytes.value());
    hasher.be64(v.packets.value());
    hasher.be64(v.flows.value());
}

template <typename List>
void add_count(Hasher& hasher, const List& items) {
    hasher.be32(narrow<std::uint32_t>(items.size()));
}

template <typename Tag>
void add_id(Hasher& hasher, const RandomId<Tag>& id) {
    for (const std::uint8_t octet : id.octets) hasher.u8(octet);
}

inline void add_digest(Hasher& hasher, const ListDigest& list) {
    hasher.be64(list.rows);
    hasher.raw(list.digest);
}

}  // namespace octroi
