// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <fcntl.h>
#include <sched.h>

#include "host/file.hpp"

namespace octroi::testing {

// A network namespace of its own for the calling thread, from
// construction on. The destructor, on the same thread, brings the thread back to where it was, so
// that the next test of the process sees the machine's network. Needs root: `made()` says whether
// there is a namespace. Processes that the thread starts are in it too.
class OwnNetwork {
public:
    OwnNetwork() : before_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
        is_made_ = before_.get() >= 0 && ::unshare(CLONE_NEWNET) == 0;
    }
    OwnNetwork(const OwnNetwork&) = delete;
    OwnNetwork& operator=(const OwnNetwork&) = delete;
    ~OwnNetwork() {
        if (is_made_) (void)::setns(before_.get(), CLONE_NEWNET);
    }
    [[nodiscard]] bool made() const { return is_made_; }

private:
    Fd before_;
    bool is_made_ = false;
};

}  // namespace octroi::testing
