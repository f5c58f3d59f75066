// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "app/command.hpp"
#include "app/commands.hpp"
#include "app/session.hpp"
#include "app/version.hpp"
#include "config/suggest.hpp"
#include "host/log.hpp"

namespace octroi {
namespace {

void add_global_options(CLI::App& app, Command& command, GlobalOptions& options) {
    command.text("--ledger", options.ledger, "The ledger: a file", "PATH")
        .text("--config", options.config,
              "Configuration file (default: /etc/octroi/octroi.toml, which may be missing)", "FILE")
        .flag("--json", options.json, "Print one JSON document")
        .flag("--ndjson", options.ndjson, "Print one JSON object per line")
        .flag("--csv", options.csv, "Print CSV")
        .flag("--raw", options.raw,
              "With --csv: names as they came from outside. Without it control characters are "
              "replaced, and a text that a spreadsheet would run as a formula begins with '")
        .choice("--units", options.units, {"iec", "si"}, "Units in tables: KiB (iec) or kB (si)")
        .flag("--bytes", options.exact_bytes, "Exact byte counts in tables")
        .choice("--log-level", options.log_level, {"error", "warning", "info", "debug"},
                "Lowest level of messages on standard error (default: info)")
        .text("--tz", options.zone, "Time zone for input and output, for example Europe/Vienna",
              "ZONE");
    for (CLI::Option* option : app.get_options())
        if (option->get_name() != "-h,--help" && option->get_name() != "--version")
            option->group("Every command");
    app.get_option("--ledger")->envname("OCTROI_LEDGER");
    app.get_option("--json")->excludes("--ndjson")->excludes("--csv");
    app.get_option("--ndjson")->excludes("--csv");
    app.get_option("--raw")->needs("--csv");
}

int fail_with(const Error& error) {
    log_error(fmt::format("octroi: {}", error.text));
    return static_cast<int>(error.code == ErrorCode::invalid ? ExitStatus::usage
                                                             : ExitStatus::failed);
}

// The last known command on the line.
const CLI::App* named_command(const CLI::App& app) {
    const CLI::App* at = &app;
    while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
    return at;
}

// The message about a word that is no subcommand of the command.
std::string unknown_command(const CLI::App& command, const std::string& word) {
    std::vector<std::string> names;
    for (const CLI::App* sub : command.get_subcommands([](const CLI::App*) { return true; }))
        if (!sub->get_group().empty()) names.push_back(sub->get_name());
    const std::vector<std::string_view> known(names.begin(), names.end());
    return fmt::format("octroi: there is no command {}{}", word, suggestion(word, known));
}

// Reports wrong usage and the help to read.
int refuse(const CLI::App& app, const CLI::ParseError& error, int argc) {
    const CLI::App* command = named_command(app);
    std::string path;
    for (const CLI::App* at = command; at != nullptr; at = at->get_parent())
        path = at->get_name() + (path.empty() ? "" : " ") + path;
    const bool wants_sub =
        error.get_name() == "RequiredError" && command->get_require_subcommand_min() > 0;
    if (wants_sub && argc == 1) {
        log_error(app.help());
    } else if (wants_sub && !app.remaining(true).empty()) {
        log_error(unknown_command(*command, app.remaining(true).front()));
    } else {
        log_error(fmt::format("octroi: {}", error.what()));
    }
    log_error(fmt::format("See {} --help", path));
    return static_cast<int>(ExitStatus::usage);
}

}  // namespace

void build_command_line(CLI::App& app, Session& session) {
    app.name("octroi");
    app.description("Count network traffic by account, in a ledger.");
    app.set_version_flag("--version", std::string("octroi ") + version);
    app.require_subcommand(1);
    app.fallthrough();
    Command command(app, session.action);
    add_global_options(app, command, session.options);
    for (const auto add : commands) add(command, session);
}

int run_program(int argc, const char* const* argv, MeterKinds kinds) {
    // Errors before [log] is read, too, have a priority in the journal.
    if (format_of_standard_error() == LogFormat::journal) set_log_format(LogFormat::journal);
    const SystemClock clock;
    Session session(clock, kinds);
    CLI::App app;
    build_command_line(app, session);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        // CLI11 throws --help and --version as errors with exit code 0.
        return error.get_exit_code() == 0 ? app.exit(error) : refuse(app, error, argc);
    }
    if (const auto level = log_level(session.options.log_level)) set_log_level(*level);
    const auto outcome = session.action();
    show_progress("");
    return outcome ? static_cast<int>(*outcome) : fail_with(outcome.error());
}

}  // namespace octroi
