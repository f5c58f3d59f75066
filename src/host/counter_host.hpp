// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The counters that the kernel keeps of interfaces. Nothing here writes to the kernel. The abstract
// class lets tests replace the machine.
//
// One thread. Errors: permission, over_limit, failed.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "host/interfaces.hpp"

namespace octroi {

class CounterHost {
public:
    virtual ~CounterHost() = default;

    // Texts that no other boot of this machine, and no other network namespace of this boot has.
    [[nodiscard]] virtual Result<std::string> boot() = 0;
    [[nodiscard]] virtual Result<std::string> space() = 0;
    // All interfaces with their counters, by rtnetlink.
    [[nodiscard]] virtual Result<std::vector<Interface>> interfaces() = 0;
    // The content of /proc/net/dev, for a sandbox without netlink.
    [[nodiscard]] virtual Result<std::string> net_dev() = 0;
    // Blocks for at most this time. A signal ends the wait.
    virtual void wait(Duration time) = 0;
};

// The machine that the process runs on.
class SystemCounterHost final : public CounterHost {
public:
    [[nodiscard]] Result<std::string> boot() override;
    [[nodiscard]] Result<std::string> space() override;
    [[nodiscard]] Result<std::vector<Interface>> interfaces() override;
    [[nodiscard]] Result<std::string> net_dev() override;
    void wait(Duration time) override;
};

}  // namespace octroi
