// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/discovery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "meter/log/follow_options.hpp"
#include "meter/log/found_logs.hpp"
#include "meter/log/kind.hpp"

namespace octroi::logs {
namespace {

// A TOML string (toml.io, v1.0.0): literal where possible, because formats have many quotes.
std::string toml_string(std::string_view text) {
    const auto is_plain = [](char c) {
        return static_cast<unsigned char>(c) >= ' ' && c != 0x7F && c != '\'';
    };
    const bool has_escapes = text.find_first_of("\"\\") != std::string_view::npos;
    if (has_escapes && std::ranges::all_of(text, is_plain)) return fmt::format("'{}'", text);
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out += fmt::format("\\{}", c);
        else if (static_cast<unsigned char>(c) < ' ' || c == 0x7F)
            out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        else
            out += c;
    }
    return out + "\"";
}

// Lines of a comment. Texts come from configurations and logs: they must not end the comment.
std::string comment(std::string_view text) {
    constexpr std::size_t width = 96;
    std::string out;
    std::string line = "#";
    while (!text.empty()) {
        const std::size_t space = std::min(text.find(' '), text.size());
        std::string word(text.substr(0, space));
        text.remove_prefix(std::min(space + 1, text.size()));
        std::ranges::replace_if(
            word, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; }, '?');
        if (line.size() > 1 && line.size() + 1 + word.size() > width) {
            out += line + "\n";
            line = "#";
        }
        line += " " + word;
    }
    return out + line + "\n";
}

std::string list_text(const std::vector<std::string>& texts) {
    std::string list;
    for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + toml_string(text);
    return "[" + list + "]";
}

// A packet meter may see the same bytes, and its name and the addresses are not known here.
constexpr std::string_view role_lines =
    "# A witness is kept and compared (octroi reconcile), and not charged. To charge by this log,\n"
    "# write in place of the role: same_bytes_as (the packet meters), addresses (of the server),\n"
    "# and precedence = \"log\". Where no other meter sees these bytes: role = \"bill\".\n"
    "role = \"witness\"\n";

std::string section_of(const FoundLog& log, const std::string& name) {
    std::string text;
    for (const std::string& note : log.notes)
        text += comment(fmt::format("{}: {}.", log.paths.front(), note));
    text += fmt::format("[[meter]]\nname = {}\nkind = {}\npaths = {}\n{} = {}\n", toml_string(name),
                        toml_string(kind.name), list_text(log.paths), log.format_key,
                        toml_string(log.format));
    if (!log.domain.empty()) text += fmt::format("domain = {}\n", toml_string(log.domain));
    return text + std::string(role_lines) + "\n";
}

// A program that can write a log can charge others: that of the owner of the file, or of its
// folder.
void note_owners(const RootedFiles& files, FoundLog& log) {
    constexpr std::size_t looked_at = 64;
    std::string pattern = log.paths.front();
    for (std::size_t begin = pattern.find('{'); begin != std::string::npos;
         begin = pattern.find('{')) {
        const std::size_t end = pattern.find('}', begin);
        if (end == std::string::npos) break;
        pattern.replace(begin, end + 1 - begin, "*");
    }
    std::vector<std::string> paths = files.matching(pattern);
    if (paths.size() > looked_at) paths.resize(looked_at);
    for (const std::string& path : paths) {
        const std::string folder = path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
        if (files.only_root_writes(path) && files.only_root_writes(folder)) continue;
        log.notes.push_back(fmt::format(
            "{} or its folder can be written by others than root: they can write lines that "
            "charge others. Next: let root own both, or keep the role witness",
            path));
        return;
    }
}

std::string people_text(const FoundLog& log) {
    const bool is_named = log.format_key == "format";
    return fmt::format("{}: {}, {}", log.server, log.paths.front(),
                       is_named ? "format " + log.format : "with the format of the configuration");
}

// nullptr: none follows it.
const MeterConfig* follower_of(const FoundLog& log, std::span<const MeterConfig> configured) {
    const auto found = std::ranges::find_if(configured, [&](const MeterConfig& meter) {
        return meter.kind == kind.name &&
               reads_lines_of(meter, log.paths, log.format_key == "format" ? log.format : "");
    });
    return found == configured.end() ? nullptr : &*found;
}

}  // namespace

FoundSources discover_logs(const DiscoverySetup& setup) {
    const RootedFiles files(setup.root);
    FoundLogs found = find_logs(files);
    std::set<std::string> names(setup.taken.begin(), setup.taken.end());
    FoundSources sources;
    sources.notes = found.notes;
    for (FoundLog& log : found.logs) {
        const MeterConfig* follower = follower_of(log, setup.configured);
        if (follower != nullptr) {
            sources.notes.push_back(fmt::format("{} is left out: the meter '{}' follows it",
                                                people_text(log), follower->name));
            continue;
        }
        note_owners(files, log);
        std::string name = log.server;
        for (int i = 2; !names.insert(name).second; ++i) name = fmt::format("{}-{}", log.server, i);
        sources.sources.push_back({people_text(log), section_of(log, name)});
    }
    return sources;
}

}  // namespace octroi::logs
