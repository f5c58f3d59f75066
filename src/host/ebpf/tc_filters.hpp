// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Filters of tc(8) that are BPF programs, at the clsact discipline of an interface. Each has a
// handle and a priority of its own, so that filters of others stay as they are.

#include <cstdint>

#include "base/result.hpp"

namespace octroi {

enum class TcHook : std::uint8_t { ingress, egress };

// Below most others, so that filters with a verdict do not hide packets. Programs return
// TC_ACT_UNSPEC: the next filter decides.
inline constexpr std::uint32_t filter_priority = 2;

struct TcFilter {
    int interface = 0;
    TcHook hook = TcHook::ingress;
    std::uint32_t handle = 0;
};

// Adds the clsact discipline. True: it was not there. Errors: not_found (no such interface).
[[nodiscard]] Result<bool> add_clsact(int interface);
// The id of the program at that filter; 0: there is none.
[[nodiscard]] std::uint32_t program_at(const TcFilter& filter);
// Replaces the program of that filter at once.
[[nodiscard]] Status attach_program(const TcFilter& filter, int program);
// True: there was one.
[[nodiscard]] Result<bool> detach_program(const TcFilter& filter);
// Removes the clsact discipline if it has no filter. True: it was removed.
[[nodiscard]] Result<bool> remove_unused_clsact(int interface);

}  // namespace octroi
