// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/process_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "store/sqlite/files.hpp"

namespace octroi::sqlite {
namespace {

// The octet of the -shm file that the writer of a WAL database locks (sqlite.org/walformat.html,
// section 2.3.1: octets 120 to 127 are locks, the first one is WAL_WRITE_LOCK).
constexpr std::uint64_t wal_write_lock_octet = 120;

std::string command_line(const std::string& pid) {
    std::ifstream file("/proc/" + pid + "/cmdline");
    std::string line((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    while (!line.empty() && line.back() == '\0') line.pop_back();
    for (char& c : line)
        if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    return line.substr(0, 80);
}

std::string described(const std::string& pid) {
    const std::string command = command_line(pid);
    return command.empty() ? "process " + pid : fmt::format("process {} ({})", pid, command);
}

std::string content_of(int fd) {
    std::array<char, 256> text{};
    const ssize_t size = pread(fd, text.data(), text.size(), 0);
    return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

}  // namespace

Result<Fd> lock_for_owner(const std::string& path, std::string_view activity,
                          std::string_view owner) {
    const std::string file = canonical_path(path);
    const std::string lock_path =
        activity.empty() ? file + ".lock" : fmt::format("{}.{}.lock", file, activity);
    Fd fd(open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
    if (fd.get() < 0) {
        const bool is_denied = errno == EACCES;
        return fail(
            is_denied ? ErrorCode::permission : ErrorCode::failed,
            fmt::format("cannot open {}: {}{}", lock_path, std::strerror(errno),
                        is_denied ? ". Next: run this as root or as the owner of the ledger" : ""));
    }
    if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return fail(ErrorCode::failed,
                        fmt::format("cannot lock {}: {}", lock_path, std::strerror(errno)));
        return fail(
            ErrorCode::conflict,
            fmt::format("ledger {} is in use by {}; next: stop that process, or use another "
                        "ledger (--ledger)",
                        path, content_of(fd.get())));
    }
    // The text is for people; the lock alone counts. A full disk is therefore not an error.
    const std::string text = fmt::format("{}, process {}", owner, getpid());
    if (ftruncate(fd.get(), 0) == 0)
        static_cast<void>(pwrite(fd.get(), text.data(), text.size(), 0) == 0);
    return fd;
}

std::string writer_of(const std::string& path) {
    // Not with F_GETLK: that needs a descriptor of the -shm file, and closing any descriptor of a
    // file releases all record locks of the process on it (fcntl(2)), those of SQLite too.
    struct stat status{};
    if (stat((canonical_path(path) + "-shm").c_str(), &status) != 0) return {};
    const std::string wanted =
        fmt::format("{:02x}:{:02x}:{}", major(status.st_dev), minor(status.st_dev), status.st_ino);
    std::ifstream locks("/proc/locks");
    for (std::string line; std::getline(locks, line);) {
        std::istringstream fields(line);
        std::string number, kind, mode, access, pid, file, begin, end;
        fields >> number >> kind >> mode >> access >> pid >> file >> begin >> end;
        if (access != "WRITE" || file != wanted) continue;
        if (begin == std::to_string(wal_write_lock_octet)) return described(pid);
    }
    return {};
}

}  // namespace octroi::sqlite
