// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <set>

#include "wire/web_config/apache_words.hpp"
#include "wire/web_config/config_walk.hpp"

namespace octroi::web_config {
namespace {

// Modules that are part of the program in the packages of the distributions: no LoadModule names
// them.
constexpr std::array<std::string_view, 10> builtin_modules{
    "core.c",      "core_module",       "http_core.c", "http_module",  "mod_log_config.c",
    "mod_logio.c", "log_config_module", "mod_so.c",    "logio_module", "so_module"};

// mod_log_config: the format of CustomLog and TransferLog where none is stated.
constexpr std::string_view common_format = R"(%h %l %u %t "%r" %>s %b)";

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

// "mod_ssl.c" of "/usr/lib/apache2/modules/mod_ssl.so".
std::string source_of_module(std::string_view path) {
    std::string name(path.substr(path.rfind('/') + 1));
    if (name.ends_with(".so")) name.replace(name.size() - 2, 2, "c");
    return name;
}

class ApacheReader {
public:
    ApacheReader(std::string main_file, ConfigFiles& files)
        : main_file_(std::move(main_file)), walk_(files), server_root_(folder_of(main_file_)) {}

    std::optional<WebConfig> read() {
        if (const auto variables = walk_.open(server_root_ + "/envvars", 0, {}))
            variables_ = shell_variables(*variables);
        const std::vector<std::string> ignored = walk_.move_problems();  // RHEL has no envvars
        const auto text = walk_.open(main_file_, 0, {main_file_, 0});
        if (!text) return std::nullopt;
        read_text(*text, main_file_, 0);
        finish();
        return std::move(config_);
    }

private:
    using Words = std::vector<std::string>;

    // Of a section that is open: whether what stands in it counts.
    struct Section {
        std::string name;
        bool counts = true;
    };

    void read_text(std::string_view text, const std::string& file, std::size_t depth) {
        std::uint32_t next = 1;
        std::uint32_t lines = 0;
        const std::size_t open_before = sections_.size();
        while (!text.empty()) {
            next = lines + 1;
            const std::string line = next_apache_line(text, lines);
            if (line.empty() || line.front() == '#') continue;
            read_line(line, {file, next}, depth);
        }
        // A section ends in the file in which it begins.
        while (sections_.size() > open_before) close_section();
    }

    void read_line(const std::string& line, const Place& place, std::size_t depth) {
        if (line.starts_with("</")) {
            if (!sections_.empty()) close_section();
            return;
        }
        if (line.front() == '<') return open_section(line, place);
        if (!counts()) return;
        Words words = apache_words(with_variables(line, variables_));
        if (words.empty()) return;
        words.front() = lower(words.front());
        read_directive(words, place, depth);
    }

    [[nodiscard]] bool counts() const {
        return std::ranges::all_of(sections_, [](const Section& s) { return s.counts; });
    }

    void open_section(std::string_view line, const Place& place) {
        line.remove_prefix(1);
        if (line.ends_with('>')) line.remove_suffix(1);
        Words words = apache_words(with_variables(line, variables_));
        Section section{words.empty() ? "" : lower(words.front()), counts()};
        const std::string argument = words.size() > 1 ? words[1] : "";
        if (section.name == "ifmodule") {
            section.counts = section.counts && is_true(argument, [&](std::string_view name) {
                                 return is_loaded(name);
                             });
        } else if (section.name == "ifdefine") {
            section.counts = section.counts && is_true(argument, [&](std::string_view name) {
                                 return variables_.contains(name);
                             });
        } else if (section.name == "macro") {
            section.counts = false;
            walk_.add_problem(place, "macros are not read: logs and sites in them are missing");
        } else if (section.name == "virtualhost" && section.counts) {
            if (config_.sites.size() == sites_max) {
                walk_.add_problem(place, "there are more sites than are read");
                section.counts = false;
            } else {
                Site& site = config_.sites.emplace_back();
                site.file = place.file;
                site.line = place.line;
                in_site_ = true;
            }
        }
        sections_.push_back(std::move(section));
    }

    template <typename IsSet>
    static bool is_true(std::string_view argument, IsSet is_set) {
        const bool negated = argument.starts_with('!');
        if (negated) argument.remove_prefix(1);
        return is_set(argument) != negated;
    }

    [[nodiscard]] bool is_loaded(std::string_view name) const {
        // A server with all modules in its program has no LoadModule at all.
        return modules_.empty() || modules_.contains(name) ||
               std::ranges::find(builtin_modules, name) != builtin_modules.end();
    }

    void close_section() {
        if (sections_.back().name == "virtualhost" && sections_.back().counts) in_site_ = false;
        sections_.pop_back();
    }

    [[nodiscard]] bool is_in(std::string_view name) const {
        return std::ranges::find(sections_, name, &Section::name) != sections_.end();
    }

    void read_directive(const Words& words, const Place& place, std::size_t depth) {
        const std::string& name = words.front();
        const std::string argument = words.size() > 1 ? words[1] : "";
        if (name == "include" || name == "includeoptional") {
            include(argument, name == "includeoptional", place, depth);
        } else if (name == "define" && words.size() > 1) {
            variables_.insert_or_assign(argument, words.size() > 2 ? words[2] : "");
        } else if (name == "undefine") {
            variables_.erase(argument);
        } else if (name == "loadmodule" && words.size() > 2) {
            modules_.insert(argument);
            modules_.insert(source_of_module(words[2]));
        } else if (name == "serverroot") {
            server_root_ = argument;
        } else if (name == "logformat" && words.size() > 2) {
            formats_.insert_or_assign(words[2], argument);
        } else if (name == "customlog" || name == "transferlog" || name == "globallog") {
            add_log(words, place);
        } else if (in_site_) {
            read_site_directive(words, place);
        }
    }

    void read_site_directive(const Words& words, const Place& place) {
        Site& site = config_.sites.back();
        const std::string& name = words.front();
        if (words.size() < 2) return;
        if (name == "servername") {
            site.name = words[1];
        } else if (name == "serveralias") {
            site.aliases.insert(site.aliases.end(), words.begin() + 1, words.end());
        } else if (name == "documentroot") {
            site.root = path_in(server_root_, words[1]);
        } else if (name == "suexecusergroup" || name == "assignuserid") {
            site.user = words[1];
        } else {
            return;
        }
        note_file(site, place.file);
    }

    void include(const std::string& path, bool optional, const Place& place, std::size_t depth) {
        std::string pattern = path_in(server_root_, path);
        while (pattern.ends_with('/')) pattern.pop_back();
        std::vector<std::string> found = walk_.matching(pattern);
        // A folder stands for all files in it.
        if (found.size() == 1 && !is_pattern(pattern))
            if (auto inside = walk_.matching(pattern + "/*"); !inside.empty())
                found = std::move(inside);
        if (found.empty() && !optional && !is_pattern(pattern))
            walk_.add_problem(place, fmt::format("{} cannot be read", pattern));
        for (const std::string& file : found)
            if (const auto text = walk_.open(file, depth + 1, place))
                read_text(*text, file, depth + 1);
    }

    void add_log(const Words& words, const Place& place) {
        const std::string& path = words.size() > 1 ? words[1] : words.front();
        if (words.size() < 2) return;
        if (path.starts_with('|'))
            return walk_.add_problem(place,
                                     "a log that goes to a program is not read: follow the "
                                     "files that the program writes");
        if (path.starts_with("syslog:"))
            return walk_.add_problem(place, "a log that goes to syslog is not read");
        if (path == "/dev/null") return;
        AccessLog log;
        log.path = path_in(server_root_, path);
        if (words.front() != "transferlog" && words.size() > 2) log.format = words[2];
        for (const std::string& word : words)
            log.conditional =
                log.conditional || word.starts_with("env=") || word.starts_with("expr=");
        // GlobalLog logs the requests to all sites, as a log of no site does for those without one.
        if (in_site_ && words.front() != "globallog") {
            config_.sites.back().logs.push_back(std::move(log));
            config_.sites.back().has_own_logs = true;
        } else {
            config_.shared_logs.push_back(std::move(log));
        }
    }

    // A format may be defined behind the log that names it.
    void name_format(AccessLog& log) const {
        if (const auto named = formats_.find(log.format); named != formats_.end()) {
            log.format_name = log.format;
            log.format = named->second;
        } else if (log.format.empty()) {
            log.format_name = "common";
            log.format = common_format;
        } else if (!log.format.contains('%')) {
            // Not defined: mod_log_config would write this text as each line.
            log.format_name = std::exchange(log.format, {});
        }
    }

    void finish() {
        for (AccessLog& log : config_.shared_logs) name_format(log);
        for (Site& site : config_.sites) {
            for (AccessLog& log : site.logs) name_format(log);
            if (!site.has_own_logs) site.logs = config_.shared_logs;
            // ServerName may have a scheme and a port.
            if (const std::size_t at = site.name.find("://"); at != std::string::npos)
                site.name.erase(0, at + 3);
            site.name = site.name.substr(0, site.name.find(':'));
        }
        config_.problems = walk_.move_problems();
    }

    const std::string main_file_;
    ConfigWalk walk_;
    std::string server_root_;
    Variables variables_;
    std::set<std::string, std::less<>> modules_;
    std::map<std::string, std::string, std::less<>> formats_;
    std::vector<Section> sections_;
    bool in_site_ = false;
    WebConfig config_;
};

}  // namespace

std::optional<WebConfig> read_apache(const std::string& main_file, ConfigFiles& files) {
    return ApacheReader(main_file, files).read();
}

std::optional<WebConfig> read_web_config(const MainFile& file, ConfigFiles& files) {
    const std::string path(file.path);
    if (file.server == WebServer::apache) return read_apache(path, files);
    return read_nginx(path, std::string(nginx_default_log), files);
}

}  // namespace octroi::web_config
