// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/cumulative/cumulative_counters.hpp"

#include <utility>

#include "base/byte_cursor.hpp"

namespace octroi::cumulative {
namespace {

// DO NOT CHANGE: state files contain it.
constexpr std::uint32_t magic = 0x6f637432;  // "oct2"

}  // namespace

void CumulativeCounters::begin_reading(UtcTime now) {
    previous_ = current_;
    current_ = now;
    ++reading_;
}

Increase CumulativeCounters::advance(std::string_view counter, std::string_view generation,
                                     const CounterValues& now) {
    const bool is_first = previous_ == UtcTime::min();
    const auto known = counters_.find(counter);
    if (known == counters_.end()) {
        if (counters_.size() == counters_max || counter.size() > text_octets_max ||
            generation.size() > text_octets_max) {
            ++refused_;
            return {Change::first, {}, !is_first};
        }
        counters_.emplace(std::string(counter), Last{std::string(generation), now, reading_});
        if (is_first) return {Change::first, {}, false};
        return {Change::begun, now, false};
    }
    Last& last = known->second;
    last.reading = reading_;
    const CounterValues before = std::exchange(last.values, now);
    if (last.generation != generation) {
        last.generation = generation;
        return {Change::begun, now, true, before};
    }
    if (now.bytes < before.bytes || now.packets < before.packets)
        return {Change::restarted, now, true, before};
    return {Change::grown, {now.bytes - before.bytes, now.packets - before.packets}, false, before};
}

std::vector<std::string> CumulativeCounters::end_reading() {
    std::vector<std::string> names;
    for (GoneCounter& gone : drain_gone()) names.push_back(std::move(gone.counter));
    return names;
}

std::vector<GoneCounter> CumulativeCounters::drain_gone() {
    std::vector<GoneCounter> gone;
    for (auto at = counters_.begin(); at != counters_.end();) {
        if (at->second.reading == reading_) {
            ++at;
            continue;
        }
        gone.push_back({at->first, std::move(at->second.generation), at->second.values});
        counters_.erase(at++);
    }
    return gone;
}

std::vector<std::string> CumulativeCounters::names() const {
    std::vector<std::string> names;
    names.reserve(counters_.size());
    for (const auto& [name, last] : counters_) names.push_back(name);
    return names;
}

std::string CumulativeCounters::save() const {
    ByteWriter out;
    out.be32(magic);
    out.be64(static_cast<std::uint64_t>(current_.ns));
    out.be64(refused_);
    out.be32(static_cast<std::uint32_t>(counters_.size()));
    for (const auto& [name, last] : counters_) {
        out.text(name);
        out.text(last.generation);
        out.be64(last.values.bytes);
        out.be64(last.values.packets);
    }
    return out.drain();
}

Result<CumulativeCounters> CumulativeCounters::restore(std::string_view saved) {
    const auto damaged = [] {
        return fail(ErrorCode::corrupt, "the state of counters is damaged");
    };
    ByteCursor in(as_octets(saved));
    std::uint32_t found = 0;
    std::uint64_t time = 0;
    std::uint32_t count = 0;
    CumulativeCounters counters;
    if (!in.be32(found) || found != magic || !in.be64(time) || !in.be64(counters.refused_) ||
        !in.be32(count) || count > counters_max)
        return damaged();
    counters.current_ = UtcTime{static_cast<std::int64_t>(time)};
    for (std::uint32_t i = 0; i < count; ++i) {
        std::string name;
        Last last;
        if (!in.text(name) || !in.text(last.generation) || !in.be64(last.values.bytes) ||
            !in.be64(last.values.packets))
            return damaged();
        counters.counters_.insert_or_assign(std::move(name), std::move(last));
    }
    if (in.left() > 0) return damaged();
    return counters;
}

}  // namespace octroi::cumulative
