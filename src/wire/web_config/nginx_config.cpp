// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <map>

#include "wire/web_config/config_walk.hpp"
#include "wire/web_config/nginx_words.hpp"

namespace octroi::web_config {
namespace {

// ngx_http_log_module: predefined.
constexpr std::string_view combined_format =
    R"($remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent )"
    R"("$http_referer" "$http_user_agent")";

// access_log of one level of the configuration.
struct Logs {
    bool stated = false;  // else those of the level above hold
    std::vector<AccessLog> logs;
};

class NginxReader {
public:
    NginxReader(std::string main_file, std::string default_log, ConfigFiles& files)
        : main_file_(std::move(main_file)),
          folder_(folder_of(main_file_)),
          default_log_(std::move(default_log)),
          walk_(files) {
        formats_.emplace("combined", combined_format);
    }

    std::optional<WebConfig> read() {
        const auto text = walk_.open(main_file_, 0, {main_file_, 0});
        if (!text) return std::nullopt;
        read_text(*text, main_file_, 0);
        finish();
        return std::move(config_);
    }

private:
    enum class Block : std::uint8_t { http, server, location, other };
    using Words = std::vector<std::string>;

    void read_text(std::string_view text, const std::string& file, std::size_t depth) {
        NginxText statements(text);
        const std::size_t open_before = blocks_.size();
        while (true) {
            const NginxStatement statement = statements.next();
            const Place place{file, statement.line};
            switch (statement.kind) {
                case NginxStatement::Kind::none:
                    blocks_.resize(std::min(blocks_.size(), open_before));
                    return;
                case NginxStatement::Kind::end:
                    if (blocks_.size() > open_before) blocks_.pop_back();
                    break;
                case NginxStatement::Kind::begin:
                    begin(statement.words, place);
                    break;
                case NginxStatement::Kind::simple:
                    if (!statement.words.empty()) read_directive(statement.words, place, depth);
                    break;
            }
        }
    }

    // Blocks of `stream` and `mail` have logs of other kinds.
    void begin(const Words& words, const Place& place) {
        const std::string_view name = words.empty() ? std::string_view() : words.front();
        const bool in_http = !blocks_.empty() && blocks_.front() == Block::http;
        Block block = Block::other;
        if (name == "http" && blocks_.empty()) block = Block::http;
        if (name == "server" && blocks_.size() == 1 && in_http) block = Block::server;
        if ((name == "location" || name == "if" || name == "limit_except") && in_http &&
            blocks_.size() > 1 && blocks_[1] == Block::server)
            block = Block::location;
        if (block == Block::server) {
            if (config_.sites.size() == sites_max) {
                walk_.add_problem(place, "there are more sites than are read");
                block = Block::other;
            } else {
                Site& site = config_.sites.emplace_back();
                site.file = place.file;
                site.line = place.line;
                logs_of_sites_.emplace_back();
            }
        }
        blocks_.push_back(block);
    }

    void read_directive(const Words& words, const Place& place, std::size_t depth) {
        const std::string& name = words.front();
        if (name == "include" && words.size() > 1) return include(words[1], place, depth);
        if (blocks_.empty()) return;
        if (name == "log_format" && blocks_.back() == Block::http) return add_format(words);
        if (name == "access_log") return add_log(words, place);
        if (blocks_.back() != Block::server || words.size() < 2) return;
        Site& site = config_.sites.back();
        if (name == "server_name") {
            for (auto word = words.begin() + 1; word != words.end(); ++word) add_name(site, *word);
        } else if (name == "root") {
            site.root = words[1];
        } else {
            return;
        }
        note_file(site, place.file);
    }

    // "" and "_" are names that no request has; they mark the site for all other names.
    static void add_name(Site& site, const std::string& name) {
        if (name.empty() || name == "_") return;
        if (site.name.empty() && site.aliases.empty())
            site.name = name;
        else
            site.aliases.push_back(name);
    }

    void include(const std::string& path, const Place& place, std::size_t depth) {
        const std::string pattern = path_in(folder_, path);
        const std::vector<std::string> found = walk_.matching(pattern);
        if (found.empty() && !is_pattern(pattern))
            walk_.add_problem(place, fmt::format("{} cannot be read", pattern));
        for (const std::string& file : found)
            if (const auto text = walk_.open(file, depth + 1, place))
                read_text(*text, file, depth + 1);
    }

    // "log_format name [escape=default|json|none] text…": the texts are joined.
    void add_format(const Words& words) {
        if (words.size() < 3) return;
        std::string format;
        for (std::size_t i = 2; i < words.size(); ++i)
            if (i > 2 || !words[i].starts_with("escape=")) format += words[i];
        formats_.insert_or_assign(words[1], std::move(format));
    }

    void add_log(const Words& words, const Place& place) {
        if (words.size() < 2) return;
        const Block block = blocks_.back();
        const bool is_off = words[1] == "off" || words[1] == "/dev/null";
        if (block == Block::location) {
            if (is_off) config_.sites.back().has_unlogged_parts = true;
        } else if (block != Block::http && block != Block::server) {
            return;
        }
        const bool in_site = block != Block::http;
        Logs& level = in_site ? logs_of_sites_.back() : http_logs_;
        if (block != Block::location) level.stated = true;
        if (is_off) return;
        if (words[1].starts_with("syslog:"))
            return walk_.add_problem(place, "a log that goes to syslog is not read");
        if (!words[1].starts_with('/'))
            return walk_.add_problem(
                place, fmt::format("the path {} depends on how nginx was built", words[1]));
        AccessLog log{.path = words[1], .format = {}, .format_name = "combined"};
        // Parameters have an '=': buffer=32k, gzip, flush=5m, if=condition.
        if (words.size() > 2 && !words[2].contains('=') && words[2] != "gzip")
            log.format_name = words[2];
        for (const std::string& word : words)
            log.conditional = log.conditional || word.starts_with("if=");
        // That of a location is one more log of its site.
        if (block == Block::location)
            logs_of_locations_.emplace_back(config_.sites.size() - 1, std::move(log));
        else
            level.logs.push_back(std::move(log));
    }

    void name_format(AccessLog& log) const {
        const auto named = formats_.find(log.format_name);
        if (named != formats_.end()) log.format = named->second;
    }

    void finish() {
        if (!http_logs_.stated && !default_log_.empty())
            http_logs_.logs.push_back({default_log_, {}, "combined"});
        for (AccessLog& log : http_logs_.logs) name_format(log);
        for (std::size_t i = 0; i < config_.sites.size(); ++i) {
            Site& site = config_.sites[i];
            site.has_own_logs = logs_of_sites_[i].stated;
            site.logs = site.has_own_logs ? logs_of_sites_[i].logs : http_logs_.logs;
        }
        for (auto& [site, log] : logs_of_locations_)
            if (std::ranges::find(config_.sites[site].logs, log.path, &AccessLog::path) ==
                config_.sites[site].logs.end())
                config_.sites[site].logs.push_back(std::move(log));
        for (Site& site : config_.sites)
            for (AccessLog& log : site.logs) name_format(log);
        config_.shared_logs = std::move(http_logs_.logs);
        config_.problems = walk_.move_problems();
    }

    const std::string main_file_;
    const std::string folder_;
    const std::string default_log_;
    ConfigWalk walk_;
    std::map<std::string, std::string, std::less<>> formats_;
    std::vector<Block> blocks_;
    Logs http_logs_;
    std::vector<Logs> logs_of_sites_;  // in the order of the sites
    std::vector<std::pair<std::size_t, AccessLog>> logs_of_locations_;
    WebConfig config_;
};

}  // namespace

std::optional<WebConfig> read_nginx(const std::string& main_file, const std::string& default_log,
                                    ConfigFiles& files) {
    return NginxReader(main_file, default_log, files).read();
}

}  // namespace octroi::web_config
