// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/rules_meter.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/log.hpp"
#include "meter/cumulative/possible_increase.hpp"

namespace octroi::accounting {
namespace {

enum Count : std::uint8_t {
    readings,
    live_counters,
    bytes,
    packets,
    implausible,
    unknown,
    restored,
    errors
};

// nft lists 200,000 counters in well under a second; a failed reading is tried again soon.
constexpr Duration retry_time = Duration::seconds(1);

}  // namespace

RulesMeter::RulesMeter(RulesMeterOptions options, std::unique_ptr<NftablesHost> host,
                       OwnFolder folder, const Clock& clock)
    : options_(std::move(options)),
      host_(std::move(host)),
      table_(*host_, options_.table),
      folder_(std::move(folder)),
      clock_(clock),
      names_(options_.rules) {
    cursor_.source = fmt::format("{}{}", cursor_prefix, options_.table);
}

Result<std::unique_ptr<RulesMeter>> RulesMeter::open(RulesMeterOptions options,
                                                     std::unique_ptr<NftablesHost> host,
                                                     OwnFolder folder,
                                                     std::span<const Cursor> cursors,
                                                     const Clock& clock) {
    std::unique_ptr<RulesMeter> meter(
        new RulesMeter(std::move(options), std::move(host), std::move(folder), clock));
    for (const Cursor& cursor : cursors) {
        if (cursor.source != meter->cursor_.source) continue;
        meter->cursor_ = cursor;
        TRY_ASSIGN(const std::string saved,
                   read_state_file(meter->files_.path_of(cursor.position)));
        TRY_ASSIGN(meter->values_, cumulative::CumulativeCounters::restore(saved));
    }
    if (meter->options_.applies) {
        TRY(meter->table_.apply(meter->options_.ruleset, false));
        return meter;
    }
    TRY_ASSIGN(const TableCounters present, meter->table_.read());
    if (present.generation.empty())
        return fail(ErrorCode::not_found,
                    fmt::format("there is no table inet {}. Next: octroi rules apply",
                                meter->options_.table));
    return meter;
}

// A table that another program removed (nft flush ruleset) is made again at once.
Status RulesMeter::restore_table() {
    log_warning(
        fmt::format("table inet {} is gone: it is made again. Next: find out what removes "
                    "it, for example nft flush ruleset",
                    options_.table));
    TRY(table_.apply(options_.ruleset, false));
    ++counts_[restored];
    TRY_ASSIGN(reading_, table_.read());
    return {};
}

Status RulesMeter::begin_reading() {
    begun_ = clock_.now();
    TRY_ASSIGN(reading_, table_.read_again(std::exchange(reading_, {})));
    if (reading_.generation.empty() && options_.applies) TRY(restore_table());
    values_.begin_reading(begun_);
    is_first_ = values_.previous() == UtcTime::min();
    is_reading_ = true;
    has_loss_ = false;
    next_ = 0;
    counts_[live_counters] = reading_.counters.size();
    ++counts_[readings];
    return {};
}

void RulesMeter::advance(const TableCounter& counter) {
    const CounterEnds* ends = names_.find(counter.name);
    if (ends == nullptr) {
        ++counts_[unknown];
        return;
    }
    const cumulative::Increase increase =
        values_.advance(counter.name, fmt::format("{}/{}", reading_.generation, counter.handle),
                        {counter.bytes, counter.packets});
    has_loss_ = has_loss_ || increase.has_loss;
    if (increase.by == cumulative::CounterValues{}) return;
    CountedVolume& volume = volumes_.emplace_back();
    volume.first = std::min(values_.previous(), begun_);
    volume.last = begun_;
    volume.bytes = increase.by.bytes;
    volume.packets = increase.by.packets;
    volume.local = ends->local;
    volume.far = ends->far;
    volume.service = ends->service;
    volume.direction = ends->direction;
    if (!cumulative::is_possible(increase.by, volume.last - volume.first,
                                 options_.link_speed_bits)) {
        volume.kind = ReadingKind::implausible;
        ++counts_[implausible];
    }
    counts_[bytes] += volume.bytes;
    counts_[packets] += volume.packets;
    observed_.add(volume);
}

bool RulesMeter::hand_over(ReadingSink& sink) {
    volumes_.clear();
    while (next_ < reading_.counters.size() && volumes_.size() < counted_volumes_of_a_pull_max)
        advance(reading_.counters[next_++]);
    if (!volumes_.empty()) sink.accept_counted(volumes_);
    return next_ == reading_.counters.size();
}

void RulesMeter::end_reading() {
    is_reading_ = false;
    for (const std::string& gone : values_.end_reading())
        has_loss_ = has_loss_ || !unused_.contains(gone);
    unused_.clear();
    for (const TableCounter& counter : reading_.counters)
        if (counter.users == 0) unused_.insert(counter.name);
    if (has_loss_ && !is_first_)
        losses_.push_back({.source = fmt::format("table inet {}", options_.table),
                           .reason = LossReason::counter_reset,
                           .interval = {std::min(values_.previous(), begun_), begun_},
                           .packets = {},
                           .bytes_bound = {}});
}

Result<Pull> RulesMeter::pull(ReadingSink& sink, Duration wait) {
    if (!is_reading_) {
        const UtcTime uptime{clock_.uptime().ns};
        if (uptime < next_reading_) {
            host_->wait(std::min(wait, next_reading_ - uptime));
            return Pull::idle;
        }
        next_reading_ = uptime + options_.poll;
        if (const Status begun = begin_reading(); !begun) {
            ++counts_[errors];
            if (begun.error().code != ErrorCode::busy) return std::unexpected(begun.error());
            next_reading_ = uptime + std::min(retry_time, options_.poll);
            return Pull::idle;
        }
    }
    if (!hand_over(sink)) return Pull::more;
    end_reading();
    return is_first_ ? Pull::checkpoint : Pull::idle;
}

Result<Checkpoint> RulesMeter::checkpoint(ReadingSink& /*sink*/) {
    Checkpoint made;
    if (values_.size() > 0 || cursor_.version > 0) {
        ++cursor_.version;
        std::string place;
        for (const char c : options_.table) place += c == '_' ? '-' : c;
        TRY_ASSIGN(cursor_.position,
                   files_.write(fmt::format("{}-{}", place, cursor_.version), values_.save()));
        cursor_.note = fmt::format("table inet {}, {} counters", options_.table, values_.size());
        made.cursors.push_back(cursor_);
    }
    made.losses = std::exchange(losses_, {});
    made.observed = observed_.drain();
    return made;
}

void RulesMeter::committed() { files_.remove_all_but(cursor_.position); }

std::vector<CounterValue> RulesMeter::counters() const {
    std::vector<CounterValue> values;
    for (std::size_t i = 0; i < rule_counters.size(); ++i)
        values.push_back({rule_counters[i].name, counts_[i]});
    return values;
}

}  // namespace octroi::accounting
