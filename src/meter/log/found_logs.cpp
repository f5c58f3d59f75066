// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/found_logs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "meter/log/log_finder.hpp"
#include "wire/log/formats.hpp"

namespace octroi::logs {
namespace {

bool is_installed(const KnownServer& server, const RootedFiles& files) {
    return std::ranges::any_of(
        server.installed, [&](std::string_view path) { return files.exists(std::string(path)); });
}

std::string list_of(std::span<const std::string_view> texts) {
    std::string list;
    for (const std::string_view text : texts)
        list += fmt::format("{}{}", list.empty() ? "" : ", ", text);
    return list;
}

// The first that fits; null where none does.
const std::string_view* fitting_format(std::span<const std::string_view> formats,
                                       std::string_view text, LogSample& sample) {
    for (const std::string_view& format : formats) {
        const auto reader = logline::open_reader(format, {});
        if (!reader) continue;
        sample = sample_lines(**reader, text);
        if (sample.fits()) return &format;
    }
    return nullptr;
}

}  // namespace

void note_contents(const LogSample& sample, FoundLog& log) {
    if (sample.bad > 0)
        log.notes.push_back(fmt::format(
            "{} of its first {} lines cannot be read ({}). Next: octroi inspect log --bad shows "
            "them",
            sample.bad, sample.bad + sample.traffic + sample.other, to_string(sample.first_bad)));
    if (!sample.client_domain.empty() && !sample.has_domain)
        log.notes.push_back(fmt::format(
            "its lines name the site as the visitor did ({}). Such names do not count, because a "
            "visitor could charge another site; next: client_names = true accepts them",
            sample.client_domain));
}

std::optional<std::string> LogFinder::begin_of(const std::string& path, std::string& why) {
    if (samples_ == samples_max) return std::string();
    ++samples_;
    auto text = files_.read_begin(path, sample_octets);
    if (text) return *std::move(text);
    why = text.error().text;
    return std::nullopt;
}

void LogFinder::add(FoundLog log) {
    if (found.logs.size() == found_logs_max)
        return add_note(
            fmt::format("there are more than {} logs; the others are left out. Next: "
                        "follow them with patterns in `paths`",
                        found_logs_max));
    for (const std::string& path : log.paths) used_.insert(path);
    found.logs.push_back(std::move(log));
}

void LogFinder::add_note(std::string note) {
    if (std::ranges::find(found.notes, note) == found.notes.end())
        found.notes.push_back(std::move(note));
}

bool LogFinder::offer(const KnownServer& server, const std::string& path) {
    std::string why;
    const auto text = begin_of(path, why);
    if (!text) {
        add_note(fmt::format("{}: {}", server.name, why));
        return false;
    }
    LogSample sample;
    const std::string_view* format = fitting_format(server.formats, *text, sample);
    if (format == nullptr) {
        // A file of syslog need not have a line of this program.
        if (!text->empty() && !server.shares_log)
            add_note(fmt::format(
                "{}: {} has no lines of the formats {}; next: octroi inspect log "
                "--bad --format {} {} shows why",
                server.name, path, list_of(server.formats), server.formats.front(), path));
        return false;
    }
    FoundLog log{.server = std::string(server.name),
                 .paths = {path},
                 .format_key = "format",
                 .format = std::string(*format),
                 .domain = {},
                 .notes = {}};
    if (is_web_server(server.config) && !sample.has_domain)
        log.notes.emplace_back(
            "its lines do not name the site: all of its traffic counts for `domain`, or for the "
            "name of this machine. Next: if it has several sites, write %v (Apache) or "
            "$server_name (nginx) into its format");
    note_contents(sample, log);
    if (!server.shares_log) used_.insert(path);
    found.logs.push_back(std::move(log));
    return true;
}

void LogFinder::find_by_table(const KnownServer& server) {
    const bool installed = is_installed(server, files_);
    if (server.needs_installed && !installed) return;
    bool offered = false;
    for (const std::string_view pattern : server.logs)
        for (const std::string& path : files_.matching(std::string(pattern))) {
            if (offered && !server.follows_all) return;
            if (is_used(path) || found.logs.size() == found_logs_max) continue;
            offered = offer(server, path) || offered;
        }
    if (installed && !offered)
        add_note(
            fmt::format("{} is installed, and no log with its lines was found at {}; next: "
                        "let it write a log, write its path into [[meter]], or follow the journal "
                        "with kind = \"journal\"",
                        server.name, list_of(server.logs)));
}

FoundLogs find_logs(const RootedFiles& files) {
    LogFinder finder(files);
    for (const KnownServer& server : known_servers())
        if (server.config == ConfigReader::none || !finder.find_by_config(server))
            finder.find_by_table(server);
    return std::move(finder.found);
}

}  // namespace octroi::logs
