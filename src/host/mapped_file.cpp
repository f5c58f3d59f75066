// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/mapped_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "host/folder_sync.hpp"
#include "host/os_error.hpp"

namespace octroi {

MappedFile::~MappedFile() {
    range_.reset();
    if (!octets_.empty()) ::munmap(octets_.data(), octets_.size());
}

Result<MappedFile> MappedFile::map(Fd fd, const std::string& path, std::size_t size) {
    void* const at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (at == MAP_FAILED) return os_failure("map " + path);
    return MappedFile(std::move(fd), path, {static_cast<std::byte*>(at), size});
}

Result<MappedFile> MappedFile::create(const std::string& path, std::size_t reserved,
                                      std::size_t size, Pages pages) {
    if (::access(path.c_str(), F_OK) == 0)
        return fail(ErrorCode::exists, fmt::format("{} already exists", path));
    const std::string unfinished = path + ".new";
    static_cast<void>(::unlink(unfinished.c_str()));
    Fd fd(::open(unfinished.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (fd.get() < 0) return os_failure("create " + unfinished);
    const auto give_up = [&](int number) {
        static_cast<void>(::unlink(unfinished.c_str()));
        errno = number;
        return os_failure(fmt::format("allocate {} octets for {}", reserved, path));
    };
    const int full = ::posix_fallocate(fd.get(), 0, static_cast<off_t>(reserved));
    if (full != 0) return give_up(full);
    if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) return give_up(errno);
    TRY_ASSIGN(MappedFile file, map(std::move(fd), path, size));
    // Causes the page faults now, not while the kernel copies a datagram into the file: a process
    // that is killed in such a fault loses the datagram. A failure is not an error: kernels before
    // 5.14 do not have MADV_POPULATE_WRITE.
    file.pages_ = pages;
    if (pages == Pages::huge)
        static_cast<void>(::madvise(file.octets_.data(), reserved, MADV_HUGEPAGE));
    static_cast<void>(::madvise(file.octets_.data(), reserved, MADV_POPULATE_WRITE));
    if (::rename(unfinished.c_str(), path.c_str()) != 0) return give_up(errno);
    return file;
}

Result<MappedFile> MappedFile::open(const std::string& path) {
    Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (fd.get() < 0) return os_failure("open " + path);
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) return os_failure("examine " + path);
    if (!S_ISREG(status.st_mode)) return fail(ErrorCode::failed, path + " is not a regular file");
    if (status.st_size <= 0) return fail(ErrorCode::over_limit, path + " is empty");
    return map(std::move(fd), path, static_cast<std::size_t>(status.st_size));
}

bool MappedFile::is_whole() const noexcept {
    struct stat status{};
    return ::fstat(fd_.get(), &status) == 0 && status.st_nlink > 0 &&
           static_cast<std::size_t>(status.st_size) == octets_.size() && !range_.was_cut();
}

Status MappedFile::allocate(std::size_t offset, std::size_t size) const {
    const int full =
        ::posix_fallocate(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(size));
    if (full == 0) return {};
    errno = full;
    return os_failure(fmt::format("allocate {} octets for {}", size, path_));
}

void MappedFile::punch_hole(std::size_t offset, std::size_t size) const noexcept {
    // File systems that cannot do it keep the blocks; only disk space is lost.
    static_cast<void>(::fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                  static_cast<off_t>(offset), static_cast<off_t>(size)));
}

void MappedFile::release_pages() const noexcept {
    static_cast<void>(::madvise(octets_.data(), octets_.size(), MADV_DONTNEED));
}

Status MappedFile::sync() const {
    TRY(sync_first(octets_.size()));
    if (is_name_synced_) return {};
    TRY(sync_folder_of(path_));
    is_name_synced_ = true;
    return {};
}

Status MappedFile::sync_first(std::size_t octets) const {
    if (::msync(octets_.data(), octets, MS_SYNC) != 0) return os_failure("sync " + path_);
    return {};
}

}  // namespace octroi
