// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "host/os_error.hpp"

namespace octroi {
namespace {

constexpr const char* lock_name = "lock";

}  // namespace

Result<OwnFolder> OwnFolder::open(const std::string& path) {
    // The mode is set only for a new folder: an administrator may have changed that of an existing
    // one.
    std::error_code error;
    if (std::filesystem::create_directories(path, error))
        std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
    if (error)
        return fail(ErrorCode::failed, fmt::format("cannot create {}: {}", path, error.message()));
    Fd lock(
        ::open((path + "/" + lock_name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (lock.get() < 0) return os_failure("open " + path + "/" + lock_name);
    // flock(2) and not fcntl(2): a record lock would end when any descriptor of the file is closed.
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return fail(ErrorCode::busy,
                        fmt::format("{}: another octroi process uses this folder; next: stop that "
                                    "process, or give this meter another name",
                                    path));
        return os_failure("lock " + path);
    }
    return OwnFolder(path, std::move(lock));
}

Result<std::vector<std::string>> OwnFolder::names() const {
    std::vector<std::string> found;
    std::error_code error;
    for (std::filesystem::directory_iterator at(path_, error), end; !error && at != end;
         at.increment(error)) {
        if (at->symlink_status().type() == std::filesystem::file_type::regular &&
            at->path().filename() != lock_name)
            found.push_back(at->path().filename().string());
    }
    if (error)
        return fail(ErrorCode::failed, fmt::format("cannot read {}: {}", path_, error.message()));
    std::sort(found.begin(), found.end());
    return found;
}

Status OwnFolder::remove(const std::string& name) const {
    if (::unlink(path_of(name).c_str()) != 0 && errno != ENOENT)
        return os_failure("remove " + path_of(name));
    return {};
}

Status OwnFolder::append(const std::string& name, std::string_view text) const {
    const std::string path = path_of(name);
    const Fd file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file.get() < 0) return os_failure("open " + path);
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return os_failure("write " + path);
    return {};
}

Status OwnFolder::rename_to(const std::string& path) {
    if (::rename(path_.c_str(), path.c_str()) != 0)
        return os_failure(fmt::format("rename {} to {}", path_, path));
    path_ = path;
    return {};
}

Status OwnFolder::set_aside(const std::string& name) const {
    if (::rename(path_of(name).c_str(), (path_of(name) + ".damaged").c_str()) != 0)
        return os_failure("rename " + path_of(name));
    return {};
}

}  // namespace octroi
