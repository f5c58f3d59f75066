// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/found_files.hpp"

#include <fmt/format.h>
#include <fnmatch.h>
#include <glob.h>

#include <algorithm>
#include <filesystem>

namespace octroi {
namespace {

// Frees the result of glob(3).
class GlobResult {
public:
    GlobResult() = default;
    GlobResult(const GlobResult&) = delete;
    GlobResult& operator=(const GlobResult&) = delete;
    ~GlobResult() { ::globfree(&found); }
    glob_t found{};
};

}  // namespace

Result<std::vector<std::string>> paths_matching(const std::string& pattern) {
    GlobResult result;
    const int code = ::glob(pattern.c_str(), 0, nullptr, &result.found);
    if (code == GLOB_NOMATCH) return std::vector<std::string>();
    if (code != 0)
        return fail(ErrorCode::failed,
                    fmt::format("cannot list the files of {}: {}", pattern,
                                code == GLOB_NOSPACE ? "out of memory" : "read error"));
    return std::vector<std::string>(result.found.gl_pathv,
                                    result.found.gl_pathv + result.found.gl_pathc);
}

bool matches_pattern(const std::string& path, const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0;
}

Result<std::vector<std::string>> file_names_in(const std::string& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
         at.increment(error)) {
        std::error_code ignored;
        if (at->is_regular_file(ignored)) names.push_back(at->path().filename().string());
    }
    if (error == std::errc::no_such_file_or_directory)
        return fail(ErrorCode::not_found, fmt::format("folder {} does not exist", folder));
    if (error)
        return fail(
            error == std::errc::permission_denied ? ErrorCode::permission : ErrorCode::failed,
            fmt::format("cannot read folder {}: {}", folder, error.message()));
    std::ranges::sort(names);
    return names;
}

}  // namespace octroi
