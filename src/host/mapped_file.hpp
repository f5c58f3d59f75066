// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A file of fixed size that is memory. What is written there belongs to the kernel at once: it
// outlives the process, however that ends. It outlives the machine's power from sync() on.

#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "host/file.hpp"

namespace octroi {

class MappedFile {
public:
    MappedFile() noexcept = default;
    MappedFile(MappedFile&& o) noexcept
        : fd_(std::move(o.fd_)), path_(std::move(o.path_)), octets_(std::exchange(o.octets_, {})) {}
    MappedFile& operator=(MappedFile&& o) noexcept {
        std::swap(fd_, o.fd_);
        std::swap(path_, o.path_);
        std::swap(octets_, o.octets_);
        return *this;
    }
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    ~MappedFile();

    // A new file of that size, all zero. The room on the disk for its first `reserved` octets is
    // taken at once: writing there cannot fail for want of space. The file appears under its name
    // when all this is done. Errors: exists, no_space, permission.
    [[nodiscard]] static Result<MappedFile> create(const std::string& path, std::size_t reserved,
                                                   std::size_t size);
    // The whole of a file that is there. Errors: not_found, permission, over_limit (empty).
    [[nodiscard]] static Result<MappedFile> open(const std::string& path);
    // Takes room on the disk for these octets, where they have none: writing there cannot fail
    // then.
    [[nodiscard]] Status take_room(std::size_t offset, std::size_t size) const;
    // Gives the room of these octets back: they are zero again.
    void give_back(std::size_t offset, std::size_t size) const noexcept;

    [[nodiscard]] std::span<std::byte> octets() const noexcept { return octets_; }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    // Where nobody will write for a while: takes the pages out of the process's tables, at once and
    // not one by one as a sync must, page by page with a word to each processor. What is in them
    // stays, and is mapped anew when it is touched.
    void step_back() const noexcept;
    // Returns when all that was written before the call is on the disk. From any thread.
    [[nodiscard]] Status sync() const;
    // The same of the first octets only.
    [[nodiscard]] Status sync_first(std::size_t octets) const;

private:
    MappedFile(Fd fd, std::string path, std::span<std::byte> octets)
        : fd_(std::move(fd)), path_(std::move(path)), octets_(octets) {}
    [[nodiscard]] static Result<MappedFile> map(Fd fd, const std::string& path, std::size_t size);

    Fd fd_;
    std::string path_;
    std::span<std::byte> octets_;
};

}  // namespace octroi
