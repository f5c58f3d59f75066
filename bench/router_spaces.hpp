// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Network namespaces of one measurement: hosts - lan [router] wan - outside. The destructor removes
// them.

#include <string>
#include <vector>

namespace octroi::bench {

class RouterSpaces {
public:
    // name: part of the names of the namespaces, at most 20 letters.
    explicit RouterSpaces(const std::string& name);
    ~RouterSpaces();
    RouterSpaces(const RouterSpaces&) = delete;
    RouterSpaces& operator=(const RouterSpaces&) = delete;

    // Empty, or why there are none here.
    [[nodiscard]] const std::string& missing() const noexcept { return missing_; }

    // Frames are sent at the interface `eth0` of this one.
    [[nodiscard]] const std::string& hosts() const noexcept { return hosts_; }
    [[nodiscard]] const std::string& router() const noexcept { return router_; }
    // Here all that the router forwards ends: there is no route.
    [[nodiscard]] const std::string& outside() const noexcept { return outside_; }
    // The address of `lan`: the destination of frames that the router forwards.
    [[nodiscard]] const std::string& lan_mac() const noexcept { return lan_mac_; }

    // Runs a command in the router. False: it failed; then missing() has its message.
    bool in_router(std::vector<std::string> command);
    // Packets that have arrived outside.
    [[nodiscard]] std::uint64_t arrived() const;

private:
    bool must(const std::vector<std::string>& command);
    void link(const std::string& space, const std::string& router_link);

    std::string missing_;
    std::string hosts_;
    std::string router_;
    std::string outside_;
    std::string lan_mac_;
};

// The command, run in the namespace.
[[nodiscard]] std::vector<std::string> in_space(const std::string& space,
                                                std::vector<std::string> command);

// Hosts inside are of this network; the router has its first address.
inline constexpr const char* inside_network = "10.64.0.0/15";

}  // namespace octroi::bench
