// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// `octroi run` without its arguments and its last table: the configured meters into a ledger, with
// attribution, exports, the control socket and reloads.

#include <functional>
#include <optional>
#include <string>

#include "config/config.hpp"
#include "config/option.hpp"
#include "host/capture.hpp"
#include "ledger/ledger.hpp"
#include "meter/kind.hpp"
#include "service/run_total.hpp"

namespace octroi {

struct RunSettings {
    std::string version;      // of the program, for /metrics
    std::string log_level;    // of the command line; it comes before [log]. Empty: not given
    std::string config_file;  // absolute: the file that read_config reads
    std::string ledger_path;  // of the ledger: its control socket and state stand beside it
    std::optional<Duration> run_for;  // nullopt: until a stop is requested
    LedgerOptions ledger_options;     // for more connections to it
    OptionValues meter_options;       // from the command line, of the kind that runs unconfigured
    MeterKinds kinds;
    const OptionTable& table;
    Config config;  // to start with: the file, with what the command line adds
    // The same of this moment, for a reload.
    std::function<Result<Config>()> read_config;
    // Called with the new configuration after each reload that succeeded.
    std::function<void(const Config&)> apply_config;
};

struct RunOutcome {
    Status status;  // why the run ended early
    RunTotal total;
    Interval period;
};

// Finds mistakes of the settings before a ledger is made for them: those of check_config, and
// meters that this machine cannot have.
[[nodiscard]] Status check_run(const RunSettings& settings, CaptureHost& host);

// settings: check_run() has no objection. Catches the signals of host/stop.hpp. An error of the
// whole: nothing was metered. ledger: opened for this process alone.
[[nodiscard]] Result<RunOutcome> run_meters(const RunSettings& settings, Ledger& ledger,
                                            CaptureHost& host);

}  // namespace octroi
