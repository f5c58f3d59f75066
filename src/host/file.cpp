// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "host/folder_sync.hpp"
#include "host/os_error.hpp"
#include "host/stop.hpp"

namespace octroi {
namespace {

FileStatus status_from(const struct stat& status) {
    return {status.st_dev,
            status.st_ino,
            static_cast<std::uint64_t>(status.st_size),
            S_ISREG(status.st_mode),
            {status.st_mtim.tv_sec * Duration::seconds(1).ns + status.st_mtim.tv_nsec}};
}

Result<std::string> read_all(File& file, const std::string& path, std::size_t limit) {
    // In steps, not by the size of the file: files of /proc and pipes state a size of 0.
    std::string content;
    constexpr std::size_t step = 64 * 1024;
    for (;;) {
        const std::size_t before = content.size();
        content.resize(before + step);
        TRY_ASSIGN(const std::size_t got,
                   file.read(std::as_writable_bytes(std::span(content)).subspan(before)));
        content.resize(before + got);
        if (content.size() > limit)
            return fail(ErrorCode::over_limit,
                        fmt::format("{} is larger than {} octets", path, limit));
        if (got < step) return content;
    }
}

}  // namespace

Status write_all(int fd, std::string_view content, const std::string& path) {
    while (!content.empty()) {
        const ssize_t written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return os_failure("write " + path);
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Fd::~Fd() {
    if (fd_ >= 0) ::close(fd_);
}

Result<FileStatus> status_of(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return os_failure("examine " + path);
    return status_from(status);
}

Result<std::unique_ptr<File>> File::open_regular(const std::string& path, int flags) {
    // O_NONBLOCK: a FIFO would block until somebody writes to it.
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags));
    if (fd.get() < 0) return os_failure("open " + path);
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) return os_failure("examine " + path);
    if (!S_ISREG(status.st_mode))
        return fail(ErrorCode::failed, fmt::format("{} is not a regular file", path));
    return std::unique_ptr<File>(new File(std::move(fd), path));
}

Result<std::unique_ptr<File>> File::open_regular(const std::string& path) {
    return open_regular(path, 0);
}

Result<std::unique_ptr<File>> File::open_own(const std::string& path) {
    return open_regular(path, O_NOFOLLOW);
}

Result<std::unique_ptr<File>> File::open(const std::string& path) {
    const bool standard_input = path == "-";
    // A duplicate, because Fd closes its descriptor and the process may still need standard input.
    const auto open = [&] {
        return Fd(standard_input ? ::dup(STDIN_FILENO)
                                 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    };
    Fd fd = open();
    // A FIFO is opened when a writer opens it, too. A stop signal must end this wait.
    while (fd.get() < 0 && errno == EINTR) {
        if (stop_requested())
            return fail(ErrorCode::interrupted, fmt::format("{}: stopped while waiting", path));
        fd = open();
    }
    if (fd.get() < 0) return os_failure("open " + path);
    // open(2) succeeds on a directory; only read(2) would fail, with a less clear error.
    struct stat status{};
    if (::fstat(fd.get(), &status) == 0 && S_ISDIR(status.st_mode))
        return fail(ErrorCode::failed, fmt::format("{} is a directory, not a file", path));
    // Doubles the read-ahead window of the kernel. Fails on pipes, which does not matter.
    ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    return std::unique_ptr<File>(new File(std::move(fd), standard_input ? "standard input" : path));
}

Result<std::size_t> File::read(std::span<std::byte> into) {
    std::size_t filled = 0;
    while (filled < into.size()) {
        const ssize_t got = ::read(fd_.get(), into.data() + filled, into.size() - filled);
        // A read from a pipe may block for ever, so a stop signal must end it.
        if (got < 0 && errno == EINTR) {
            if (!stop_requested()) continue;
            return fail(ErrorCode::interrupted, fmt::format("{}: stopped while waiting", path_));
        }
        if (got < 0) return os_failure("read " + path_);
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    return filled;
}

Status File::seek(std::uint64_t offset) {
    if (::lseek(fd_.get(), static_cast<off_t>(offset), SEEK_SET) < 0)
        return os_failure("seek in " + path_);
    return {};
}

Result<FileStatus> File::status() const {
    struct stat status{};
    if (::fstat(fd_.get(), &status) != 0) return os_failure("examine " + path_);
    return status_from(status);
}

Result<std::unique_ptr<File>> File::duplicate() const {
    Fd fd(::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
    if (fd.get() < 0) return os_failure("duplicate the descriptor of " + path_);
    return std::unique_ptr<File>(new File(std::move(fd), path_));
}

Result<std::string> read_file(const std::string& path, std::size_t limit) {
    TRY_ASSIGN(const auto file, File::open(path));
    return read_all(*file, path, limit);
}

Result<std::string> read_own_file(const std::string& path, std::size_t limit) {
    TRY_ASSIGN(const auto file, File::open_own(path));
    return read_all(*file, path, limit);
}

Status replace_file(const std::string& path, std::string_view content) {
    const std::string beside = path + ".new";
    // One that a crash has left, or that somebody else has put there.
    static_cast<void>(::unlink(beside.c_str()));
    const Fd fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
    if (fd.get() < 0) return os_failure("create " + beside);
    TRY(write_all(fd.get(), content, beside));
    // Without this sync the rename may reach the disk before the content: an empty file after a
    // power cut.
    if (::fsync(fd.get()) != 0) return os_failure("sync " + beside);
    if (::rename(beside.c_str(), path.c_str()) != 0)
        return os_failure("rename " + beside + " to " + path);
    // The rename is a change of the folder. Only the sync of the folder makes it durable.
    return sync_folder_of(path);
}

}  // namespace octroi
