// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/counters/counter_meter.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "host/log.hpp"
#include "host/log_limit.hpp"
#include "host/random.hpp"
#include "meter/counters/counter_wrap.hpp"
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

// nullopt: a figure is smaller than before.
std::optional<cumulative::CounterValues> growth(const cumulative::CounterValues& before,
                                                const cumulative::CounterValues& now) {
    if (now.bytes < before.bytes || now.packets < before.packets) return std::nullopt;
    return cumulative::CounterValues{now.bytes - before.bytes, now.packets - before.packets};
}

// The kernel accepts control characters in names of interfaces, the ledger does not.
std::string without_controls(std::string text) {
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return text;
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
                return fmt::format(
                    "meter {}: {}; the next reading has what the counters count meanwhile",
                    options_.name, listing.error().text);
            });
        return;
    }
    last_error_.clear();
    ++readings_;
    apply(*listing);
}

void CounterMeter::apply(const Listing& listing) {
    last_ = clock_->now();
    for (IdentityEvent& event : addresses_.update(listing.addresses, last_, clock_->uptime()))
        identities_.push_back(std::move(event));
    is_new_boot_ = !state_.boot.empty() && state_.boot != listing.boot;
    if (!state_.boot.empty() && !is_new_boot_ && state_.space != listing.space)
        begin_elsewhere(listing);
    state_.boot = listing.boot;
    state_.space = listing.space;
    state_.counters.begin_reading(last_);
    const bool is_first = state_.counters.previous() == UtcTime::min();
    if (is_first) wants_checkpoint_ = true;
    begin_interval(is_first);
    const auto is_new = [&](const std::string& part) {
        return !part.empty() && std::ranges::find(state_.parts, part) == state_.parts.end();
    };
    for (const Sample& sample : listing.samples) apply(sample, is_new(sample.part));
    if (std::ranges::any_of(listing.parts, is_new)) wants_checkpoint_ = true;
    note_gone(state_.counters.drain_gone());
    state_.parts = listing.parts;
    note_missing(listing.missing);
}

// The counters of the other network namespace may be older than the last reading, and those of the
// last reading are out of reach.
void CounterMeter::begin_elsewhere(const Listing& listing) {
    log_warning(
        fmt::format("meter {}: it runs in another network namespace ({}) than before ({}), and "
                    "begins with the values of now",
                    options_.name, listing.space, state_.space));
    losses_.push_back({cursor_.source, LossReason::not_running,
                       loss_interval(state_.counters.current(), last_), std::nullopt,
                       std::nullopt});
    state_ = {};
}

// Within a process the time between two readings is that of a clock that is never set.
void CounterMeter::begin_interval(bool is_first) {
    constexpr Duration slewed_most = Duration::seconds(1);
    const Duration uptime = clock_->uptime();
    first_ = is_first ? last_ : std::min(state_.counters.previous(), last_);
    time_ = last_ - first_;
    if (const auto before = std::exchange(last_read_, uptime); before && !is_first) {
        time_ = uptime - *before;
        const Duration step = last_ - state_.counters.previous() - time_;
        if (step > slewed_most || step < Duration{-slewed_most.ns}) first_ = last_ - time_;
    }
}

void CounterMeter::apply(const Sample& sample, bool is_new_part) {
    const auto label = state_.labels.find(sample.counter);
    const bool was_metered = label != state_.labels.end();
    Judgement judged = judge(sample, is_new_part && !was_metered, was_metered);
    if (sample.metering != Metering::metered) {
        if (!was_metered) return;
        if (sample.metering == Metering::followed && judged.by != cumulative::CounterValues{})
            judged = {{}, true, LossReason::not_running, judged.by};
        state_.labels.erase(label);
    } else if (was_metered ? label->second != sample.label
                           : state_.labels.size() < cumulative::CumulativeCounters::counters_max) {
        state_.labels.insert_or_assign(sample.counter, sample.label);
    }
    if (judged.has_loss) add_loss(sample.label, judged);
    if (judged.by != cumulative::CounterValues{}) add_pending(sample, judged.by);
}

// The counter has counted before, for nobody: its value bounds what it counted since.
CounterMeter::Judgement CounterMeter::begin_at(const Sample& sample) {
    return {
        {}, sample.values != cumulative::CounterValues{}, LossReason::not_running, sample.values};
}

CounterMeter::Judgement CounterMeter::judge(const Sample& sample, bool begins, bool was_metered) {
    using cumulative::Change;
    const cumulative::Increase increase =
        state_.counters.advance(sample.counter, sample.generation, sample.values);
    if (begins && increase.change != Change::first) return {};
    switch (increase.change) {
        case Change::first:
        case Change::grown:
            return {increase.by, increase.has_loss};
        case Change::begun:
            if (!increase.has_loss) return judge_appeared(sample);
            if (sample.appearance == Appearance::restored && !was_metered) return begin_at(sample);
            ++resets_;
            if (sample.appearance == Appearance::restored)
                if (const auto by = growth(increase.before, sample.values))
                    return {*by, true, LossReason::counter_reset, increase.before};
            return {increase.by, true};
        case Change::restarted:
            if (const auto by = sample.may_wrap ? wrapped_increase(increase.before, sample.values)
                                                : std::nullopt) {
                ++wraps_;
                return {*by};
            }
            ++resets_;
            return {increase.by, true};
    }
    return {};
}

CounterMeter::Judgement CounterMeter::judge_appeared(const Sample& sample) {
    if (sample.appearance == Appearance::created) return {sample.values};
    if (sample.appearance == Appearance::arrived)
        return is_new_boot_ ? Judgement{sample.values} : begin_at(sample);
    const auto gone = state_.drop_gone(sample.counter);
    const bool is_known = gone && (sample.appearance == Appearance::restored ||
                                   gone->generation == sample.generation);
    if (!is_known) return {sample.values};
    if (sample.appearance == Appearance::returned) return begin_at(sample);
    // Its end was a loss when it disappeared.
    return {growth(gone->values, sample.values).value_or(sample.values)};
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

void CounterMeter::note_gone(std::vector<cumulative::GoneCounter> gone) {
    for (cumulative::GoneCounter& each : gone) {
        const auto label = state_.labels.find(each.counter);
        if (label != state_.labels.end()) {
            ++gone_;
            add_loss(label->second, {});
            state_.labels.erase(label);
        }
        state_.remember(std::move(each));
    }
}

void CounterMeter::note_missing(const std::vector<std::string>& missing) {
    if (missing_ == missing) return;
    missing_ = missing;
    if (!missing.empty())
        absent_counter.warning([&] {
            return fmt::format("meter {}: not there to be counted: {}", options_.name,
                               fmt::join(missing, "; "));
        });
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

void CounterMeter::add_loss(const std::string& label, const Judgement& judged) {
    if (losses_.size() >= losses_max) {
        ++losses_left_out_;
        return;
    }
    Loss& loss = losses_.emplace_back(without_controls(label), judged.reason,
                                      loss_interval(first_, last_), std::nullopt, loss_bound());
    if (!judged.bound) return;
    loss.packets = judged.bound->packets;
    loss.bytes_bound = std::min(judged.bound->bytes, loss.bytes_bound.value_or(UINT64_MAX));
}

// ---- Handing over

void CounterMeter::hand_over(ReadingSink& sink) {
    if (!identities_.empty()) sink.accept_identities(identities_);
    identities_.clear();
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
        cursor_.position = save_position({state_file_, state_.counters.current()});
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
        wraps_,
        gone_,
        implausible_,
        state_.counters.refused() + names_.refused(),
        state_.pending.size(),
        addresses_.refused(),
    };
    std::vector<CounterValue> out;
    for (std::size_t i = 0; i < values.size(); ++i)
        out.push_back({meter_counters[i].name, values[i]});
    return out;
}

}  // namespace octroi::counters
