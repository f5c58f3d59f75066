// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/counters/counter_meter.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "host/log.hpp"
#include "host/log_limit.hpp"
#include "host/random.hpp"
#include "meter/counters/counters.hpp"
#include "meter/cumulative/possible_increase.hpp"

namespace octroi::counters {
namespace {

constinit LimitedLog failed_reading("counter_reading_failed");
constinit LimitedLog absent_counter("counter_missing");

// Cursor::position: the name of the state file, a space, and the time of the reading in
// nanoseconds since 1970.
struct Position {
    std::string file;
    UtcTime time;
};

std::string save_position(const Position& position) {
    return fmt::format("{} {}", position.file, position.time.ns);
}

std::optional<Position> parse_position(std::string_view text) {
    const std::size_t gap = text.find(' ');
    if (gap == std::string_view::npos) return std::nullopt;
    Position position{std::string(text.substr(0, gap)), {}};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + gap + 1, end, position.time.ns);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return position;
}

// Half-open and not empty, also where the clock was set back.
Interval loss_interval(UtcTime begin, UtcTime end) {
    return {std::min(begin, end), std::max({begin, end, begin + Duration{1}})};
}

}  // namespace

CounterMeter::CounterMeter(CounterMeterOptions options, std::unique_ptr<CounterSource> source,
                           const Clock& clock)
    : options_(std::move(options)),
      source_(std::move(source)),
      clock_(&clock),
      names_(random_seed()) {}

Result<std::unique_ptr<CounterMeter>> CounterMeter::open(CounterMeterOptions options,
                                                         std::unique_ptr<CounterSource> source,
                                                         const Clock& clock,
                                                         std::span<const Cursor> cursors) {
    auto meter = std::unique_ptr<CounterMeter>(
        new CounterMeter(std::move(options), std::move(source), clock));
    TRY(meter->resume(cursors));
    return meter;
}

Status CounterMeter::resume(std::span<const Cursor> cursors) {
    cursor_.source = options_.cursor_source;
    if (options_.folder.empty()) return {};
    TRY_ASSIGN(folder_, OwnFolder::open(options_.folder));
    files_.emplace(*folder_);
    const auto known = std::ranges::find(cursors, cursor_.source, &Cursor::source);
    if (known == cursors.end()) return {};
    cursor_ = *known;
    const auto position = parse_position(known->position);
    if (!position) {
        begin_without_state("the cursor has another format", clock_->now());
        return {};
    }
    const auto saved = read_state_file(files_->path_of(position->file));
    auto state = saved ? CounterState::restore(*saved) : std::unexpected(saved.error());
    if (!state) {
        begin_without_state(state.error().text, position->time);
        return {};
    }
    state_ = *std::move(state);
    state_file_ = position->file;
    return {};
}

void CounterMeter::begin_without_state(const std::string& why, UtcTime last) {
    warnings_.push_back(fmt::format(
        "the last values of the counters are lost ({}): the meter begins with the values of now",
        why));
    losses_.push_back({cursor_.source, LossReason::not_running, loss_interval(last, clock_->now()),
                       std::nullopt, std::nullopt});
}

// ---- Reading

Result<Pull> CounterMeter::pull(ReadingSink& sink, Duration wait) {
    const Duration uptime = clock_->uptime();
    if (state_.pending.empty() && !is_due(uptime)) {
        source_->wait(std::min(wait, *next_read_ - uptime));
        if (!is_due(clock_->uptime())) return Pull::idle;
    }
    if (state_.pending.empty()) read();
    hand_over(sink);
    if (std::exchange(wants_checkpoint_, false)) return Pull::checkpoint;
    return state_.pending.empty() ? Pull::idle : Pull::more;
}

void CounterMeter::read() {
    next_read_ = clock_->uptime() + options_.poll;
    const auto listing = source_->read();
    if (!listing) {
        ++read_errors_;
        if (listing.error().text != std::exchange(last_error_, listing.error().text))
            failed_reading.warning([&] {
                return fmt::format("{}; the next reading has what the counters count meanwhile",
                                   listing.error().text);
            });
        return;
    }
    last_error_.clear();
    ++readings_;
    apply(*listing);
}

void CounterMeter::apply(const Listing& listing) {
    const Duration uptime = clock_->uptime();
    last_ = clock_->now();
    state_.counters.begin_reading(last_);
    const bool is_first = state_.counters.previous() == UtcTime::min();
    if (is_first) wants_checkpoint_ = true;
    first_ = is_first ? last_ : std::min(state_.counters.previous(), last_);
    time_ = last_ - first_;
    // The wall clock may have been set back since the last reading.
    if (last_read_) time_ = std::max(time_, uptime - *last_read_);
    last_read_ = uptime;
    const auto is_new = [&](const std::string& part) {
        return !part.empty() && std::ranges::find(state_.parts, part) == state_.parts.end();
    };
    for (const Sample& sample : listing.samples) apply(sample, is_new(sample.part));
    if (std::ranges::any_of(listing.parts, is_new)) wants_checkpoint_ = true;
    note_gone(state_.counters.end_reading());
    state_.parts = listing.parts;
    note_missing(listing.missing);
}

void CounterMeter::apply(const Sample& sample, bool is_new_part) {
    using cumulative::Change;
    cumulative::Increase increase =
        state_.counters.advance(sample.counter, sample.generation, sample.values);
    if (is_new_part && increase.change == Change::begun) increase = {Change::first, {}, false};
    if (!sample.is_metered) {
        state_.labels.erase(sample.counter);
        return;
    }
    if (increase.has_loss) {
        ++resets_;
        add_loss(sample.label);
    }
    std::string& label = state_.labels[sample.counter];
    if (label != sample.label) label = sample.label;
    if (increase.by != cumulative::CounterValues{}) add_pending(sample, increase.by);
}

void CounterMeter::add_pending(const Sample& sample, const cumulative::CounterValues& by) {
    PendingVolume pending;
    pending.volume.first = first_;
    pending.volume.last = last_;
    pending.volume.bytes = by.bytes;
    pending.volume.packets = by.packets;
    pending.volume.direction = sample.direction;
    if (!cumulative::is_possible(by, time_, options_.link_bits_per_second)) {
        ++implausible_;
        pending.volume.kind = ReadingKind::implausible;
    }
    pending.kind = sample.kind;
    pending.identity = sample.identity;
    state_.pending.push_back(std::move(pending));
}

void CounterMeter::note_gone(const std::vector<std::string>& gone) {
    for (const std::string& counter : gone) {
        const auto label = state_.labels.find(counter);
        if (label == state_.labels.end()) continue;
        ++gone_;
        add_loss(label->second);
        state_.labels.erase(label);
    }
}

void CounterMeter::note_missing(const std::vector<std::string>& missing) {
    if (missing_ == missing) return;
    missing_ = missing;
    if (!missing.empty())
        absent_counter.warning(
            [&] { return fmt::format("not there to be counted: {}", fmt::join(missing, "; ")); });
}

// ---- Losses

std::optional<std::uint64_t> CounterMeter::loss_bound() const {
    if (!options_.link_speed_is_known) return std::nullopt;
    const auto ms = static_cast<std::uint64_t>(std::max<std::int64_t>(time_.ns, 0)) / 1'000'000;
    std::uint64_t bits = 0;
    if (__builtin_mul_overflow(options_.link_bits_per_second / 1000, ms + 1000, &bits))
        return std::nullopt;
    return bits / 8;
}

void CounterMeter::add_loss(const std::string& label) {
    if (losses_.size() >= losses_max) {
        ++losses_left_out_;
        return;
    }
    losses_.push_back({label, LossReason::counter_reset, loss_interval(first_, last_), std::nullopt,
                       loss_bound()});
}

// ---- Handing over

void CounterMeter::hand_over(ReadingSink& sink) {
    const std::size_t count = std::min(state_.pending.size(), counted_volumes_of_a_pull_max);
    if (count == 0) return;
    out_.clear();
    for (std::size_t i = 0; i < count; ++i) {
        PendingVolume& pending = state_.pending.front();
        CountedVolume& volume = out_.emplace_back(pending.volume);
        volume.local = names_.intern(pending.kind, pending.identity);
        observed_.add(volume);
        state_.pending.pop_front();
    }
    sink.accept_counted(out_);
}

Result<Checkpoint> CounterMeter::checkpoint(ReadingSink& sink) {
    if (state_.pending.empty()) {
        read();
        hand_over(sink);
        wants_checkpoint_ = false;
    }
    Checkpoint checkpoint;
    const bool has_values = readings_ > 0 || !state_file_.empty();
    if (files_ && has_values) {
        const std::string place = fmt::to_string(cursor_.version + 1);
        TRY_ASSIGN(state_file_, files_->write(place, state_.save()));
        ++cursor_.version;
        cursor_.position = save_position({state_file_, clock_->now()});
        cursor_.note = fmt::format("{} counters", state_.labels.size());
        checkpoint.cursors.push_back(cursor_);
    }
    if (const auto left_out = std::exchange(losses_left_out_, 0); left_out > 0)
        losses_.push_back({fmt::format("{} more counters", left_out), LossReason::counter_reset,
                           loss_interval(first_, last_), std::nullopt, std::nullopt});
    checkpoint.losses = std::exchange(losses_, {});
    checkpoint.observed = observed_.drain();
    return checkpoint;
}

void CounterMeter::committed() {
    if (files_ && !state_file_.empty()) files_->remove_all_but(state_file_);
}

std::vector<CounterValue> CounterMeter::counters() const {
    const std::array<std::uint64_t, meter_counters.size()> values = {
        readings_,
        read_errors_,
        state_.counters.size(),
        missing_.size(),
        resets_,
        gone_,
        implausible_,
        state_.counters.refused() + names_.refused(),
        state_.pending.size(),
    };
    std::vector<CounterValue> out;
    for (std::size_t i = 0; i < values.size(); ++i)
        out.push_back({meter_counters[i].name, values[i]});
    return out;
}

}  // namespace octroi::counters
