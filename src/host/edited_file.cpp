// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/edited_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>

#include "host/clock.hpp"
#include "host/file.hpp"
#include "host/folder_sync.hpp"
#include "host/os_error.hpp"

namespace octroi {
namespace {

constexpr int lock_pause_ms = 20;
constexpr mode_t new_mode = 0640;
constexpr mode_t mode_bits = 07777;

std::string lock_path_of(const std::string& path) {
    const std::filesystem::path file(path);
    return (file.parent_path() / ("." + file.filename().string() + ".lock")).string();
}

Status wait_for_lock(int fd, const std::string& path, Duration patience) {
    const SystemClock clock;
    const Duration end = clock.uptime() + patience;
    while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) return os_failure("lock " + path);
        if (clock.uptime() >= end)
            return fail(
                ErrorCode::busy,
                fmt::format("{}: another octroi command changes this file; next: wait until "
                            "it ends, then run this command again",
                            path));
        ::poll(nullptr, 0, lock_pause_ms);
    }
    return {};
}

// A file beside the other one, which the destructor removes unless it was renamed.
class NewContent {
public:
    explicit NewContent(std::string path)
        : path_(std::move(path)),
          fd_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) {}
    ~NewContent() {
        if (fd_.get() >= 0 && !path_.empty()) ::unlink(path_.c_str());
    }
    NewContent(const NewContent&) = delete;
    NewContent& operator=(const NewContent&) = delete;

    [[nodiscard]] int fd() const { return fd_.get(); }
    Status rename_to(const std::string& path) {
        if (::rename(path_.c_str(), path.c_str()) != 0)
            return os_failure(fmt::format("rename {} to {}", path_, path));
        path_.clear();
        return {};
    }

private:
    std::string path_;
    Fd fd_;
};

// Owner first: chown(2) clears the bits set-user-ID and set-group-ID.
Status keep_attributes(int fd, const std::string& path) {
    struct stat old{};
    if (::stat(path.c_str(), &old) != 0) {
        if (errno != ENOENT) return os_failure("examine " + path);
        if (::fchmod(fd, new_mode) != 0) return os_failure("set the mode of " + path);
        return {};
    }
    struct stat own{};
    if (::fstat(fd, &own) != 0) return os_failure("examine " + path);
    const bool has_other_owner = own.st_uid != old.st_uid || own.st_gid != old.st_gid;
    if (has_other_owner && ::fchown(fd, old.st_uid, old.st_gid) != 0)
        return with_next(os_failure("keep the owner of " + path),
                         "run this command as root or as the owner of the file");
    if (::fchmod(fd, old.st_mode & mode_bits) != 0) return os_failure("set the mode of " + path);
    return {};
}

}  // namespace

Result<EditedFile> EditedFile::open(const std::string& path, Duration patience) {
    std::error_code failed;
    const auto resolved = std::filesystem::weakly_canonical(path, failed);
    const std::string file = failed ? path : resolved.string();
    const std::string lock_path = lock_path_of(file);
    Fd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (lock.get() < 0) return os_failure("open " + lock_path);
    TRY(wait_for_lock(lock.get(), file, patience));
    return EditedFile(file, std::move(lock));
}

Result<std::string> EditedFile::read(std::size_t limit) const {
    auto text = read_file(path_, limit);
    if (!text && text.error().code == ErrorCode::not_found) return std::string();
    return text;
}

Status EditedFile::replace(std::string_view before, std::string_view content) const {
    const auto now = read(before.size() + 1);
    if (!now && now.error().code != ErrorCode::over_limit) return std::unexpected(now.error());
    if (!now || *now != before)
        return fail(ErrorCode::conflict,
                    fmt::format("{}: another program has changed the file meanwhile: nothing was "
                                "written. Next: run the command again",
                                path_));
    const std::string beside = path_ + ".new";
    // One that a crash has left: no other process that holds the lock writes it.
    static_cast<void>(::unlink(beside.c_str()));
    NewContent file(beside);
    if (file.fd() < 0) return os_failure("create " + beside);
    TRY(write_all(file.fd(), content, beside));
    TRY(keep_attributes(file.fd(), path_));
    if (::fsync(file.fd()) != 0) return os_failure("sync " + beside);
    TRY(file.rename_to(path_));
    return sync_folder_of(path_);
}

}  // namespace octroi
