// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A file of fixed size, mapped into memory. An octet that is written there is in the kernel's page
// cache at once and survives the process, even kill -9. It survives a power cut after sync().

#include <atomic>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "host/file.hpp"
#include "host/mapped_range.hpp"

namespace octroi {

// huge: with far fewer page faults, where the file system has huge pages (ext4 since Linux 6.16,
// XFS). One octet that is written then dirties 2 MiB.
enum class Pages : std::uint8_t { small, huge };

class MappedFile {
public:
    MappedFile() noexcept = default;
    MappedFile(MappedFile&& o) noexcept
        : fd_(std::move(o.fd_)),
          path_(std::move(o.path_)),
          octets_(std::exchange(o.octets_, {})),
          range_(std::move(o.range_)),
          pages_(o.pages_),
          is_name_synced_(o.is_name_synced_.load()) {}
    MappedFile& operator=(MappedFile&& o) noexcept {
        std::swap(fd_, o.fd_);
        std::swap(path_, o.path_);
        std::swap(octets_, o.octets_);
        std::swap(range_, o.range_);
        std::swap(pages_, o.pages_);
        is_name_synced_ = o.is_name_synced_.exchange(is_name_synced_);
        return *this;
    }
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    ~MappedFile();

    // Creates a file of `size` octets, all zero. Disk blocks for the first `reserved` octets are
    // allocated: writing there cannot fail because the disk is full. Writing to octets without
    // blocks can, and then raises SIGBUS. The file gets its name as the last step. Errors: exists,
    // no_space, permission.
    [[nodiscard]] static Result<MappedFile> create(const std::string& path, std::size_t reserved,
                                                   std::size_t size, Pages pages = Pages::small);
    // Maps a whole existing file. Neither follows a symbolic link: it is not ours. Errors:
    // not_found, permission, over_limit (the file is empty).
    [[nodiscard]] static Result<MappedFile> open(const std::string& path);
    // Allocates disk blocks for these octets. Their content stays. Error: no_space.
    [[nodiscard]] Status allocate(std::size_t offset, std::size_t size) const;
    // Releases the disk blocks of these octets; they read as zero afterwards. Does nothing on file
    // systems that cannot do it.
    void punch_hole(std::size_t offset, std::size_t size) const noexcept;

    // Still has its name and its size on the disk. Otherwise another program has removed or cut it;
    // octets behind the new end read as zero (mapped_range.hpp), and octets written there are lost.
    [[nodiscard]] bool is_whole() const noexcept;

    [[nodiscard]] std::span<std::byte> octets() const noexcept { return octets_; }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    // Of a file that was opened: small.
    [[nodiscard]] Pages pages() const noexcept { return pages_; }

    // Removes the pages from the page tables of the process. Call it when nothing will be written
    // for a while, before a sync(): otherwise the sync write-protects page after page and
    // interrupts the other processors for each. The content stays; the next access maps a page
    // again.
    void release_pages() const noexcept;
    // Returns when everything that was written before the call is on the disk, and with it the
    // name of the file. From any thread.
    // After an error the content on the disk is unknown, even if a later call succeeds: the kernel
    // reports a failed write once, and may drop the pages (fsync(2)).
    [[nodiscard]] Status sync() const;
    // The same for the first `octets` only, without the name.
    [[nodiscard]] Status sync_first(std::size_t octets) const;

private:
    MappedFile(Fd fd, std::string path, std::span<std::byte> octets)
        : fd_(std::move(fd)), path_(std::move(path)), octets_(octets), range_(octets) {}
    [[nodiscard]] static Result<MappedFile> map(Fd fd, const std::string& path, std::size_t size);

    Fd fd_;
    std::string path_;
    std::span<std::byte> octets_;
    MappedRange range_;
    Pages pages_ = Pages::small;
    // Not when it is created: the thread that receives messages creates files, and a sync of the
    // folder would let it wait for the disk.
    mutable std::atomic<bool> is_name_synced_ = false;
};

}  // namespace octroi
