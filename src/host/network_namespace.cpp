// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/network_namespace.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/socket.h>

#include <cctype>
#include <cstdint>
#include <filesystem>
#include <thread>
#include <vector>

#include "host/file.hpp"

namespace octroi {
namespace {

// asm-generic/socket.h. Headers of a libc that is older than the kernel lack the name.
constexpr int so_netns_cookie = 71;

}  // namespace

Result<std::uint64_t> network_namespace_cookie() {
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    std::uint64_t cookie = 0;
    socklen_t size = sizeof cookie;
    if (socket.get() >= 0 &&
        ::getsockopt(socket.get(), SOL_SOCKET, so_netns_cookie, &cookie, &size) == 0)
        return cookie;
    return fail(ErrorCode::unsupported,
                "this kernel does not state the network namespace of a socket (before Linux 5.14); "
                "next: namespaces = \"all\", or a newer kernel");
}

Result<std::string> network_namespace() {
    const auto cookie = network_namespace_cookie();
    if (cookie) return fmt::format("netns {:x}", *cookie);
    TRY_ASSIGN(const FileStatus status, status_of("/proc/self/ns/net"));
    return fmt::format("netns inode {}", status.inode);
}

std::set<std::uint64_t> existing_network_namespaces() {
    std::vector<std::string> paths;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", error))
        if (std::isdigit(static_cast<unsigned char>(entry.path().filename().string().front())) != 0)
            paths.push_back(entry.path().string() + "/ns/net");
    for (const auto& entry : std::filesystem::directory_iterator("/run/netns", error))
        paths.push_back(entry.path().string());
    std::set<std::uint64_t> cookies;
    // setns() changes the namespace of a thread only.
    std::jthread([&] {
        std::set<std::uint64_t> entered;  // inodes
        for (const std::string& path : paths) {
            const auto status = status_of(path);
            if (!status || !entered.insert(status->inode).second) continue;
            const Fd space(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
            if (space.get() < 0 || ::setns(space.get(), CLONE_NEWNET) != 0) continue;
            if (const auto cookie = network_namespace_cookie()) cookies.insert(*cookie);
        }
    }).join();
    return cookies;
}

}  // namespace octroi
