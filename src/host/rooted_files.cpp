// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/rooted_files.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "host/file.hpp"
#include "host/found_files.hpp"
#include "host/os_error.hpp"

namespace octroi {
namespace {

// O_NONBLOCK: a FIFO that nobody writes to must not stop the program.
constexpr int read_flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

Fd open_below(const std::string& root, const std::string& path, int flags = read_flags) {
    if (root.empty()) return Fd(::open(path.c_str(), flags));
    const Fd folder(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (folder.get() < 0) return {};
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags);
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    return Fd(
        static_cast<int>(::syscall(SYS_openat2, folder.get(), path.c_str(), &how, sizeof how)));
}

// nullopt: it cannot be examined.
std::optional<struct stat> status_below(const std::string& root, const std::string& path) {
    const Fd file = open_below(root, path, O_PATH | O_CLOEXEC);
    struct stat status{};
    if (file.get() < 0 || ::fstat(file.get(), &status) != 0) return std::nullopt;
    return status;
}

// Of a regular file, up to `octets`.
Result<std::string> read_from(const std::string& root, const std::string& path,
                              std::size_t octets) {
    const Fd file = open_below(root, path);
    if (file.get() < 0) return os_failure(fmt::format("open {}{}", root, path));
    struct stat status{};
    if (::fstat(file.get(), &status) != 0)
        return os_failure(fmt::format("examine {}{}", root, path));
    if (!S_ISREG(status.st_mode))
        return fail(ErrorCode::failed, fmt::format("{}{} is no regular file", root, path));
    std::string text;
    constexpr std::size_t step = 65'536;
    while (text.size() < octets) {
        const std::size_t before = text.size();
        text.resize(before + std::min(step, octets - before));
        const ssize_t got = ::read(file.get(), text.data() + before, text.size() - before);
        text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return os_failure(fmt::format("read {}{}", root, path));
        if (got == 0) break;
    }
    return text;
}

}  // namespace

RootedFiles::RootedFiles(std::string root) : root_(std::move(root)) {
    while (root_.ends_with('/')) root_.pop_back();
}

Status RootedFiles::check_root() const {
    const Fd folder(::open(root_.empty() ? "/" : root_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (folder.get() < 0) return os_failure("open the root folder " + root_);
    return {};
}

Result<std::string> RootedFiles::read(const std::string& path, std::size_t limit) const {
    TRY_ASSIGN(std::string text, read_from(root_, path, limit + 1));
    if (text.size() > limit)
        return fail(ErrorCode::over_limit,
                    fmt::format("{}{} has more than {} octets", root_, path, limit));
    return text;
}

Result<std::string> RootedFiles::read_begin(const std::string& path, std::size_t octets) const {
    return read_from(root_, path, octets);
}

bool RootedFiles::exists(const std::string& path) const {
    const Fd file = open_below(root_, path);
    return file.get() >= 0 || errno == EACCES;
}

bool RootedFiles::only_root_writes(const std::string& path) const {
    const auto file = status_below(root_, path);
    if (!file || (file->st_mode & S_IWOTH) != 0) return false;
    const auto top = status_below(root_, "/");
    const bool is_of_group = file->st_gid == 0 || (top.has_value() && file->st_gid == top->st_gid);
    if ((file->st_mode & S_IWGRP) != 0 && !is_of_group) return false;
    return file->st_uid == 0 || (top.has_value() && file->st_uid == top->st_uid);
}

std::vector<std::string> RootedFiles::matching(const std::string& pattern) const {
    auto found = paths_matching(root_ + pattern);
    if (!found) return {};
    for (std::string& path : *found) path.erase(0, root_.size());
    return *std::move(found);
}

}  // namespace octroi
