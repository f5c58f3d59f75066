// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/conntrack/recent_ends.hpp"

namespace octroi::conntrack {
namespace {

// The finalizer of MurmurHash3. The key of the connection is secret, so nobody can aim.
constexpr std::uint64_t mix(std::uint64_t value) noexcept {
    value = (value ^ value >> 33U) * 0xff51afd7ed558ccdU;
    value = (value ^ value >> 33U) * 0xc4ceb9fe1a85ec53U;
    return value ^ value >> 33U;
}

}  // namespace

bool RecentEnds::add(const ConnectionKey& key, const Entry& entry) {
    std::uint64_t digest = key.high;
    for (const std::uint64_t part :
         {key.low, static_cast<std::uint64_t>(entry.start.ns),
          static_cast<std::uint64_t>(entry.stop.ns), entry.original.bytes, entry.original.packets,
          entry.reply.bytes, entry.reply.packets})
        digest = mix(digest ^ part);
    if (digest == 0) digest = 1;
    std::uint64_t& known = digests_[slot_of(key)];
    const bool is_repeated = known == digest;
    known = digest;
    return is_repeated;
}

}  // namespace octroi::conntrack
