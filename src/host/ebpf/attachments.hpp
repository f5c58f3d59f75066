// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The filters of one folder of pins: attached, examined, removed. Their handle is made from the
// folder, so that several folders have filters side by side.

#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>

#include "base/result.hpp"
#include "host/ebpf/maps.hpp"
#include "host/ebpf/tc_filters.hpp"

namespace octroi {

class EbpfAttachments {
public:
    explicit EbpfAttachments(const std::string& folder);

    // See EbpfMaps::attach. interfaces: the map that lists them. program: its descriptor, by name.
    [[nodiscard]] Status attach(std::span<const EbpfAttachment> wanted, int interfaces,
                                const std::function<int(const std::string&)>& program);
    // Detaches all that the map lists. Returns a line for each filter that was there.
    [[nodiscard]] Result<std::vector<std::string>> detach_all(int interfaces);

private:
    [[nodiscard]] Status attach_one(const EbpfAttachment& wanted, int interfaces,
                                    const std::function<int(const std::string&)>& program);
    [[nodiscard]] Result<std::vector<std::string>> detach_one(std::uint32_t interface,
                                                              int interfaces);

    std::uint32_t handle_;
    std::set<int> attached_;  // interfaces that have the programs of this process
};

}  // namespace octroi
