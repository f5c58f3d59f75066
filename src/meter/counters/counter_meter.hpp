// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The meter of all kinds of this folder: reads a CounterSource every `poll` and at each checkpoint,
// and hands over the increases.
//
// Exactness: the state file of a cursor has the last values, and the increases that were read and
// not handed over. A checkpoint with a cursor is requested at the first reading.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "host/clock.hpp"
#include "host/folder.hpp"
#include "meter/counters/counter_source.hpp"
#include "meter/counters/counter_state.hpp"
#include "meter/meter.hpp"
#include "meter/state/state_files.hpp"
#include "record/volume_limits.hpp"

namespace octroi::counters {

struct CounterMeterOptions {
    std::string name;           // for the log
    std::string cursor_source;  // "interfaces:counters"
    Duration poll = Duration::seconds(10);
    std::uint64_t link_bits_per_second = 800'000'000'000;
    // The link speed was configured: losses have a bound from it.
    bool link_speed_is_known = false;
    // Folder of the state files; empty: there is no ledger, and no state.
    std::string folder;
};

class CounterMeter final : public Meter {
public:
    // Reads the state that the cursor names. Without it (another machine, a lost folder) the next
    // reading is where the meter begins, and a loss says so. source and clock: clock must outlive
    // the meter. Errors: those of the folder (busy, permission).
    [[nodiscard]] static Result<std::unique_ptr<CounterMeter>> open(
        CounterMeterOptions options, std::unique_ptr<CounterSource> source, const Clock& clock,
        std::span<const Cursor> cursors);

    [[nodiscard]] Result<Pull> pull(ReadingSink& sink, Duration wait) override;
    [[nodiscard]] Result<Checkpoint> checkpoint(ReadingSink& sink) override;
    void committed() override;
    [[nodiscard]] const NameTable& names() const override { return names_; }
    [[nodiscard]] std::vector<CounterValue> counters() const override;

    [[nodiscard]] const std::vector<std::string>& warnings() const noexcept { return warnings_; }

private:
    // Losses of one checkpoint, of single counters; what exceeds it is one more.
    static constexpr std::size_t losses_max = 1024;

    CounterMeter(CounterMeterOptions options, std::unique_ptr<CounterSource> source,
                 const Clock& clock);
    [[nodiscard]] Status resume(std::span<const Cursor> cursors);
    void begin_without_state(const std::string& why, UtcTime last);

    // Of one sample: the volume that counts, and the loss.
    struct Judgement {
        cumulative::CounterValues by;
        bool has_loss = false;
        LossReason reason = LossReason::counter_reset;
        std::optional<cumulative::CounterValues> bound = {};  // of the loss
    };

    void read();
    void apply(const Listing& listing);
    void begin_elsewhere(const Listing& listing);
    void begin_interval(bool is_first);
    void apply(const Sample& sample, bool is_new_part);
    [[nodiscard]] static Judgement begin_at(const Sample& sample);
    [[nodiscard]] Judgement judge(const Sample& sample, bool begins, bool was_metered);
    [[nodiscard]] Judgement judge_appeared(const Sample& sample);
    void note_gone(std::vector<cumulative::GoneCounter> gone);
    void note_missing(const std::vector<std::string>& missing);
    void add_pending(const Sample& sample, const cumulative::CounterValues& by);
    void add_loss(const std::string& label, const Judgement& judged);
    [[nodiscard]] std::optional<std::uint64_t> loss_bound() const;
    void hand_over(ReadingSink& sink);
    [[nodiscard]] bool is_due(Duration uptime) const {
        return !next_read_ || uptime >= *next_read_;
    }

    CounterMeterOptions options_;
    std::unique_ptr<CounterSource> source_;
    const Clock* clock_;
    std::optional<OwnFolder> folder_;
    std::optional<StateFiles> files_;
    CounterState state_;
    Cursor cursor_;
    std::string state_file_;  // of the last checkpoint

    NameTable names_;
    std::vector<CountedVolume> out_;
    PeerAddresses addresses_;
    std::vector<IdentityEvent> identities_;  // still to be handed over
    ObservedVolume observed_;
    std::vector<Loss> losses_;
    std::uint64_t losses_left_out_ = 0;
    std::vector<std::string> warnings_;

    // Of the current reading.
    UtcTime first_;
    UtcTime last_;
    Duration time_{0};  // how long the increases took at most
    bool is_new_boot_ = false;
    std::optional<Duration> last_read_;  // uptime
    std::optional<Duration> next_read_;  // uptime; none: at once
    bool wants_checkpoint_ = false;

    std::string last_error_;
    std::vector<std::string> missing_;
    std::uint64_t readings_ = 0;
    std::uint64_t read_errors_ = 0;
    std::uint64_t resets_ = 0;
    std::uint64_t wraps_ = 0;
    std::uint64_t gone_ = 0;
    std::uint64_t implausible_ = 0;
};

}  // namespace octroi::counters
