// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The programs at interfaces of one folder of pins: attached, examined, removed. They are links of
// TCX, or else filters of tc(8) with a handle that is made from the folder, so that several folders
// have theirs side by side.

#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>

#include "base/result.hpp"
#include "host/ebpf/control_groups.hpp"
#include "host/ebpf/maps.hpp"
#include "host/ebpf/tc_filters.hpp"
#include "host/ebpf/tcx_links.hpp"

namespace octroi {

class EbpfAttachments {
public:
    explicit EbpfAttachments(const std::string& folder);

    // See EbpfMaps::attach. interfaces: the map that lists them. program: its descriptor, by name.
    [[nodiscard]] Result<EbpfAttachOutcome> attach(
        std::span<const EbpfAttachment> wanted, int interfaces,
        const std::function<int(const std::string&)>& program);
    // See EbpfMaps::attach_to_sockets.
    [[nodiscard]] Result<bool> attach_to_sockets(int receive, int send, int interfaces);
    // Detaches all that the map lists, and the programs at sockets. The list stays. Returns a line
    // for each program that was there.
    [[nodiscard]] Result<std::vector<std::string>> detach_all(int interfaces);

private:
    [[nodiscard]] Status attach_one(const EbpfAttachment& wanted, int interfaces,
                                    const std::function<int(const std::string&)>& program);
    // At both hooks.
    [[nodiscard]] bool has_programs(int interface) const;
    [[nodiscard]] Result<std::vector<std::string>> detach_one(std::uint32_t interface,
                                                              int interfaces);

    [[nodiscard]] std::string socket_pin(SocketHook hook) const;
    [[nodiscard]] TcxLink link_of(int interface, TcHook hook) const;

    std::string folder_;
    std::uint32_t handle_;
    bool is_at_sockets_ = false;  // the programs of this process
    std::set<int> attached_;      // interfaces that have the programs of this process
};

}  // namespace octroi
