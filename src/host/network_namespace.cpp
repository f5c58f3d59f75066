// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/network_namespace.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cstdint>

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

}  // namespace octroi
