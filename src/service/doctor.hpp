// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The findings of `octroi doctor`: settings of this machine that make figures wrong.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "ledger/ledger.hpp"
#include "meter/kind.hpp"
#include "record/report.hpp"
#include "view/openmetrics.hpp"

namespace octroi {

// The clock, and the file system of the ledger.
[[nodiscard]] std::vector<Finding> examine_host(const std::string& ledger_path);

// Losses, with the advice of the kind of the meter that had them. meters: those of the ledger.
// period: in which they happened ("the last 24 hours").
[[nodiscard]] std::vector<Finding> examine_losses(std::span<const MeterLoss> losses,
                                                  std::span<const MeterState> meters,
                                                  std::string_view period, MeterKinds kinds);
// The losses of the last day in a ledger; or why it cannot be opened. A ledger that does not exist
// yet is a note.
[[nodiscard]] std::vector<Finding> examine_ledger(const Result<std::unique_ptr<Ledger>>& ledger,
                                                  UtcTime now, MeterKinds kinds);

// The findings of each meter kind.
[[nodiscard]] std::vector<Finding> examine_kinds(const Config& config, MeterKinds kinds);

// The source of [class_table], by what the daemon has kept about it beside the ledger. Empty: the
// configuration names none.
[[nodiscard]] std::vector<Finding> examine_class_source(const Config& config,
                                                        const std::string& ledger_path,
                                                        UtcTime now);

// What counters of the running daemon say, for which a kind has advice. rows: as ask_counters()
// returned them; without a daemon that is a note.
[[nodiscard]] std::vector<Finding> examine_counters(const Result<std::vector<CounterRow>>& rows,
                                                    MeterKinds kinds);

// For people: the checks that were made, then each finding in full with its advice, in lines of at
// most `width` columns (0: not broken).
[[nodiscard]] std::string findings_text(std::span<const Finding> findings, int width);
// For machines: a row for each finding.
[[nodiscard]] Report findings_report(std::span<const Finding> findings);
// Whether a finding makes figures wrong.
[[nodiscard]] bool has_wrong(std::span<const Finding> findings);

}  // namespace octroi
