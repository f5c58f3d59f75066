// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/mapped_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "host/os_error.hpp"

namespace octroi {

MappedFile::~MappedFile() {
    if (!octets_.empty()) ::munmap(octets_.data(), octets_.size());
}

Result<MappedFile> MappedFile::map(Fd fd, const std::string& path, std::size_t size) {
    void* const at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (at == MAP_FAILED) return os_failure("map " + path);
    return MappedFile(std::move(fd), path, {static_cast<std::byte*>(at), size});
}

Result<MappedFile> MappedFile::create(const std::string& path, std::size_t size) {
    Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (fd.get() < 0 && errno == EEXIST)
        return fail(ErrorCode::exists, fmt::format("{} exists already", path));
    if (fd.get() < 0) return os_failure("create " + path);
    const int full = ::posix_fallocate(fd.get(), 0, static_cast<off_t>(size));
    if (full != 0) {
        static_cast<void>(::unlink(path.c_str()));
        errno = full;
        return os_failure(fmt::format("take {} octets for {}", size, path));
    }
    return map(std::move(fd), path, size);
}

Result<MappedFile> MappedFile::open(const std::string& path) {
    Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (fd.get() < 0) return os_failure("open " + path);
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) return os_failure("look at " + path);
    if (status.st_size <= 0) return fail(ErrorCode::over_limit, path + " is empty");
    return map(std::move(fd), path, static_cast<std::size_t>(status.st_size));
}

Status MappedFile::sync() const {
    if (::msync(octets_.data(), octets_.size(), MS_SYNC) != 0) return os_failure("sync " + path_);
    return {};
}

}  // namespace octroi
