// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "wire/server_config/server_logs.hpp"

namespace octroi::server_config {
namespace {

constexpr std::string_view squid_blanks = " \t\r";

// Formats that squid.conf need not define, and the reader for each. Empty: it has no octets.
struct BuiltInFormat {
    std::string_view name;
    std::string_view reader;
};
constexpr std::array<BuiltInFormat, 5> built_in_formats{{{"squid", "squid"},
                                                         {"common", "clf"},
                                                         {"combined", "combined"},
                                                         {"referrer", ""},
                                                         {"useragent", ""}}};

// Removes the next word from the line.
std::string_view read_word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(squid_blanks), line.size()));
    const std::string_view word = line.substr(0, line.find_first_of(squid_blanks));
    line.remove_prefix(word.size());
    return word;
}

std::string_view trimmed(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(squid_blanks), text.size()));
    return text.substr(0, text.find_last_not_of(squid_blanks) + 1);
}

class SquidConfig {
public:
    explicit SquidConfig(const ReadMatching& included) : included_(included) {}

    void read(std::string_view text, std::size_t depth) {
        std::string whole;  // a line with those that continue it
        while (!text.empty()) {
            const std::size_t end = std::min(text.find('\n'), text.size());
            std::string_view line = text.substr(0, end);
            text.remove_prefix(std::min(end + 1, text.size()));
            if (line.ends_with('\r')) line.remove_suffix(1);
            if (line.ends_with('\\') && !text.empty()) {
                whole.append(line.substr(0, line.size() - 1));
                continue;
            }
            whole.append(line);
            directive(whole, depth);
            whole.clear();
        }
    }

    ServerLogs finish() {
        for (const AccessLine& line : lines_) add(line);
        return std::move(result_);
    }

private:
    struct AccessLine {
        std::string place;   // "daemon:/var/log/squid/access.log"
        std::string format;  // its name
        bool has_lists = false;
    };

    void directive(std::string_view line, std::size_t depth) {
        const std::string_view name = read_word(line);
        if (name == "logformat") {
            const std::string format(read_word(line));
            formats_[format] = trimmed(line);
        } else if (name == "access_log" || name == "cache_access_log") {
            access_log(line);
        } else if (name == "include") {
            for (std::string_view pattern = read_word(line); !pattern.empty();
                 pattern = read_word(line))
                include(std::string(pattern), depth);
        }
    }

    void include(const std::string& pattern, std::size_t depth) {
        if (depth == include_depth_max) return;
        for (const std::string& text : included_(pattern)) {
            if (files_++ == included_files_max) return;
            read(text, depth + 1);
        }
    }

    // "access_log place [option=value …] [acl …]", or "access_log place [logformat [acl …]]".
    void access_log(std::string_view line) {
        AccessLine access{.place = std::string(read_word(line)), .format = "squid"};
        bool is_first = true;
        for (std::string_view word = read_word(line); !word.empty() && word.front() != '#';
             word = read_word(line), is_first = false) {
            constexpr std::string_view format_option = "logformat=";
            if (word.starts_with(format_option))
                access.format = word.substr(format_option.size());
            else if (word.find('=') != std::string_view::npos)
                continue;
            else if (is_first && is_format(word))
                access.format = word;
            else
                access.has_lists = access.has_lists || word != "all";
        }
        if (lines_.size() < logs_max) lines_.push_back(std::move(access));
    }

    [[nodiscard]] bool is_format(std::string_view name) const {
        return formats_.contains(std::string(name)) ||
               std::ranges::find(built_in_formats, name, &BuiltInFormat::name) !=
                   built_in_formats.end();
    }

    void add(const AccessLine& line) {
        if (line.place == "none") return;
        const std::size_t colon = line.place.find(':');
        const std::string module = line.place.substr(0, std::min(colon, line.place.size()));
        const bool is_file = colon == std::string::npos || module == "daemon" || module == "stdio";
        const std::string path =
            colon == std::string::npos ? line.place : line.place.substr(colon + 1);
        if (!is_file || !path.starts_with('/')) {
            result_.notes.push_back(
                "its configuration writes a log to " + line.place +
                ", which is no file. Next: let it write access_log daemon:/var/log/squid/"
                "access.log too");
            return;
        }
        ServerLog log{.path = path, .format = {}, .pattern = {}, .conditional = line.has_lists};
        if (const auto defined = formats_.find(line.format); defined != formats_.end()) {
            log.pattern = defined->second;
        } else {
            const auto known =
                std::ranges::find(built_in_formats, line.format, &BuiltInFormat::name);
            if (known != built_in_formats.end()) log.format = known->reader;
        }
        if (log.format.empty() && log.pattern.empty()) {
            result_.notes.push_back(path + " has the format " + line.format +
                                    ", which states no octets or is not defined");
            return;
        }
        result_.logs.push_back(std::move(log));
    }

    const ReadMatching& included_;
    std::map<std::string, std::string> formats_;
    std::vector<AccessLine> lines_;
    std::size_t files_ = 0;
    ServerLogs result_;
};

}  // namespace

ServerLogs read_squid_logs(std::string_view text, const ReadMatching& included) {
    SquidConfig config(included);
    config.read(text, 0);
    return config.finish();
}

}  // namespace octroi::server_config
