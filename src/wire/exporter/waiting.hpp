// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Data sets of one exporter whose template has not come yet, with all that is needed to decode them
// as if it had. Bounded; the oldest make room.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/byte_cursor.hpp"
#include "wire/exporter/tables.hpp"
#include "wire/flow/record_sink.hpp"
#include "wire/ipfix/run.hpp"

namespace octroi::exporter {

// What a set waits for.
struct WaitingKey {
    std::uint64_t stream = 0;  // as stream_key() makes it
    std::uint16_t set = 0;     // the template's id

    bool operator==(const WaitingKey&) const noexcept = default;
};
struct WaitingHash {
    using is_avalanching = void;
    SeededHash hash;
    [[nodiscard]] std::size_t operator()(const WaitingKey& key) const noexcept {
        return hash(hash(key.stream) ^ key.set);
    }
};

struct WaitingSet {
    WaitingKey key;
    flow::MessageContext context;
    ipfix::Origin origin;
    std::string octets;
    UtcTime since;  // when it began to wait; never in the future of expire()
};

class Waiting {
public:
    explicit Waiting(std::uint64_t seed) : by_key_(0, WaitingHash{SeededHash{seed}}) {}

    // What a set takes while it waits.
    [[nodiscard]] static std::size_t cost(std::size_t octets) noexcept;

    void put(WaitingSet set);
    // The sets of this key in the order in which they came; they wait no more.
    [[nodiscard]] std::vector<WaitingSet> take(const WaitingKey& key);
    // Gives up the oldest; false when there is none.
    bool drop_oldest();
    // Gives up what has waited for longer; how many sets. A clock that was set back makes nobody
    // wait for ever: what came in its future came now.
    std::size_t expire(UtcTime now, Duration longest);
    // Gives up what waits for templates of this stream (stream_key); how many sets.
    std::size_t drop_stream(std::uint64_t stream);
    [[nodiscard]] std::size_t octets() const noexcept { return octets_; }
    [[nodiscard]] bool empty() const noexcept { return by_key_.empty(); }
    // Oldest first.
    template <typename Visit>
    void each(Visit&& visit) const {
        for (const auto& [number, set] : sets_) visit(set);
    }

private:
    std::map<std::uint64_t, WaitingSet> sets_;  // by number: in the order in which they came
    std::uint64_t next_ = 0;
    boost::unordered_flat_map<WaitingKey, std::vector<std::uint64_t>, WaitingHash>
        by_key_;  // numbers, ascending
    std::size_t octets_ = 0;
};

}  // namespace octroi::exporter
