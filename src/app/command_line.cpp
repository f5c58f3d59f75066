// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "app/commands.hpp"
#include "app/one_of.hpp"
#include "app/session.hpp"
#include "app/version.hpp"

namespace octroi {
namespace {

void add_global_options(CLI::App& app, GlobalOptions& options) {
    constexpr const char* group = "Every command";
    app.add_option("--ledger", options.ledger, "Where the figures are kept: a file")
        ->envname("OCTROI_LEDGER")
        ->type_name("PATH")
        ->group(group);
    app.add_option("--config", options.config,
                   "Configuration (default: /etc/octroi/octroi.toml, absent is fine)")
        ->type_name("FILE")
        ->group(group);
    auto* json = app.add_flag("--json", options.json, "Print one JSON document")->group(group);
    auto* ndjson =
        app.add_flag("--ndjson", options.ndjson, "Print a JSON object a line")->group(group);
    auto* csv = app.add_flag("--csv", options.csv, "Print CSV")->group(group);
    json->excludes(ndjson)->excludes(csv);
    ndjson->excludes(csv);
    app.add_option("--units", options.units, "In tables: KiB or kB")
        ->check(one_of({"iec", "si"}))
        ->type_name("iec|si")
        ->group(group);
    app.add_flag("--bytes", options.exact_bytes, "In tables: every byte")->group(group);
    app.add_option("--tz", options.zone, "Time zone of what is read and shown, as Europe/Vienna")
        ->type_name("ZONE")
        ->group(group);
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
    app.option_defaults()->always_capture_default(false);
    add_global_options(app, session.options);
    for (const auto add : commands) add(app, session);
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
