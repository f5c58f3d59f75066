// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// One run of the program: the options of every command, and the objects that depend on them:
// configuration, time zone, output.

#include <optional>
#include <string>

#include "app/command.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "host/clock.hpp"
#include "meter/kind.hpp"
#include "record/report.hpp"
#include "view/period.hpp"
#include "view/row_stream.hpp"
#include "view/table.hpp"
#include "view/units.hpp"

namespace octroi {

struct GlobalOptions {
    std::string ledger;
    std::string config;
    bool json = false;
    bool ndjson = false;
    bool csv = false;
    std::string units;
    bool exact_bytes = false;
    std::string log_level;  // empty: not given
    std::string zone;
    std::string since;
    std::string until;
};

class Session {
public:
    Session(const Clock& clock, MeterKinds kinds)
        : clock_(clock), kinds_(kinds), option_table_(octroi::option_table(kinds)) {}

    GlobalOptions options;
    // The action of the chosen command.
    Action action;

    [[nodiscard]] const Clock& clock() const { return clock_; }
    [[nodiscard]] MeterKinds kinds() const { return kinds_; }
    // All configuration options, including those of these meter kinds.
    [[nodiscard]] const OptionTable& option_table() const { return option_table_; }
    // The configuration file. Defaults if the default file is missing.
    [[nodiscard]] Result<const Config*> config();
    [[nodiscard]] Result<Zone> zone();
    [[nodiscard]] Result<Units> units();
    // --since and --until.
    [[nodiscard]] Result<Interval> period();
    // Parses a time; of an interval (2026-11) it returns the beginning.
    [[nodiscard]] Result<UtcTime> moment(const std::string& text);
    // The ledger of --ledger, of the environment, of the configuration, or the default path.
    [[nodiscard]] Result<std::string> ledger_path();

    [[nodiscard]] Result<TableOptions> table_options();
    // nullopt: tables for people.
    [[nodiscard]] std::optional<MachineFormat> machine_format() const;
    // Prints to standard output in the format of the command line.
    [[nodiscard]] Status print(const Report& report);
    [[nodiscard]] Status print(std::string_view text) const;
    [[nodiscard]] static TextSink standard_output();

private:
    const Clock& clock_;
    MeterKinds kinds_;
    OptionTable option_table_;
    std::optional<Config> config_;
};

// Parses the values of an option with networks: --local PREFIX.
[[nodiscard]] Result<std::vector<Prefix>> parse_prefixes(const std::vector<std::string>& texts);

}  // namespace octroi
