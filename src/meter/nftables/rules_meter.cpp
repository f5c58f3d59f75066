// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/rules_meter.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/log.hpp"
#include "host/log_limit.hpp"
#include "meter/cumulative/possible_increase.hpp"
#include "meter/nftables/counter_name.hpp"
#include "meter/nftables/rules_state.hpp"

namespace octroi::accounting {
namespace {

enum Count : std::uint8_t {
    readings,
    live_counters,
    bytes,
    packets,
    implausible,
    unknown,
    repaired,
    errors
};

// A failed reading is tried again soon.
constexpr Duration retry_time = Duration::seconds(1);

// A reload is in force after one reading and one commit.
constexpr Duration wait_without_warning = Duration::minutes(2);

constinit LimitedLog table_problems("accounting_table");

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
        meter->restore_values();
    }
    if (meter->options_.applies) {
        TRY_ASSIGN(const Applied applied, meter->table_.apply(meter->options_.ruleset, false));
        // Something was missing in the table while no meter ran.
        meter->has_loss_ = !applied.was_whole;
        return meter;
    }
    TRY_ASSIGN(const TableCounters present, meter->table_.read(meter->known_counters()));
    if (!present.is_ours)
        return fail(ErrorCode::not_found,
                    fmt::format("there is no table inet {} that octroi made. Next: octroi rules "
                                "apply",
                                meter->options_.table));
    return meter;
}

// Without the last values the next reading is where the meter begins.
void RulesMeter::restore_values() {
    const auto saved = read_state_file(files_.path_of(cursor_.position));
    auto state = saved ? restore_state(*saved) : std::unexpected(saved.error());
    if (state) {
        values_ = std::move(state->values);
        names_.add(state->bookings);
        for (std::string& counter : state->unused) unused_.insert(std::move(counter));
        return;
    }
    log_warning(
        fmt::format("table inet {}: {}. What the rules counted since the last commit is a "
                    "loss",
                    options_.table, state.error().text));
    losses_.push_back({.source = fmt::format("table inet {}", options_.table),
                       .reason = LossReason::not_running,
                       .interval = {UtcTime::min(), clock_.now()},
                       .packets = {},
                       .bytes_bound = {}});
}

std::string RulesMeter::saved() const {
    std::vector<std::string> unused(unused_.begin(), unused_.end());
    std::ranges::sort(unused);
    return save_state(values_, names_.bookings(), unused);
}

Status RulesMeter::repair_table() {
    has_loss_ = true;
    if (!options_.applies) {
        table_problems.warning([&] {
            return fmt::format(
                "table inet {} does not count as the rules say: another program removed or "
                "changed it. Next: octroi rules apply",
                options_.table);
        });
        // The values of a table that another program made are of another time.
        if (!reading_.is_ours) reading_.counters.clear();
        return {};
    }
    table_problems.warning([&] {
        return fmt::format(
            "another program removed or changed table inet {}: it is made as the rules say. Next: "
            "find out what changes it, for example nft flush ruleset",
            options_.table);
    });
    TRY_ASSIGN(const Applied applied, table_.apply(options_.ruleset, false));
    if (applied.changes) ++counts_[repaired];
    TRY_ASSIGN(reading_, table_.read(known_counters()));
    return {};
}

KnownCounters RulesMeter::known_counters() const {
    const Ruleset& rules = options_.ruleset;
    if (std::max(rules.counters.size(), values_.size()) <= AccountingTable::listed_max) return {};
    // Also those of rules that are gone: their last increase.
    KnownCounters known{rules.mark, values_.names()};
    known.names.insert(known.names.end(), rules.counters.begin(), rules.counters.end());
    std::ranges::sort(known.names);
    const auto twice = std::ranges::unique(known.names);
    known.names.erase(twice.begin(), twice.end());
    return known;
}

Status RulesMeter::read_table() {
    if (reading_.counters.size() > AccountingTable::listed_max) {
        TRY_ASSIGN(auto same, table_.read_same(std::exchange(reading_, {})));
        if (same) {
            reading_ = *std::move(same);
            return {};
        }
    }
    TRY_ASSIGN(reading_, table_.read(known_counters()));
    return {};
}

Status RulesMeter::begin_reading() {
    TRY(read_table());
    // A detached table has no rules.
    if (!reading_.is_whole && !options_.only_rest) TRY(repair_table());
    begun_ = clock_.now();
    values_.begin_reading(begun_);
    is_first_ = values_.previous() == UtcTime::min();
    is_reading_ = true;
    waiting_ = 0;
    is_last_of_old_ = new_rules_ != nullptr;
    next_ = 0;
    counts_[live_counters] = reading_.counters.size();
    ++counts_[readings];
    return {};
}

bool RulesMeter::waits_for_rules(const TableCounter& counter, const CounterEnds& ends) const {
    if (!ends.has_unknown_booking || counter.users == 0) return false;
    return !is_first_ && !options_.only_rest && !values_.contains(counter.name);
}

void RulesMeter::note_waiting() {
    waiting_since_ = waiting_ == 0 ? UtcTime::max() : std::min(waiting_since_, begun_);
    if (waiting_ == 0 || begun_ - waiting_since_ < wait_without_warning) return;
    table_problems.warning([&] {
        return fmt::format(
            "table inet {}: {} counters are of rules that this daemon does not know: their counts "
            "wait in the kernel. Next: octroi reload",
            options_.table, waiting_);
    });
}

void RulesMeter::advance(const TableCounter& counter) {
    const CounterEnds* ends = names_.find(counter.name);
    if (ends == nullptr) {
        ++counts_[unknown];
        return;
    }
    if (waits_for_rules(counter, *ends)) {
        ++waiting_;
        return;
    }
    const cumulative::Increase increase =
        values_.advance(counter.name, fmt::format("{}/{}", reading_.generation, counter.handle),
                        {counter.bytes, counter.packets});
    has_loss_ = has_loss_ || increase.has_loss;
    if (increase.by == cumulative::CounterValues{}) return;
    if (counter.users == 0) grown_.insert(counter.name);
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

void RulesMeter::note_unused() {
    boost::unordered_flat_set<std::string> unused;
    settled_.clear();
    const auto& wanted = options_.ruleset.counters;
    for (const TableCounter& counter : reading_.counters) {
        if (counter.users > 0 || !parse_counter(counter.name)) continue;
        const bool is_wanted = std::ranges::binary_search(wanted, counter.name);
        if (!is_wanted && unused_.contains(counter.name) && !grown_.contains(counter.name))
            settled_.push_back(counter.name);
        unused.insert(counter.name);
    }
    unused_ = std::move(unused);
    grown_.clear();
}

void RulesMeter::note_loss() {
    const UtcTime begin = std::min(values_.previous(), begun_);
    if (!losses_.empty() && losses_.back().interval.end == begin) {
        losses_.back().interval.end = begun_;
        return;
    }
    losses_.push_back({.source = fmt::format("table inet {}", options_.table),
                       .reason = LossReason::counter_reset,
                       .interval = {begin, begun_},
                       .packets = {},
                       .bytes_bound = {}});
}

void RulesMeter::end_reading() {
    is_reading_ = false;
    for (const std::string& gone : values_.end_reading())
        has_loss_ = has_loss_ || !unused_.contains(gone);
    note_unused();
    note_waiting();
    if (has_loss_ && !is_first_) note_loss();
    has_loss_ = false;
}

void RulesMeter::use_rules(const RulesPtr& rules) {
    new_rules_ = *rules == options_.rules ? nullptr : rules;
    has_failed_ = false;
}

void RulesMeter::change_rules() {
    const auto put_in_force = [&]() -> Status {
        TRY_ASSIGN(Ruleset ruleset, options_.compile(*new_rules_));
        if (options_.applies) TRY(table_.apply(ruleset, false));
        options_.ruleset = std::move(ruleset);
        return {};
    };
    if (const Status changed = put_in_force(); !changed) {
        // Tried again at the next reading.
        has_failed_ = true;
        ++counts_[errors];
        table_problems.warning(
            [&] { return fmt::format("{}. The rules before count on", changed.error().text); });
        return;
    }
    options_.rules = *std::exchange(new_rules_, nullptr);
    names_.drop_others(options_.rules, values_.names());
    names_.add(options_.rules);
    log_info(fmt::format("table inet {} counts {} rules", options_.table, options_.rules.size()));
}

Result<Pull> RulesMeter::pull(ReadingSink& sink, Duration wait) {
    if (!is_reading_) {
        const UtcTime uptime{clock_.uptime().ns};
        if (uptime < next_reading_ && !(new_rules_ != nullptr && !has_failed_)) {
            host_->wait(std::min(wait, next_reading_ - uptime));
            return Pull::idle;
        }
        next_reading_ = uptime + options_.poll;
        if (const Status begun = begin_reading(); !begun) {
            if (options_.only_rest) return std::unexpected(begun.error());
            ++counts_[errors];
            table_problems.warning([&] { return begun.error().text; });
            has_failed_ = true;
            next_reading_ = uptime + std::min(retry_time, options_.poll);
            return Pull::idle;
        }
    }
    if (!hand_over(sink)) return Pull::more;
    end_reading();
    if (options_.only_rest) return Pull::end;
    if (is_last_of_old_) change_rules();
    return is_first_ ? Pull::checkpoint : Pull::idle;
}

Result<Checkpoint> RulesMeter::checkpoint(ReadingSink& /*sink*/) {
    Checkpoint made;
    if (values_.size() > 0 || cursor_.version > 0) {
        std::string place;
        for (const char c : options_.table) place += c == '_' ? '-' : c;
        TRY_ASSIGN(cursor_.position,
                   files_.write(fmt::format("{}-{}", place, cursor_.version + 1), saved()));
        ++cursor_.version;
        cursor_.note = fmt::format("table inet {}, {} counters", options_.table, values_.size());
        made.cursors.push_back(cursor_);
    }
    if (!is_reading_) settled_at_checkpoint_ = settled_;
    made.losses = std::exchange(losses_, {});
    made.observed = observed_.drain();
    return made;
}

void RulesMeter::committed() {
    files_.remove_all_but(cursor_.position);
    if (!options_.applies || settled_at_checkpoint_.empty()) return;
    // The kernel refuses where rules refer to one of them again: they are seen in the next reading.
    static_cast<void>(table_.remove_counters(std::exchange(settled_at_checkpoint_, {})));
}

std::vector<CounterValue> RulesMeter::counters() const {
    std::vector<CounterValue> values;
    for (std::size_t i = 0; i < rule_counters.size(); ++i)
        values.push_back({rule_counters[i].name, counts_[i]});
    return values;
}

}  // namespace octroi::accounting
