// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The last values of counters that only grow and that others keep: the kernel's, a device's. They
// are read and never reset, so what counts is the difference to the last value.
//
// A value belongs to a generation, a text that changes whenever the counter begins at 0 again: the
// boot, the interface, the rule or the map that it belongs to. The meter makes it.
//
// One thread. Memory: about 100 octets and the texts for each counter.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/text_hash.hpp"
#include "base/time.hpp"

namespace octroi::cumulative {

struct CounterValues {
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;

    auto operator<=>(const CounterValues&) const = default;
};

enum class Change : std::uint8_t {
    grown,      // the increase is the difference
    first,      // read for the first time by a meter that has not read before: no increase
    begun,      // the counter, or its generation, is new since the last reading: its value
    restarted,  // smaller than before in the same generation: its value; the end of the old count
                // is not known
};

struct Increase {
    Change change = Change::grown;
    CounterValues by;
    // Of a counter that was refused, or that was known and has another generation or restarted:
    // what it counted since the last reading, or the old one at its end, is lost.
    bool has_loss = false;
    CounterValues before = {};  // the last values of a counter that was known
};

// A counter that was not read any more.
struct GoneCounter {
    std::string counter;
    std::string generation;
    CounterValues values;  // the last ones
};

class CumulativeCounters {
public:
    // More counters than that are not known: they are refused, and their increases are lost.
    static constexpr std::size_t counters_max = std::size_t{1} << 22U;
    // Texts are not longer than that.
    static constexpr std::size_t text_octets_max = 1024;

    // The readings since the last call of begin_reading() belong together.
    void begin_reading(UtcTime now);
    // Increases of a counter that is read twice in one reading are those since the first time.
    [[nodiscard]] Increase advance(std::string_view counter, std::string_view generation,
                                   const CounterValues& now);
    // Drops the counters that were not read since begin_reading(), and returns their names: what
    // they counted after the reading before is lost.
    [[nodiscard]] std::vector<std::string> end_reading();
    // The same, with their last values.
    [[nodiscard]] std::vector<GoneCounter> drain_gone();

    // When the reading before the current one began; min: there was none. The increases are of the
    // time from then until now.
    [[nodiscard]] UtcTime previous() const noexcept { return previous_; }
    // When the current reading, or else the last one, began; min: there was none.
    [[nodiscard]] UtcTime current() const noexcept { return current_; }
    [[nodiscard]] std::size_t size() const noexcept { return counters_.size(); }
    [[nodiscard]] bool contains(std::string_view counter) const {
        return counters_.contains(counter);
    }
    [[nodiscard]] std::vector<std::string> names() const;
    // Counters that were refused because there were too many, in all.
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

    // For a state file (meter/state). After end_reading().
    [[nodiscard]] std::string save() const;
    // Errors: corrupt (save() did not write it).
    [[nodiscard]] static Result<CumulativeCounters> restore(std::string_view saved);

private:
    struct Last {
        std::string generation;
        CounterValues values;
        std::uint32_t reading = 0;  // in which it was read last
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return text_hash(text, 0); }
    };
    struct Equal {
        using is_transparent = void;
        bool operator()(std::string_view a, std::string_view b) const noexcept { return a == b; }
    };

    boost::unordered_flat_map<std::string, Last, Hash, Equal> counters_;
    UtcTime previous_ = UtcTime::min();
    UtcTime current_ = UtcTime::min();
    std::uint32_t reading_ = 0;
    std::uint64_t refused_ = 0;
};

}  // namespace octroi::cumulative
