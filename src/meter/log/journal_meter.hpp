// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Follows the journal of systemd: each entry is a line of syslog. The program journalctl reads it
// and stays running (docs/decisions/0623-the-journal.md).
//
// The cursor in the ledger is that of the last entry that was handed over, with the state of
// the format. journalctl starts at that entry, which is dropped: with `--after-cursor` and matches
// some versions (252) drop the first entry that matches, also where it is a later one. So a restart
// goes on behind the entry of the cursor, so that each entry counts once. At the first start the
// meter begins behind the newest entry.
//
// If the journal has dropped the entry of the cursor (vacuuming, a journal that is lost at a
// reboot), nobody knows how many later ones it has dropped: that is a loss without a bound, from
// the time of that entry to the first one that is left, with which the meter goes on.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "host/child.hpp"
#include "host/clock.hpp"
#include "meter/log/counters.hpp"
#include "meter/log/journal_place.hpp"
#include "meter/log/line_decoder.hpp"
#include "meter/log/log_readings.hpp"
#include "meter/log/time_resolver.hpp"
#include "meter/meter.hpp"
#include "wire/log/journal_export.hpp"
#include "wire/log/line_reader.hpp"

namespace octroi::logs {

inline constexpr std::string_view journal_source = "journald:";

struct JournalMeterOptions {
    std::string name;                  // for messages
    std::vector<std::string> matches;  // arguments of journalctl that choose entries
    std::unique_ptr<logline::LineReader> reader;
    std::string format;  // as LogMeterOptions::format
    TimeResolver times{{}};
    LogReadingsOptions readings;
    std::uint64_t seed = 0;  // random, for hash tables
};

class JournalMeter final : public Meter {
public:
    // cursors: own ones. clock: must outlive the meter. Errors: not_found (no journalctl, or no
    // journal), failed, corrupt (the cursor).
    [[nodiscard]] static Result<std::unique_ptr<JournalMeter>> open(
        JournalMeterOptions options, const Clock& clock, std::span<const Cursor> cursors);

    // Errors: failed (journalctl has ended).
    [[nodiscard]] Result<Pull> pull(ReadingSink& sink, Duration wait) override;
    [[nodiscard]] Result<Checkpoint> checkpoint(ReadingSink& sink) override;
    [[nodiscard]] const NameTable& names() const override { return readings_.names(); }
    [[nodiscard]] std::vector<CounterValue> counters() const override;

    [[nodiscard]] const std::vector<std::string>& warnings() const noexcept { return warnings_; }

private:
    JournalMeter(JournalMeterOptions options, const Clock& clock);
    [[nodiscard]] Status resume(std::span<const Cursor> cursors);
    [[nodiscard]] Status find_place();
    void add_dropped(const JournalPlace& next);
    [[nodiscard]] Status start();
    void read(std::string_view octets, ReadingSink& sink);
    [[nodiscard]] std::string save() const;

    JournalMeterOptions options_;
    const Clock* clock_;
    LogReadings readings_;
    LineCounts line_counts_;
    std::unique_ptr<LineDecoder> lines_;
    logline::JournalExport decoder_;
    std::optional<Child> child_;
    std::vector<char> buffer_;
    JournalPlace place_;
    std::string known_;  // the cursor of the entry that is dropped if it comes first
    std::vector<Loss> losses_;
    std::uint64_t dropped_ = 0;  // times that the journal had dropped entries
    Cursor cursor_;
    std::uint64_t octets_ = 0;
    std::uint64_t entries_ = 0;
    std::vector<std::string> warnings_;
};

}  // namespace octroi::logs
