// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/new_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "host/folder_sync.hpp"
#include "host/os_error.hpp"

namespace octroi {
namespace {

std::unexpected<Error> already_there(const std::string& path) {
    return fail(ErrorCode::exists,
                fmt::format("{} exists and is not overwritten; next: choose another name", path));
}

}  // namespace

Result<NewFile> NewFile::create(const std::string& path) {
    if (::access(path.c_str(), F_OK) == 0) return already_there(path);
    std::string partial = path + ".partial";
    constexpr mode_t mode = 0640;
    Fd fd(::open(partial.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
    if (fd.get() < 0 && errno == EEXIST)
        return fail(ErrorCode::exists,
                    fmt::format("{} exists: another process writes it, or one was killed; next: "
                                "remove it if no process writes it",
                                partial));
    if (fd.get() < 0) return os_failure("create " + partial);
    NewFile file(std::move(fd), path, std::move(partial));
    // Whatever the umask is.
    if (::fchmod(file.fd_.get(), mode) != 0) return os_failure("set the mode of " + file.partial_);
    return file;
}

NewFile::~NewFile() {
    if (!partial_.empty()) ::unlink(partial_.c_str());
}

Status NewFile::sync() const {
    if (::fdatasync(fd_.get()) != 0) return os_failure("sync " + partial_);
    return {};
}

Status NewFile::commit() {
    if (::fsync(fd_.get()) != 0) return os_failure("sync " + partial_);
    int renamed =
        ::renameat2(AT_FDCWD, partial_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE);
    // A file system without this flag (NFS).
    if (renamed != 0 && errno == EINVAL && ::access(path_.c_str(), F_OK) != 0)
        renamed = ::rename(partial_.c_str(), path_.c_str());
    if (renamed != 0 && errno == EEXIST) return already_there(path_);
    if (renamed != 0) return os_failure("rename " + partial_ + " to " + path_);
    partial_.clear();
    return sync_folder_of(path_);
}

}  // namespace octroi
