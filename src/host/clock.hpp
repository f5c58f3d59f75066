// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The only place that asks what time it is. Tests and the simulator bring a clock of their own.

#include "base/time.hpp"

namespace octroi {

class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual UtcTime now() const = 0;      // may step, back and forth
    [[nodiscard]] virtual Duration uptime() const = 0;  // monotonic, never steps (CLOCK_MONOTONIC)
};

class SystemClock final : public Clock {
public:
    [[nodiscard]] UtcTime now() const override;
    [[nodiscard]] Duration uptime() const override;
};

// Whether the kernel's clock is disciplined (adjtimex(2), no STA_UNSYNC): by NTP, PTP or the
// hypervisor.
[[nodiscard]] bool clock_is_synchronised();

}  // namespace octroi
