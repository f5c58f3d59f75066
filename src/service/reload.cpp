// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/reload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "host/log.hpp"
#include "service/config_check.hpp"
#include "service/ledger_url.hpp"
#include "view/text.hpp"

namespace octroi {
namespace {

using nlohmann::json;

json to_json(const std::vector<ConfigChange>& changes) {
    json rows = json::array();
    for (const ConfigChange& c : changes)
        rows.push_back({{"key", c.key},
                        {"before", c.before},
                        {"after", c.after},
                        {"live", c.live},
                        {"note", c.note}});
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
        for (const char* text : {"key", "before", "after", "note"})
            if (!row.is_object() || !row.contains(text) || !row[text].is_string()) return wrong();
        if (!row.contains("live") || !row["live"].is_boolean()) return wrong();
        changes.push_back({row["key"], row["before"], row["after"], row["live"], row["note"]});
    }
    return changes;
}

// Two names of one file: the paths are equal, or lead to the same place through links.
bool is_same_file(const std::string& a, const std::string& b) {
    if (a == b) return true;
    std::error_code failed;
    const auto resolved_a = std::filesystem::weakly_canonical(a, failed);
    if (failed) return false;
    const auto resolved_b = std::filesystem::weakly_canonical(b, failed);
    return !failed && resolved_a == resolved_b;
}

// Checks the configuration file that the client has named, if it has named one.
Status check_config_file(const json& request, const std::string& own) {
    const auto named = request.find("config");
    if (named == request.end()) return {};
    if (!named->is_string()) return fail(ErrorCode::invalid, "\"config\" must be a path");
    const auto& path = named->get_ref<const std::string&>();
    if (is_same_file(path, own)) return {};
    return fail(ErrorCode::invalid,
                fmt::format("the daemon reads the configuration {}, not {}: nothing was reloaded. "
                            "Next: --config {}, or restart the daemon with the other file",
                            own, path, own));
}

bool names_classes(const Config& config) {
    return !config.attribute.class_table.empty() || !config.attribute.class_rules.empty();
}

// The configuration names classes no more. The ledger's table stays, because `octroi class load`
// may have loaded it.
void note_class_table_stays(const Config& before, const Config& after,
                            std::vector<ConfigChange>& changes) {
    if (!names_classes(before) || names_classes(after)) return;
    for (ConfigChange& change : changes)
        if (change.key == "attribute.class_table" || change.key == "attribute.class_rules")
            change.note =
                "the class table in force stays; octroi class load puts another one in force";
}

}  // namespace

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
    TRY(check_rules(next));
    TRY(parts_.attribution.reconfigure(next, parts_.clock.now()));
    parts_.apply(next);
    // An option that needs a restart stays in the list until there was one, or until the file has
    // its old value again.
    std::vector<ConfigChange> changes = config_changes(current_, next, parts_.table);
    std::erase_if(changes, [](const ConfigChange& change) { return !change.live; });
    note_class_table_stays(current_, next, changes);
    for (ConfigChange& change : config_changes(started_, next, parts_.table))
        if (!change.live) changes.push_back(std::move(change));
    for (ConfigChange& change : changes) {
        change.before = without_passwords(change.before);
        change.after = without_passwords(change.after);
    }
    current_ = std::move(next);
    return changes;
}

void Reload::answer_at(ControlServer& server) {
    server.add_request("reload", [this](const json& request) -> Result<json> {
        TRY(check_config_file(request, parts_.config_file));
        TRY_ASSIGN(const auto changes, run());
        return to_json(changes);
    });
}

Result<std::vector<ConfigChange>> ask_reload(const std::string& ledger,
                                             const std::string& config_file) {
    json request{{"request", "reload"}};
    if (!config_file.empty()) request["config"] = config_file;
    auto answer = ask_daemon(ledger, request);
    if (!answer && answer.error().code == ErrorCode::not_found)
        // The daemon has the old path, and this one comes from the new file.
        answer.error().text +=
            ". If [ledger] path has changed since the daemon started, name the old path with "
            "--ledger";
    TRY_ASSIGN(const json changes, answer);
    return from_json(changes);
}

std::string change_text(const ConfigChange& change) {
    const std::string text =
        change.live
            ? fmt::format("{}: {} → {}", change.key, change.before, change.after)
            : fmt::format("{}: restart needed ({} → {})", change.key, change.before, change.after);
    return printable(change.note.empty() ? text : fmt::format("{} ({})", text, change.note));
}

Report changes_report(const std::vector<ConfigChange>& changes) {
    Report report;
    report.columns = {{.key = "option", .title = "Option"},
                      {.key = "before", .title = "Before"},
                      {.key = "after", .title = "After"},
                      {.key = "restart_needed", .title = "Restart needed"},
                      {.key = "note", .title = "Note"}};
    for (const ConfigChange& c : changes)
        report.rows.push_back(
            {.cells = {c.key, c.before, c.after, !c.live, c.note.empty() ? Cell() : Cell(c.note)}});
    return report;
}

}  // namespace octroi
