// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The state of the screen of `octroi top`. Samples and keys change it, top_screen.hpp draws it. The
// caller owns the terminal: it reads the keys and prints the frames.

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/quantity.hpp"
#include "base/time.hpp"
#include "view/units.hpp"

namespace octroi {

// The volume of one interval for one combination of identity, account, service and peer.
struct TopEntry {
    std::string identity;  // as Party::identity: "10.0.0.12"
    std::string account;   // as to_string(Party): "alice", "@unattributed"
    std::string service;
    std::string peer;  // class of the far end: "world"
    Volume received;
    Volume sent;
    Volume neither;         // transit and excluded traffic
    bool excluded = false;  // in no rate and no sum but its own row's and the one of all excluded
};

struct TopSample {
    UtcTime at;       // the end of the interval
    Duration length;  // greater than 0
    std::vector<TopEntry> entries;
    std::uint64_t lost_packets = 0;  // during the interval; an upper bound
};

// The meaning of a row.
enum class TopGroup { identity, account, service, peer };
enum class TopSort { rate, received, sent, packets, total, name };

// One row, or the sum of all.
struct TopLine {
    std::string name;
    std::string account;              // only in rows of identities
    std::uint64_t received_rate = 0;  // bit/s, mean of the last samples
    std::uint64_t sent_rate = 0;
    std::uint64_t other_rate = 0;   // neither received nor sent
    std::uint64_t packet_rate = 0;  // packets/s, all directions
    std::uint64_t total_bytes = 0;  // all directions, since the start
    bool excluded = false;          // not in the sum of all rows

    [[nodiscard]] std::uint64_t rate() const noexcept {
        const auto sum = checked_add(received_rate, sent_rate);
        return (sum ? checked_add(*sum, other_rate) : sum).value_or(UINT64_MAX);
    }
};

struct TopRates {
    std::uint64_t received = 0;  // bit/s
    std::uint64_t sent = 0;
};

// For one thread. Memory is bounded: tracks_max rows for each grouping, history_max samples. The
// bytes of rows beyond tracks_max are summed in a row "(others)".
class TopModel {
public:
    static constexpr std::size_t history_max = 600;
    static constexpr std::size_t tracks_max = 8192;
    // Rates of rows are means of so many samples, so that one quiet second does not reorder the
    // table.
    static constexpr std::size_t window = 3;

    explicit TopModel(std::vector<std::string> interfaces, Units units = Units::iec);

    // Sums saturate: a screen must not stop the meter.
    void add(const TopSample& sample);

    enum class Answer { nothing, redraw, quit };
    // Processes one octet from the keyboard. Arrow and page keys are sequences of several octets.
    [[nodiscard]] Answer key(char octet);

    [[nodiscard]] TopGroup group() const noexcept { return group_; }
    [[nodiscard]] TopSort sort() const noexcept { return sort_; }
    [[nodiscard]] Units units() const noexcept { return units_; }
    [[nodiscard]] bool paused() const noexcept { return frozen_.has_value(); }
    [[nodiscard]] std::size_t scroll() const noexcept { return scroll_; }
    [[nodiscard]] std::span<const std::string> interfaces() const noexcept { return interfaces_; }

    // Sums of everything. While paused: of the moment at which the pause began.
    struct Totals {
        UtcTime at;
        std::uint64_t samples = 0;
        std::deque<TopRates> history;  // newest last
        TopRates peak;
        std::uint64_t received_bytes = 0;
        std::uint64_t sent_bytes = 0;
        std::uint64_t excluded_rate = 0;  // bit/s, in the last sample
        std::uint64_t excluded_bytes = 0;
        std::uint64_t lost_packets = 0;
        std::uint64_t lost_in_last_sample = 0;
    };
    [[nodiscard]] const Totals& totals() const noexcept { return shown().totals; }
    // All rows in the order of sort(); those of excluded traffic last.
    [[nodiscard]] std::vector<TopLine> lines() const;

private:
    struct Slice {
        std::uint64_t sample = 0;  // the number of the sample, from 1
        std::uint64_t received = 0;
        std::uint64_t sent = 0;
        std::uint64_t other = 0;
        std::uint64_t packets = 0;
    };
    struct Track {
        std::string account;
        bool excluded = false;
        std::array<Slice, window> slices;
        std::uint64_t total_bytes = 0;
    };
    using Tracks = boost::unordered_flat_map<std::string, Track>;
    static constexpr std::size_t groups = 4;

    struct State {
        Totals totals;
        std::array<Tracks, groups> tracks;
        std::array<std::uint64_t, groups> others{};  // bytes of evicted rows
        std::array<Duration, window> lengths;
    };

    [[nodiscard]] const State& shown() const noexcept { return frozen_ ? *frozen_ : live_; }
    void add_entry(const TopEntry& entry);
    void add_track(TopGroup group, const std::string& name, const TopEntry& entry);
    void evict_rows(TopGroup group);
    [[nodiscard]] static TopLine line_of(const State& state, const std::string& name,
                                         const Track& track, Duration length);
    [[nodiscard]] Answer plain_key(char octet);
    [[nodiscard]] Answer move(std::ptrdiff_t rows);

    std::vector<std::string> interfaces_;
    Units units_;
    TopGroup group_ = TopGroup::identity;
    TopSort sort_ = TopSort::rate;
    std::size_t scroll_ = 0;
    std::string escape_;  // the octets of an incomplete sequence
    State live_;
    std::optional<State> frozen_;
};

[[nodiscard]] std::string_view to_string(TopGroup group);
[[nodiscard]] std::string_view to_string(TopSort sort);

}  // namespace octroi
