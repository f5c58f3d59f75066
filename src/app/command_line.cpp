// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "app/commands.hpp"
#include "app/session.hpp"
#include "app/verb.hpp"
#include "app/version.hpp"

namespace octroi {
namespace {

void add_global_options(CLI::App& app, Verb& verb, GlobalOptions& options) {
    verb.text("--ledger", options.ledger, "Where the figures are kept: a file", "PATH")
        .text("--config", options.config,
              "Configuration (default: /etc/octroi/octroi.toml, absent is fine)", "FILE")
        .flag("--json", options.json, "Print one JSON document")
        .flag("--ndjson", options.ndjson, "Print a JSON object a line")
        .flag("--csv", options.csv, "Print CSV")
        .choice("--units", options.units, {"iec", "si"}, "In tables: KiB or kB")
        .flag("--bytes", options.exact_bytes, "In tables: every byte")
        .text("--tz", options.zone, "Time zone of what is read and shown, as Europe/Vienna",
              "ZONE");
    for (CLI::Option* option : app.get_options())
        if (option->get_name() != "-h,--help" && option->get_name() != "--version")
            option->group("Every command");
    app.get_option("--ledger")->envname("OCTROI_LEDGER");
    app.get_option("--json")->excludes("--ndjson")->excludes("--csv");
    app.get_option("--ndjson")->excludes("--csv");
}

int fail_with(const Error& error) {
    Session::say(fmt::format("octroi: {}", error.text));
    return static_cast<int>(error.code == ErrorCode::invalid ? ExitStatus::usage
                                                             : ExitStatus::failed);
}

}  // namespace

void build_command_line(CLI::App& app, Session& session) {
    app.name("octroi");
    app.description("Network traffic accounting from the kernel to the invoice.");
    app.set_version_flag("--version", std::string("octroi ") + version);
    app.require_subcommand(1);
    app.fallthrough();
    Verb verb(app, session.action);
    add_global_options(app, verb, session.options);
    for (const auto add : commands) add(verb, session);
}

int run_command_line(int argc, const char* const* argv) {
    const SystemClock clock;
    Session session(clock);
    CLI::App app;
    build_command_line(app, session);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const bool asked = error.get_exit_code() == 0;
        return app.exit(error) == 0 && asked ? 0 : static_cast<int>(ExitStatus::usage);
    }
    const auto outcome = session.action();
    Session::progress("");
    return outcome ? static_cast<int>(*outcome) : fail_with(outcome.error());
}

}  // namespace octroi
