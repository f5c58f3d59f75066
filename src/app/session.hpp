// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// One run of the program: the options that every command has, and what follows from them
// (configuration, time zone, output), made when a command needs it.

#include <optional>
#include <span>
#include <string>

#include "app/command.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "host/clock.hpp"
#include "meter/kind.hpp"
#include "record/report.hpp"
#include "service/config_file.hpp"
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
    bool raw = false;
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
    // Of the command that the user chose.
    Action action;

    [[nodiscard]] const Clock& clock() const { return clock_; }
    [[nodiscard]] MeterKinds kinds() const { return kinds_; }
    // The options of the configuration file, with those of the meter kinds.
    [[nodiscard]] const OptionTable& option_table() const { return option_table_; }
    // The configuration file, read once; the defaults where the default file is absent.
    [[nodiscard]] Result<const Config*> config();
    // The absolute path of the configuration file. It need not exist.
    [[nodiscard]] std::string config_path();
    // The file as it is now. An error where a default file was there and is absent now.
    [[nodiscard]] Result<Config> read_config();
    // config() is this one from now on.
    void set_config(Config config) { config_ = std::move(config); }
    [[nodiscard]] Result<Zone> zone();
    // That of the configuration, whatever --zone says.
    [[nodiscard]] Result<Zone> configured_zone();
    // Of the days of the ledger: as configured, or of the system. TZ does not count: days are made
    // once, by whichever process comes first.
    [[nodiscard]] Result<Zone> ledger_zone();
    [[nodiscard]] Result<Units> units();
    // --since and --until.
    [[nodiscard]] Result<Interval> period();
    // Parses a time as people write it ("yesterday"), and returns its beginning.
    [[nodiscard]] Result<UtcTime> moment(const std::string& text);
    // From --ledger, the environment, the configuration or the default, in this order.
    [[nodiscard]] Result<std::string> ledger_path();
    // The same where the configuration may be wrong: only the option [ledger] path is read.
    [[nodiscard]] std::string probable_ledger_path();

    [[nodiscard]] Result<TableOptions> table_options();
    // nullopt: tables, for people.
    [[nodiscard]] std::optional<MachineFormat> machine_format() const;
    // Prints to standard output in the format that the user chose.
    [[nodiscard]] Status print(const Report& report);
    // The same; people get several tables of what machines get as one list of rows.
    [[nodiscard]] Status print(std::span<const Report> tables, const Report& rows);
    [[nodiscard]] Status print(std::string_view text) const;
    [[nodiscard]] static TextSink standard_output();

private:
    // The file of --config, or the default one.
    [[nodiscard]] ConfigFile& config_file();

    const Clock& clock_;
    MeterKinds kinds_;
    OptionTable option_table_;
    std::optional<ConfigFile> config_file_;
    std::optional<Config> config_;
};

// The value that an option gave; an error begins with the option.
template <typename T>
[[nodiscard]] Result<T> of_option(std::string_view option, Result<T> value) {
    if (!value) value.error().text.insert(0, std::string(option) + ": ");
    return value;
}

// The values of an option that takes networks: --local PREFIX.
[[nodiscard]] Result<std::vector<Prefix>> parse_prefixes(const std::vector<std::string>& texts);

}  // namespace octroi
