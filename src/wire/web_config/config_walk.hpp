// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Opens the files of a configuration within the bounds of web_config.hpp, and collects problems.
// For this folder only.

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/web_config/web_config.hpp"

namespace octroi::web_config {

// A place in a file.
struct Place {
    std::string file;
    std::uint32_t line = 0;
};

// Notes that the file gives the site a name, root or user.
inline void note_file(Site& site, const std::string& file) {
    if (file != site.file && std::ranges::find(site.other_files, file) == site.other_files.end())
        site.other_files.push_back(file);
}

class ConfigWalk {
public:
    explicit ConfigWalk(ConfigFiles& files) : files_(files) {}

    // The text of a file; nullopt: it is beyond a bound or cannot be read, which is a problem.
    [[nodiscard]] std::optional<std::string> open(const std::string& path, std::size_t depth,
                                                  const Place& from) {
        if (depth > include_depth_max || files_read_ == files_max) {
            add_problem(from, fmt::format("{} is not read: more than {} files, or includes deeper "
                                          "than {}",
                                          path, files_max, include_depth_max));
            return std::nullopt;
        }
        ++files_read_;
        auto text = files_.read(path);
        if (!text) {
            add_problem(from, fmt::format("{} cannot be read", path));
            return std::nullopt;
        }
        octets_ += text->size();
        if (octets_ > octets_max) {
            add_problem(from, fmt::format("{} is not read: the configuration has more than {} MiB",
                                          path, octets_max >> 20U));
            return std::nullopt;
        }
        return text;
    }
    [[nodiscard]] std::vector<std::string> matching(const std::string& pattern) {
        return files_.matching(pattern);
    }
    void add_problem(const Place& where, std::string_view text) {
        if (problems_.size() == problems_max) return;
        std::string problem = where.file.empty()
                                  ? std::string(text)
                                  : fmt::format("{}:{}: {}", where.file, where.line, text);
        if (std::ranges::find(problems_, problem) == problems_.end())
            problems_.push_back(std::move(problem));
    }
    [[nodiscard]] std::vector<std::string> move_problems() { return std::move(problems_); }

private:
    ConfigFiles& files_;
    std::size_t files_read_ = 0;
    std::size_t octets_ = 0;
    std::vector<std::string> problems_;
};

// An absolute path: `path` itself, or below `folder`.
[[nodiscard]] inline std::string path_in(std::string_view folder, std::string_view path) {
    if (path.starts_with('/')) return std::string(path);
    return fmt::format("{}/{}", folder, path);
}

[[nodiscard]] inline std::string folder_of(std::string_view path) {
    return std::string(path.substr(0, path.rfind('/')));
}

[[nodiscard]] inline bool is_pattern(std::string_view path) {
    return path.find_first_of("*?[") != std::string_view::npos;
}

}  // namespace octroi::web_config
