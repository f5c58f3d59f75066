// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/process.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "host/file.hpp"

namespace octroi {
namespace {

constexpr std::size_t proc_file_max = 1U << 20U;

// Fields of /proc/self/stat, counted from 0 behind the name of the program, which may hold spaces.
constexpr std::size_t user_time = 11;
constexpr std::size_t system_time = 12;
constexpr std::size_t start_time = 19;
constexpr std::size_t resident_pages = 21;

Result<std::vector<std::uint64_t>> stat_fields() {
    TRY_ASSIGN(const std::string text, read_file("/proc/self/stat", proc_file_max));
    std::istringstream in(text.substr(std::min(text.rfind(')') + 2, text.size())));
    std::vector<std::uint64_t> fields;
    for (std::string field; in >> field;)
        fields.push_back(std::strtoull(field.c_str(), nullptr, 10));
    if (fields.size() <= resident_pages)
        return fail(ErrorCode::unsupported, "/proc/self/stat has fewer fields than proc(5) states");
    return fields;
}

// When the machine was started, in seconds since 1970.
Result<std::uint64_t> boot_time() {
    constexpr std::string_view key = "\nbtime ";
    TRY_ASSIGN(const std::string text, read_file("/proc/stat", proc_file_max));
    const std::size_t at = text.find(key);
    if (at == std::string::npos)
        return fail(ErrorCode::unsupported, "/proc/stat has no line btime");
    return std::strtoull(text.c_str() + at + key.size(), nullptr, 10);
}

}  // namespace

Result<ProcessFigures> process_figures() {
    TRY_ASSIGN(const auto fields, stat_fields());
    TRY_ASSIGN(const std::uint64_t booted, boot_time());
    const auto ticks = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
    std::error_code error;
    const auto files = std::distance(std::filesystem::directory_iterator("/proc/self/fd", error),
                                     std::filesystem::directory_iterator());
    return ProcessFigures{.start_time_s = booted + fields[start_time] / ticks,
                          .cpu_time_s = (fields[user_time] + fields[system_time]) / ticks,
                          .resident_octets = fields[resident_pages] *
                                             static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)),
                          .open_files = static_cast<std::uint64_t>(files)};
}

std::uint64_t open_files_max() {
    rlimit limit{};
    return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : UINT64_MAX;
}

std::uint64_t free_descriptors() {
    std::error_code error;
    const auto open = std::distance(std::filesystem::directory_iterator("/proc/self/fd", error),
                                    std::filesystem::directory_iterator());
    const std::uint64_t limit = open_files_max();
    // One of them is that of the iterator.
    const auto count = static_cast<std::uint64_t>(open) - 1;
    return error || count >= limit ? 0 : limit - count;
}

}  // namespace octroi
