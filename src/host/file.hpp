// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "host/byte_source.hpp"

namespace octroi {

// Owns a file descriptor.
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

struct FileStatus {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
    bool regular = false;
};

// Reads a file from its beginning; "-" is standard input. Reads are made whole: fewer octets than
// asked for come only at the end (of a pipe: only when it closes).
class File final : public ByteSource {
public:
    [[nodiscard]] static Result<std::unique_ptr<File>> open(const std::string& path);

    [[nodiscard]] Result<std::size_t> read(std::span<std::byte> into) override;
    // Only of regular files.
    [[nodiscard]] Status seek(std::uint64_t offset);
    [[nodiscard]] Result<FileStatus> status() const;

private:
    File(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
    Fd fd_;
    std::string path_;
};

// The whole of a file, at most `limit` octets (over_limit beyond).
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t limit);
// Writes beside, syncs, renames over: the file is the old one or the new one, never half.
[[nodiscard]] Status replace_file(const std::string& path, std::string_view content);

}  // namespace octroi
