// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "config/parse.hpp"
#include "host/log.hpp"
#include "host/terminal.hpp"
#include "service/config_check.hpp"

namespace octroi {
namespace {

constexpr const char* default_config_path = "/etc/octroi/octroi.toml";

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

std::string default_ledger_path() {
    if (::geteuid() == 0) return "/var/lib/octroi/ledger.db";
    // XDG Base Directory Specification.
    const std::string state = environment("XDG_STATE_HOME");
    if (!state.empty()) return state + "/octroi/ledger.db";
    return environment("HOME") + "/.local/state/octroi/ledger.db";
}

Result<Zone> find_zone(const std::string& name) {
    if (name == "local") return Zone::local(environment("TZ"));
    return Zone::find(name);
}

}  // namespace

ConfigFile& Session::config_file() {
    const bool is_default = options.config.empty();
    if (!config_file_)
        config_file_.emplace(is_default ? default_config_path : options.config, is_default);
    return *config_file_;
}

std::string Session::config_path() {
    std::error_code failed;
    const auto absolute = std::filesystem::absolute(config_file().path(), failed);
    return failed ? config_file().path() : absolute.lexically_normal().string();
}

Result<Config> Session::read_config() {
    TRY_ASSIGN(const std::string text, config_file().read());
    TRY_ASSIGN(Config config, parse_config(text, config_file().path(), option_table_));
    if (const Status checked = check_config(config); !checked) {
        const bool has_place = checked.error().text.starts_with(config_file().path());
        return fail(ErrorCode::invalid,
                    (has_place ? "" : config_file().path() + ": ") + checked.error().text);
    }
    for (const auto& notice : config.notices) log_warning(notice);
    return config;
}

Result<const Config*> Session::config() {
    if (!config_) {
        TRY_ASSIGN(config_, read_config());
    }
    return &*config_;
}

Result<Zone> Session::zone() {
    if (options.zone.empty()) return configured_zone();
    return find_zone(options.zone);
}

Result<Zone> Session::configured_zone() {
    TRY_ASSIGN(const Config* configured, config());
    return find_zone(configured->display.timezone);
}

Result<Zone> Session::ledger_zone() {
    TRY_ASSIGN(const Config* configured, config());
    const std::string& name = configured->display.timezone;
    return name == "local" ? Zone::local("") : Zone::find(name);
}

Result<Units> Session::units() {
    if (options.exact_bytes) return Units::exact;
    if (options.units == "iec") return Units::iec;
    if (options.units == "si") return Units::si;
    TRY_ASSIGN(const Config* configured, config());
    return configured->display.units == UnitsChoice::si ? Units::si : Units::iec;
}

Result<Interval> Session::period() {
    TRY_ASSIGN(const Zone in_zone, zone());
    const auto given = [](const std::string& text) -> std::optional<std::string_view> {
        if (text.empty()) return std::nullopt;
        return text;
    };
    return parse_period(given(options.since), given(options.until), clock_.now(), in_zone);
}

Result<UtcTime> Session::moment(const std::string& text) {
    TRY_ASSIGN(const Zone in_zone, zone());
    TRY_ASSIGN(const Interval stretch, parse_interval(text, clock_.now(), in_zone));
    return stretch.begin;
}

Result<std::string> Session::ledger_path() {
    if (!options.ledger.empty()) return options.ledger;
    TRY_ASSIGN(const Config* configured, config());
    if (!configured->ledger.path.empty()) return configured->ledger.path;
    return default_ledger_path();
}

std::string Session::probable_ledger_path() {
    if (!options.ledger.empty()) return options.ledger;
    const auto text = config_file().read();
    const auto path = text ? find_config_text(*text, "ledger", "path") : std::nullopt;
    return path && !path->empty() ? *path : default_ledger_path();
}

std::optional<MachineFormat> Session::machine_format() const {
    if (options.json) return MachineFormat::json;
    if (options.ndjson) return MachineFormat::ndjson;
    if (options.csv) return options.raw ? MachineFormat::csv_raw : MachineFormat::csv;
    return std::nullopt;
}

TextSink Session::standard_output() {
    return [](std::string_view text) { return write_out(STDOUT_FILENO, text); };
}

Result<TableOptions> Session::table_options() {
    const bool terminal = is_terminal(STDOUT_FILENO);
    TableOptions table;
    table.colour = colour_wanted(terminal, std::getenv("NO_COLOR"), std::getenv("TERM"));
    if (terminal) table.width = terminal_size(STDOUT_FILENO).value_or(TerminalSize{}).columns;
    TRY_ASSIGN(table.units, units());
    TRY_ASSIGN(table.zone, zone());
    return table;
}

Status Session::print(const Report& report) { return print({&report, 1}, report); }

Status Session::print(std::span<const Report> tables, const Report& rows) {
    if (const auto format = machine_format())
        return write_machine(rows, *format, standard_output());
    TRY_ASSIGN(const TableOptions layout, table_options());
    for (const Report& table : tables) {
        if (&table != tables.data()) TRY(print("\n"));
        TRY(write_table(table, layout, standard_output()));
    }
    return {};
}

Status Session::print(std::string_view text) const { return write_out(STDOUT_FILENO, text); }

Result<std::vector<Prefix>> parse_prefixes(const std::vector<std::string>& texts) {
    std::vector<Prefix> prefixes;
    for (const std::string& text : texts) {
        TRY_ASSIGN(prefixes.emplace_back(), parse_prefix(text));
    }
    return prefixes;
}

}  // namespace octroi
