// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The only place that reads the present time. Tests and the simulator pass a clock of their own.

#include "base/time.hpp"

namespace octroi {

// All calls may be made from any thread.
class Clock {
public:
    virtual ~Clock() = default;
    // The wall clock. May step in either direction: use it for records, never for time-outs.
    [[nodiscard]] virtual UtcTime now() const = 0;
    // Never steps back. Starts at an unspecified point (CLOCK_MONOTONIC: the boot) and does not
    // advance while the machine is suspended.
    [[nodiscard]] virtual Duration uptime() const = 0;
};

class SystemClock final : public Clock {
public:
    [[nodiscard]] UtcTime now() const override;
    [[nodiscard]] Duration uptime() const override;
};

// Whether NTP, PTP or the hypervisor disciplines the kernel's clock (adjtimex(2): no STA_UNSYNC).
[[nodiscard]] bool clock_is_synchronised();

}  // namespace octroi
