// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/privilege.hpp"

#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <system_error>

namespace octroi {

std::vector<std::string> missing_capture_capabilities() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
    std::vector<std::string> missing;
    // glibc has no wrapper for capget(2), and libcap would be a dependency for one call.
    const bool known = ::syscall(SYS_capget, &header, sets.data()) == 0;
    const auto has = [&](unsigned capability) {
        return known && (sets[capability / 32].effective & (1U << (capability % 32))) != 0;
    };
    if (!has(CAP_NET_RAW)) missing.emplace_back("CAP_NET_RAW");
    if (!has(CAP_NET_ADMIN)) missing.emplace_back("CAP_NET_ADMIN");
    return missing;
}

std::string program_path() {
    std::error_code ignored;
    const auto path = std::filesystem::read_symlink("/proc/self/exe", ignored);
    return path.empty() ? "octroi" : path.string();
}

void raise_open_file_limit() {
    // Enough for the TCP exporters of a large network. A hard limit may be 2^30, and some libraries
    // allocate by the limit.
    constexpr rlim_t enough = 65536;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = std::max(limit.rlim_cur, std::min(limit.rlim_max, enough));
    static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
}

}  // namespace octroi
