// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <deque>
#include <memory>

#include "app/commands.hpp"
#include "app/session.hpp"
#include "host/file.hpp"
#include "host/log.hpp"
#include "service/found_sources.hpp"
#include "view/text.hpp"

namespace octroi {
namespace {

// In octets, as the parser of configurations.
constexpr std::size_t config_octets_max = 1U << 20U;

struct Wanted {
    std::string_view flag;
    bool is_given = false;
};

struct Options {
    std::deque<Wanted> wanted;  // targets of flags: they must not move
    std::string root = "/";
    bool dry_run = false;
};

// The text of the configuration file; empty: there is none.
Result<std::string> existing_text(const std::string& path) {
    auto text = read_file(path, config_octets_max);
    if (!text && text.error().code == ErrorCode::not_found) return std::string();
    return text;
}

std::string flags_text(const Options& options) {
    std::string text;
    for (const Wanted& wanted : options.wanted)
        text += fmt::format("{}octroi init {}", text.empty() ? "" : ", ", wanted.flag);
    return text;
}

Result<ExitStatus> init(Session& session, const Options& options) {
    InitSettings settings{.kinds = session.kinds(),
                          .table = session.option_table(),
                          .root = options.root,
                          .flags = {},
                          .existing = {}};
    for (const Wanted& wanted : options.wanted)
        if (wanted.is_given) settings.flags.push_back(wanted.flag);
    if (settings.flags.empty())
        return fail(ErrorCode::invalid,
                    fmt::format("nothing to look for is given. Next: {}", flags_text(options)));
    const std::string path = session.config_path();
    // The file of this machine is not that of another system.
    const bool has_file = options.root == "/" || !session.options.config.empty();
    if (has_file) {
        TRY_ASSIGN(settings.existing, existing_text(path));
    }
    TRY_ASSIGN(const InitPlan plan, plan_init(settings));
    for (const std::string& note : plan.notes) log_warning(printable(note));
    if (plan.text.empty()) {
        log_info("found nothing to follow that is not followed already");
        return ExitStatus::done;
    }
    TRY(session.print(plan.text));
    for (const std::string& found : plan.found) log_info(fmt::format("found {}", printable(found)));
    if (!settings.existing.empty()) {
        log_info(
            fmt::format("{} exists and was not changed. Next: add these lines to it, then "
                        "octroi reload",
                        path));
    } else if (!has_file) {
        log_info(
            fmt::format("nothing was written: these lines are for {} below {}. Next: --config "
                        "FILE writes them to a file",
                        path, options.root));
    } else if (options.dry_run) {
        log_info(fmt::format("{} was not written (--dry-run)", path));
    } else {
        TRY(write_new_config(path, plan.text));
        log_info(
            fmt::format("{} written. Next: read it, octroi account scan or octroi bind for the "
                        "accounts, then octroi run",
                        path));
    }
    return ExitStatus::done;
}

}  // namespace

void add_init(const Command& app, Session& session) {
    auto options = std::make_shared<Options>();
    Command command =
        app.sub("init",
                "Write a configuration for what this machine has. A configuration that "
                "exists is not changed: then the lines to add are printed");
    for (const MeterKind* kind : session.kinds())
        for (const Discovery& discovery : kind->discoveries) {
            Wanted& wanted = options->wanted.emplace_back(Wanted{discovery.flag});
            command.flag(discovery.flag, wanted.is_given, discovery.help);
        }
    command
        .text("--root", options->root,
              "The system to look at: the folder of a container or of a mounted disk (default: /)",
              "FOLDER")
        .flag("--dry-run", options->dry_run, "Print the configuration without writing it")
        .does([&session, options] { return init(session, *options); });
}

}  // namespace octroi
