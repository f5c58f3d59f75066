// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Programs at an interface by links of TCX (Linux from 6.6 on): they run before the filters of
// tc(8), and a packet takes less time than through a filter. A pin in bpffs keeps a link.

#include <string>

#include "base/result.hpp"
#include "host/ebpf/tc_filters.hpp"

namespace octroi {

struct TcxLink {
    int interface = 0;
    TcHook hook = TcHook::ingress;
    std::string pin;  // its path
};

// Attaches the program before those of others, or replaces the program of the pinned link at once.
// False: this kernel has no such links. Errors: not_found (no such interface), failed.
[[nodiscard]] Result<bool> attach_tcx(const TcxLink& link, int program);
// Whether the pinned link is at this interface. That of an interface that is gone is not.
[[nodiscard]] bool is_attached_tcx(const TcxLink& link);
// True: there was one.
[[nodiscard]] Result<bool> detach_tcx(const TcxLink& link);

}  // namespace octroi
