// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/found_sources.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "config/parse.hpp"
#include "host/file.hpp"
#include "host/log.hpp"
#include "host/new_file.hpp"
#include "host/rooted_files.hpp"
#include "service/unconfigured_meter.hpp"

namespace octroi {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view config_name = "the configuration";
// Of `octroi run`: `octroi init --dry-run` prints all.
constexpr std::size_t lines_logged_max = 60;

template <typename Visit>
void each_discovery(MeterKinds kinds, Visit visit) {
    for (const MeterKind* kind : kinds)
        for (const Discovery& discovery : kind->discoveries) visit(discovery);
}

// The meter that runs on this machine where none is configured.
std::string packet_section(MeterKinds kinds) {
    const MeterKind* kind = choose_unconfigured(kinds, {}, {}).kind;
    return fmt::format(
        "# With a configuration only the meters in it run. This one counts the packets of all\n"
        "# interfaces, as octroi run does without a configuration. Its traffic is charged: the\n"
        "# logs below are witnesses, so that no byte is charged twice.\n"
        "[[meter]]\nname = \"{0}\"\nkind = \"{0}\"\n\n",
        kind->name);
}

}  // namespace

Result<InitPlan> plan_init(const InitSettings& settings) {
    TRY(RootedFiles(settings.root).check_root());
    TRY_ASSIGN(const Config existing, parse_config(settings.existing, config_name, settings.table));
    std::vector<std::string> taken;
    for (const MeterConfig& meter : existing.meters) taken.push_back(meter.name);
    InitPlan plan;
    if (existing.meters.empty() && settings.root == "/") {
        plan.text = packet_section(settings.kinds);
        taken.emplace_back(choose_unconfigured(settings.kinds, {}, {}).kind->name);
    }
    const std::size_t without_sources = plan.text.size();
    each_discovery(settings.kinds, [&](const Discovery& discovery) {
        if (std::ranges::find(settings.flags, discovery.flag) == settings.flags.end()) return;
        FoundSources found = discovery.find({settings.root, taken, existing.meters});
        for (const FoundSource& source : found.sources) {
            const auto whole =
                parse_config(fmt::format("{}\n{}{}", settings.existing, plan.text, source.section),
                             config_name, settings.table);
            if (!whole) {
                plan.notes.push_back(
                    fmt::format("{} is left out: {}", source.text, whole.error().text));
                continue;
            }
            plan.text += source.section;
            plan.found.push_back(source.text);
        }
        plan.notes.insert(plan.notes.end(), found.notes.begin(), found.notes.end());
    });
    if (plan.text.size() == without_sources) plan.text.clear();
    return plan;
}

Status write_new_config(const std::string& path, std::string_view text) {
    std::error_code error;
    const fs::path folder = fs::path(path).parent_path();
    if (!folder.empty()) fs::create_directories(folder, error);
    if (error)
        return fail(ErrorCode::permission,
                    fmt::format("cannot create the folder {}: {}; next: choose another file with "
                                "--config",
                                folder.string(), error.message()));
    TRY_ASSIGN(NewFile file, NewFile::create(path));
    TRY(replace_file(file.partial_path(), text));
    return file.commit();
}

void log_found_sources(MeterKinds kinds, std::string_view config_file) {
    std::string lines;
    each_discovery(kinds, [&](const Discovery& discovery) {
        const FoundSources found = discovery.find({.root = "/"});
        for (const FoundSource& source : found.sources) {
            log_info(fmt::format("found:    {}", source.text));
            lines += source.section;
        }
        for (const std::string& note : found.notes) log_info(fmt::format("found:    {}", note));
        if (!found.sources.empty())
            log_info(
                fmt::format("octroi init {} writes these lines to {}, which follow these sources:",
                            discovery.flag, config_file));
    });
    std::string_view rest = lines;
    for (std::size_t i = 0; !rest.empty() && i < lines_logged_max; ++i) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        if (end > 0) log_info(fmt::format("    {}", rest.substr(0, end)));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (!rest.empty()) log_info("    … octroi init --dry-run prints all lines");
}

}  // namespace octroi
