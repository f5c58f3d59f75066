// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A socket that a test holds and passes to the programs that it runs, as a service manager does:
// sd_listen_fds(3).

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <string>

namespace octroi::support {

// To be called in the child process before exec().
inline std::function<void()> giving_socket(int descriptor) {
    return [descriptor] {
        constexpr int first_given = 3;
        if (descriptor == first_given)
            ::fcntl(descriptor, F_SETFD, 0);
        else
            ::dup2(descriptor, first_given);
        ::setenv("LISTEN_FDS", "1", 1);
        ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    };
}

}  // namespace octroi::support
