// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/time.hpp"
#include "host/byte_source.hpp"

namespace octroi {

// Owns a file descriptor and closes it. -1: none.
class Fd {
public:
    Fd() noexcept = default;
    explicit Fd(int fd) noexcept : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd();

    [[nodiscard]] int get() const noexcept { return fd_; }

private:
    int fd_ = -1;
};

// From fstat(2). device and inode identify a file within one boot, whatever its name.
struct FileStatus {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;  // octets
    bool regular = false;
    UtcTime modified;  // when its content was last changed
};

// Of a path. Does not open the file. Errors: not_found, permission.
[[nodiscard]] Result<FileStatus> status_of(const std::string& path);

// Reads a file from its beginning. read() returns fewer octets than requested only at the end of
// the file; for a pipe, only when the writer has closed it.
class File final : public ByteSource {
public:
    // "-" is standard input. Errors: not_found, permission, failed (a directory), interrupted (a
    // stop signal came while a FIFO had no writer).
    [[nodiscard]] static Result<std::unique_ptr<File>> open(const std::string& path);
    // A regular file: of anything else, such as a FIFO that nobody writes to, it is an error at
    // once.
    [[nodiscard]] static Result<std::unique_ptr<File>> open_regular(const std::string& path);
    // A regular file that only Octroi writes: neither a symbolic link nor a FIFO is opened.
    [[nodiscard]] static Result<std::unique_ptr<File>> open_own(const std::string& path);

    // interrupted: a stop signal (host/stop.hpp) came while the call was blocked.
    [[nodiscard]] Result<std::size_t> read(std::span<std::byte> into) override;
    // The next read() starts at `offset`. For regular files; a pipe returns an error.
    [[nodiscard]] Status seek(std::uint64_t offset);
    [[nodiscard]] Result<FileStatus> status() const;
    // The same open file: both have one place for read(). It stays readable when its name is gone.
    [[nodiscard]] Result<std::unique_ptr<File>> duplicate() const;

private:
    // flags: of open(2), beside those that every such file has.
    [[nodiscard]] static Result<std::unique_ptr<File>> open_regular(const std::string& path,
                                                                    int flags);
    File(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
    Fd fd_;
    std::string path_;
};

// The content of a file of at most `limit` octets. Errors: those of File, over_limit (larger).
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t limit);
// The same of a file that only Octroi writes. A symbolic link is an error: somebody else made it.
[[nodiscard]] Result<std::string> read_own_file(const std::string& path, std::size_t limit);
// Replaces a file atomically: writes <path>.new, syncs it, renames it and syncs the folder. After a
// crash or a power cut the file has the old or the new content as a whole. On return the new
// content is on the disk. One writer at a time. Follows no symbolic link: what one at <path>.new or
// <path> points to is left alone.
[[nodiscard]] Status replace_file(const std::string& path, std::string_view content);
// Writes all of the content to the open file. path: for the error only.
[[nodiscard]] Status write_all(int fd, std::string_view content, const std::string& path);

}  // namespace octroi
