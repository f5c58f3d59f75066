// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Data sets of one exporter that cannot be decoded yet because their template has not arrived, with
// all that is needed to decode them as if it had (RFC 7011 section 8: data may precede templates
// over UDP).
//
// Each set is charged to the exporter and to a budget for the pending sets of all exporters, and
// released when it leaves or with the object. Functions that drop sets return how many, so that the
// caller counts them.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/byte_cursor.hpp"
#include "base/time.hpp"
#include "wire/exporter/limits.hpp"
#include "wire/exporter/memory_budget.hpp"
#include "wire/exporter/seeded_table.hpp"
#include "wire/exporter/stream_key.hpp"
#include "wire/flow/record_sink.hpp"
#include "wire/ipfix/run.hpp"

namespace octroi::exporter {

// The template that a set needs.
struct PendingKey {
    StreamKey stream = 0;  // its observation domain
    std::uint16_t template_id = 0;

    bool operator==(const PendingKey&) const noexcept = default;
};

struct PendingSet {
    PendingKey key;
    flow::MessageContext context;  // of its message
    ipfix::Origin origin;          // of its message
    std::string octets;            // without the set header
    UtcTime since;                 // when it arrived
};

class PendingSets {
public:
    // A template that is not repeated within this time will not come.
    static constexpr Duration lifetime = Duration::minutes(30);

    // All three must outlive the object. `total`: of the pending sets of all exporters.
    PendingSets(std::uint64_t seed, const Limits& limits, MemoryShare& memory, MemoryBudget& total)
        : limits_(limits), memory_(memory), total_(total), by_key_(0, KeyHash{SeededHash{seed}}) {}
    PendingSets(const PendingSets&) = delete;
    PendingSets& operator=(const PendingSets&) = delete;
    ~PendingSets();

    // The charge for a set with so many octets.
    [[nodiscard]] static std::size_t cost(std::size_t octets) noexcept;
    // Whether a charge of this size is within the limits of one exporter and of all.
    [[nodiscard]] bool fits(std::size_t charge) const noexcept;

    void add(PendingSet set);
    // Removes and returns the sets of this key that satisfy the condition, in the order in which
    // they arrived.
    using Condition = std::function<bool(const PendingSet&)>;
    [[nodiscard]] std::vector<PendingSet> extract(const PendingKey& key,
                                                  const Condition& condition);
    // False: there is none.
    bool drop_oldest();
    // Drops sets that are older than `lifetime`. Times after `now` (our clock was set back) become
    // `now`, so that no set is pending for ever.
    [[nodiscard]] std::size_t expire(UtcTime now);
    [[nodiscard]] std::size_t drop_stream(StreamKey stream);

    [[nodiscard]] bool empty() const noexcept { return sets_.empty(); }
    [[nodiscard]] std::size_t count() const noexcept { return sets_.size(); }
    [[nodiscard]] std::size_t octets() const noexcept { return octets_; }  // charged

    void save(ByteWriter& to) const;
    // Into an empty object. False: not what save() wrote, or beyond the limits.
    [[nodiscard]] bool restore(ByteCursor& from);

private:
    struct KeyHash {
        using is_avalanching = void;
        SeededHash hash;
        [[nodiscard]] std::size_t operator()(const PendingKey& key) const noexcept {
            return hash(hash(key.stream) ^ key.template_id);
        }
    };
    using Arrivals = std::vector<std::uint64_t>;  // numbers of sets_, ascending

    void release(const PendingSet& set) noexcept;

    const Limits& limits_;
    MemoryShare& memory_;
    MemoryBudget& total_;
    std::map<std::uint64_t, PendingSet> sets_;  // numbered in the order in which they arrived
    std::uint64_t next_ = 0;
    boost::unordered_flat_map<PendingKey, Arrivals, KeyHash> by_key_;
    std::size_t octets_ = 0;

    static constexpr std::size_t overhead =
        sizeof(PendingSet) + entry_octets<PendingKey, Arrivals> + 8 * 16;  // with a node of the map
};

}  // namespace octroi::exporter
