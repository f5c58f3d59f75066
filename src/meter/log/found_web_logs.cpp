// SPDX-License-Identifier: GPL-3.0-or-later
// Logs that the configuration of a web server names.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "host/found_files.hpp"
#include "meter/log/found_logs.hpp"
#include "meter/log/log_finder.hpp"
#include "meter/log/path_pattern.hpp"
#include "record/identity_kinds.hpp"
#include "wire/log/formats.hpp"
#include "wire/web_config/web_config.hpp"

namespace octroi::logs {
namespace {

using web_config::AccessLog;
using web_config::Site;
using web_config::WebConfig;

// Formats of the packages that have a reader of their own.
struct NamedFormat {
    std::string_view text;
    std::string_view name;
};
constexpr std::array named_formats{
    NamedFormat{R"(%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i")",
                "vhost-combined"},
    NamedFormat{R"(%v:%p %h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i")",
                "vhost-combined"},
    NamedFormat{R"(%h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i")", "combined"},
    NamedFormat{R"(%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i")", "combined"},
    NamedFormat{R"(%h %l %u %t "%r" %>s %O)", "clf"},
    NamedFormat{R"(%h %l %u %t "%r" %>s %b)", "clf"},
    NamedFormat{R"($remote_addr - $remote_user [$time_local] "$request" $status )"
                R"($body_bytes_sent "$http_referer" "$http_user_agent")",
                "combined"},
};

class FilesOfRoot final : public web_config::ConfigFiles {
public:
    explicit FilesOfRoot(const RootedFiles& files) : files_(files) {}
    std::optional<std::string> read(const std::string& path) override {
        auto text = files_.read(path, web_config::file_octets_max);
        if (!text) return std::nullopt;
        return *std::move(text);
    }
    std::vector<std::string> matching(const std::string& pattern) override {
        return files_.matching(pattern);
    }

private:
    const RootedFiles& files_;
};

// A log, and the sites that write to it.
struct SitesOfLog {
    AccessLog log;
    std::vector<const Site*> sites;
    bool has_other_format = false;  // two sites write to it in different formats
};

// In the order of their paths.
std::map<std::string, SitesOfLog> logs_by_path(const WebConfig& config) {
    std::map<std::string, SitesOfLog> logs;
    const auto add = [&](const AccessLog& log, const Site* site) {
        SitesOfLog& entry = logs.try_emplace(log.path, SitesOfLog{log, {}, false}).first->second;
        entry.has_other_format = entry.has_other_format || entry.log.format != log.format;
        entry.log.conditional = entry.log.conditional || log.conditional;
        if (site != nullptr) entry.sites.push_back(site);
    };
    for (const AccessLog& log : config.shared_logs) add(log, nullptr);
    for (const Site& site : config.sites)
        for (const AccessLog& log : site.logs) add(log, &site);
    return logs;
}

// The canonical domains of the sites, each once.
std::vector<std::string> domains_of(const std::vector<const Site*>& sites) {
    std::vector<std::string> domains;
    for (const Site* site : sites) {
        const auto domain = find_identity_kind("domain")->canonical(site->name);
        if (domain && std::ranges::find(domains, *domain) == domains.end())
            domains.push_back(*domain);
    }
    return domains;
}

std::string short_list(const std::vector<std::string>& names) {
    constexpr std::size_t shown = 3;
    std::string list;
    for (std::size_t i = 0; i < std::min(shown, names.size()); ++i)
        list += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > shown) list += fmt::format(" and {} more", names.size() - shown);
    return list;
}

class WebLogs {
public:
    WebLogs(const KnownServer& server, LogFinder& finder) : server_(server), finder_(finder) {}

    void add_all(const WebConfig& config) {
        for (const std::string& problem : config.problems)
            finder_.add_note(fmt::format("{}: {}", server_.name, problem));
        const auto logs = logs_by_path(config);
        for (const auto& [path, entry] : logs) add(entry);
        add_patterns();
        for (OneLog& one : single_) finder_.add(std::move(one.log));
    }

private:
    // A log that is not offered yet: with others it may become one pattern.
    struct OneLog {
        FoundLog log;
        std::string pattern;  // its path with {domain} in place of its site; empty: none
    };

    [[nodiscard]] bool is_nginx() const { return server_.config == ConfigReader::nginx; }

    void add(const SitesOfLog& entry) {
        const AccessLog& log = entry.log;
        FoundLog found{.server = std::string(server_.name),
                       .paths = {log.path},
                       .format_key = is_nginx() ? "nginx_format" : "log_format",
                       .format = log.format,
                       .domain = {},
                       .notes = {}};
        if (log.format.empty())
            return skip(log, fmt::format("its format {} is not defined", log.format_name));
        if (entry.has_other_format) return skip(log, "sites write to it in different formats");
        if (!set_variables_of_path(log, found)) return;
        name_format(found);
        LogSample sample;
        if (!check_lines(log, found, sample)) return;
        add_notes(entry, sample, found);
        OneLog one{std::move(found), {}};
        if (!one.log.domain.empty()) one.pattern = pattern_of(log.path, one.log.domain);
        single_.push_back(std::move(one));
    }

    void skip(const AccessLog& log, std::string_view why) {
        finder_.add_note(fmt::format("{}: {} is not offered: {}", server_.name, log.path, why));
    }

    // nginx: "/var/log/nginx/$server_name.log" is a log for each site.
    bool set_variables_of_path(const AccessLog& log, FoundLog& found) {
        std::string& path = found.paths.front();
        if (!is_nginx() || !path.contains('$')) return true;
        for (const std::string_view name : {"${server_name}", "$server_name"})
            if (const std::size_t at = path.find(name); at != std::string::npos) {
                path.replace(at, name.size(), "{domain}");
                break;
            }
        if (!path.contains('$') && PathPattern::parse(path)) return true;
        skip(log, "its path has variables; of these only one $server_name can be followed");
        return false;
    }

    static void name_format(FoundLog& found) {
        const auto* const named =
            std::ranges::find(named_formats, found.format, &NamedFormat::text);
        if (named == named_formats.end()) return;
        found.format_key = "format";
        found.format = named->name;
    }

    [[nodiscard]] static Result<std::unique_ptr<logline::LineReader>> open(const FoundLog& found) {
        if (found.format_key == "format") return logline::open_reader(found.format, {});
        return logline::open_reader(found.format_key == "nginx_format" ? "nginx" : "apache",
                                    {found.format});
    }

    // False: the log is not offered.
    bool check_lines(const AccessLog& log, FoundLog& found, LogSample& sample) {
        const auto reader = open(found);
        if (!reader) {
            skip(log, fmt::format("its format cannot be read: {}", reader.error().text));
            return false;
        }
        if (found.paths.front().contains("{domain}")) return true;
        std::string why;
        const auto text = finder_.begin_of(log.path, why);
        if (!text) {
            found.notes.push_back(
                fmt::format("its lines could not be compared with the format: {}", why));
            return true;
        }
        sample = sample_lines(**reader, *text);
        // A line of `combined` can be read as one of `vhost-combined`, with the client as the site.
        const bool is_shifted = found.format_key == "format" && !sample.has_client;
        if (sample.fits() && !is_shifted) return true;
        if (sample.traffic == 0 && sample.bad == 0) {
            found.notes.emplace_back("it has no line yet that could be compared with the format");
            return true;
        }
        skip(log, fmt::format("its lines are not of the format that the configuration states ({}); "
                              "next: restart {} if the format was changed, and move the old lines "
                              "away",
                              sample.bad > 0 ? to_string(sample.first_bad) : "no client is in them",
                              server_.name));
        return false;
    }

    // Whether the format has the name of the site, as the server is configured.
    static bool names_the_site(const FoundLog& found) {
        if (found.paths.front().contains("{domain}")) return true;
        if (found.format_key == "format") return found.format == "vhost-combined";
        return found.format.contains(found.format_key == "nginx_format" ? "$server_name" : "%v");
    }

    [[nodiscard]] bool states_requests(const FoundLog& found) const {
        if (found.format_key == "format") return false;
        return is_nginx() ? found.format.contains("$request_length") ||
                                found.format.contains("$bytes_received")
                          : found.format.contains("%I") || found.format.contains("%S");
    }

    void add_notes(const SitesOfLog& entry, const LogSample& sample, FoundLog& found) const {
        if (!names_the_site(found)) {
            const std::vector<std::string> domains = domains_of(entry.sites);
            // A site with and without TLS is there twice.
            const bool all_have_names =
                std::ranges::none_of(entry.sites, [](const Site* s) { return s->name.empty(); });
            if (domains.size() == 1 && all_have_names) {
                found.domain = domains.front();
            } else if (entry.sites.size() > 1) {
                found.notes.push_back(fmt::format(
                    "{} sites share it{}{}, and its lines do not name the site: all of its traffic "
                    "counts for the name of this machine. Next: {}",
                    entry.sites.size(), domains.empty() ? "" : ": ", short_list(domains),
                    is_nginx() ? "begin its log_format with $server_name"
                               : "use CustomLog with the format vhost_combined, or begin its "
                                 "LogFormat with %v"));
            }
        }
        note_contents(sample, found);
        if (!states_requests(found))
            found.notes.push_back(fmt::format(
                "uploads are not counted, because its format does not state the octets of "
                "requests. Next: add {}",
                is_nginx() ? "$request_length to its log_format"
                           : "%I (mod_logio) to its LogFormat"));
        if (entry.log.conditional)
            found.notes.emplace_back(
                "it has not all requests: the server writes them on a condition");
        for (const Site* site : entry.sites)
            if (site->has_unlogged_parts) {
                found.notes.push_back(fmt::format(
                    "{}:{} switches the log off for a part of the site", site->file, site->line));
                break;
            }
    }

    // "/var/log/apache2/{domain}.log"; empty: the path does not name the site, or is ambiguous.
    static std::string pattern_of(const std::string& path, const std::string& domain) {
        const std::size_t at = path.rfind(domain);
        if (at == std::string::npos) return {};
        std::string pattern = path;
        pattern.replace(at, domain.size(), "{domain}");
        const auto parsed = PathPattern::parse(pattern);
        return parsed && parsed->names(path).domain == domain ? pattern : std::string();
    }

    // Logs of several sites that differ in the name only become one section.
    void add_patterns() {
        std::map<std::pair<std::string, std::string>, std::vector<std::size_t>> alike;
        for (std::size_t i = 0; i < single_.size(); ++i)
            if (!single_[i].pattern.empty())
                alike[{single_[i].pattern, single_[i].log.format}].push_back(i);
        std::erase_if(alike, [&](const auto& group) {
            return group.second.size() < 2 || matches_others(group.first.first, group.second);
        });
        std::vector<bool> is_merged(single_.size());
        for (const auto& [key, members] : alike) {
            FoundLog merged = std::move(single_[members.front()].log);
            merged.paths = {key.first};
            merged.domain.clear();
            for (const std::size_t member : members) is_merged[member] = true;
            finder_.add(std::move(merged));
        }
        std::vector<OneLog> rest;
        for (std::size_t i = 0; i < single_.size(); ++i)
            if (!is_merged[i]) rest.push_back(std::move(single_[i]));
        single_ = std::move(rest);
    }

    [[nodiscard]] bool matches_others(const std::string& pattern,
                                      const std::vector<std::size_t>& members) const {
        const auto parsed = PathPattern::parse(pattern);
        for (std::size_t i = 0; i < single_.size(); ++i)
            if (std::ranges::find(members, i) == members.end())
                for (const std::string& path : single_[i].log.paths)
                    if (parsed && matches_pattern(path, parsed->glob())) return true;
        return false;
    }

    const KnownServer& server_;
    LogFinder& finder_;
    std::vector<OneLog> single_;
};

}  // namespace

bool LogFinder::find_by_config(const KnownServer& server) {
    if (!is_web_server(server.config)) return find_in_server_config(server);
    FilesOfRoot config_files(files_);
    const auto wanted = server.config == ConfigReader::nginx ? web_config::WebServer::nginx
                                                             : web_config::WebServer::apache;
    for (const web_config::MainFile& file : web_config::main_files) {
        if (file.server != wanted) continue;
        const auto config = web_config::read_web_config(file, config_files);
        if (!config) continue;
        WebLogs(server, *this).add_all(*config);
        return true;
    }
    return false;
}

}  // namespace octroi::logs
