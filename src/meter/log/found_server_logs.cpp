// SPDX-License-Identifier: GPL-3.0-or-later
// Logs that the configuration of Squid or vsftpd names.
#include <fmt/format.h>

#include "meter/log/log_finder.hpp"
#include "wire/log/formats.hpp"
#include "wire/server_config/server_logs.hpp"

namespace octroi::logs {
namespace {

constexpr std::size_t server_config_octets_max = std::size_t{4} << 20U;

server_config::ServerLogs configured_logs(const KnownServer& server, const std::string& text,
                                          const RootedFiles& files) {
    if (server.config == ConfigReader::vsftpd) return server_config::read_vsftpd_logs(text);
    return server_config::read_squid_logs(text, [&](const std::string& pattern) {
        std::vector<std::string> texts;
        for (const std::string& path : files.matching(pattern))
            if (auto included = files.read(path, server_config_octets_max); included)
                texts.push_back(*std::move(included));
        return texts;
    });
}

}  // namespace

bool LogFinder::offer_configured(const KnownServer& server, const server_config::ServerLog& log) {
    const bool is_named = log.pattern.empty();
    const auto reader =
        logline::open_reader(is_named ? log.format : "squid-format", {.pattern = log.pattern});
    if (!reader) {
        add_note(fmt::format("{}: {}: {}", server.name, log.path, reader.error().text));
        return false;
    }
    std::string why;
    const auto text = begin_of(log.path, why);
    if (!text) {
        add_note(fmt::format("{}: {}", server.name, why));
        return false;
    }
    const LogSample sample = sample_lines(**reader, *text);
    if (!text->empty() && !sample.fits()) {
        add_note(
            fmt::format("{}: {} has no lines of the format that the configuration states; "
                        "next: octroi inspect log --bad shows why",
                        server.name, log.path));
        return false;
    }
    FoundLog found_log{.server = std::string(server.name),
                       .paths = {log.path},
                       .format_key = is_named ? "format" : "squid_format",
                       .format = is_named ? log.format : log.pattern,
                       .domain = {},
                       .notes = {}};
    if (log.conditional)
        found_log.notes.emplace_back(
            "it has not all requests: the server writes them on a condition");
    note_contents(sample, found_log);
    add(std::move(found_log));
    return true;
}

bool LogFinder::find_in_server_config(const KnownServer& server) {
    for (const std::string_view path : server.installed) {
        const auto text = files_.read(std::string(path), server_config_octets_max);
        if (!text) continue;
        const auto configured = configured_logs(server, *text, files_);
        bool is_offered = false;
        for (const server_config::ServerLog& log : configured.logs) {
            if (is_used(log.path)) continue;
            // Several logs of a server have the same requests: each would count twice.
            if (is_offered)
                add_note(fmt::format("{}: {} is not offered, because {} may have the same requests",
                                     server.name, log.path, found.logs.back().paths.front()));
            else
                is_offered = offer_configured(server, log);
        }
        for (const std::string& note : configured.notes)
            add_note(fmt::format("{}: {}", server.name, note));
        return is_offered;
    }
    return false;
}

}  // namespace octroi::logs
