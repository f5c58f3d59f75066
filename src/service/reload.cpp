// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/reload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "host/log.hpp"
#include "view/zone.hpp"

namespace octroi {
namespace {

using nlohmann::json;

json to_json(const std::vector<ConfigChange>& changes) {
    json rows = json::array();
    for (const ConfigChange& c : changes)
        rows.push_back(
            {{"key", c.key}, {"before", c.before}, {"after", c.after}, {"live", c.live}});
    return rows;
}

Result<std::vector<ConfigChange>> from_json(const json& rows) {
    const auto wrong = [] {
        return fail(ErrorCode::corrupt,
                    "the daemon's answer is not a list of changes. Next: "
                    "restart it, it may be of another version");
    };
    if (!rows.is_array()) return wrong();
    std::vector<ConfigChange> changes;
    for (const json& row : rows) {
        for (const char* text : {"key", "before", "after"})
            if (!row.is_object() || !row.contains(text) || !row[text].is_string()) return wrong();
        if (!row.contains("live") || !row["live"].is_boolean()) return wrong();
        changes.push_back({row["key"], row["before"], row["after"], row["live"]});
    }
    return changes;
}

}  // namespace

Status check_config(const Config& config) {
    TRY(configured_categories(config));
    TRY(configured_services(config));
    if (config.display.timezone == "local") return {};
    const auto zone = Zone::find(config.display.timezone);
    if (!zone) return fail(ErrorCode::invalid, "[display] timezone: " + zone.error().text);
    return {};
}

Result<std::vector<ConfigChange>> Reload::run() {
    auto changes = try_run();
    if (!changes) {
        parts_.board.on_reload_refused();
        log_error(fmt::format("configuration not reloaded, the running one stays: {}",
                              changes.error().text));
        return changes;
    }
    parts_.board.on_reloaded(parts_.clock.now());
    log_info(changes->empty() ? "configuration reloaded: nothing has changed"
                              : "configuration reloaded");
    for (const ConfigChange& change : *changes) {
        if (change.live)
            log_info(change_text(change));
        else
            log_warning(change_text(change));
    }
    return changes;
}

Result<std::vector<ConfigChange>> Reload::try_run() {
    TRY_ASSIGN(Config next, parts_.read());
    TRY(check_config(next));
    TRY(parts_.attribution.reconfigure(next, parts_.clock.now()));
    parts_.apply(next);
    // An option that needs a restart stays in the list until there was one, or until the file has
    // its old value again.
    std::vector<ConfigChange> changes = config_changes(current_, next, parts_.table);
    std::erase_if(changes, [](const ConfigChange& change) { return !change.live; });
    for (ConfigChange& change : config_changes(started_, next, parts_.table))
        if (!change.live) changes.push_back(std::move(change));
    current_ = std::move(next);
    return changes;
}

void Reload::answer_at(ControlServer& server) {
    server.add_request("reload", [this](const json& /*request*/) -> Result<json> {
        TRY_ASSIGN(const auto changes, run());
        return to_json(changes);
    });
}

Result<std::vector<ConfigChange>> ask_reload(const std::string& ledger) {
    TRY_ASSIGN(const json answer, ask_daemon(ledger, {{"request", "reload"}}));
    return from_json(answer);
}

std::string change_text(const ConfigChange& change) {
    if (change.live) return fmt::format("{}: {} → {}", change.key, change.before, change.after);
    return fmt::format("{}: restart needed ({} → {})", change.key, change.before, change.after);
}

Report changes_report(const std::vector<ConfigChange>& changes) {
    Report report;
    report.columns = {{.key = "option", .title = "Option"},
                      {.key = "before", .title = "Before"},
                      {.key = "after", .title = "After"},
                      {.key = "restart_needed", .title = "Restart needed"}};
    for (const ConfigChange& c : changes)
        report.rows.push_back({.cells = {c.key, c.before, c.after, !c.live}});
    return report;
}

}  // namespace octroi
