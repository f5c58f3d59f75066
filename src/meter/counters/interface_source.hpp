// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The counters of interfaces: two for each, in and out, of frames (layer 2).
//
// A counter belongs to the index of its interface, which a renamed interface keeps. The kernel
// gives a new interface a new index, so that its counters begin at 0 under another name. Hardware
// keeps its counters when it moves between network namespaces (a container ends, and the kernel
// gives its hardware back), so that they begin where they are. So does an index that comes back:
// `ip link set … netns` moved the interface away and back.
//
// What the kernel does not tell: an interface that was deleted and made again with the same index
// (`ip link add … index N`) while it counted more than before, and a virtual interface that comes
// from a namespace where it has counted.

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "host/counter_host.hpp"
#include "meter/counters/counter_source.hpp"

namespace octroi::counters {

class InterfaceSource final : public CounterSource {
public:
    // names: empty: all that `capture` would meter. Errors: those of the host, where neither
    // netlink nor /proc/net/dev can be read; missing_interface (none of the named ones exists);
    // invalid (no names, and /proc/net/dev has several interfaces: which of them carry the frames
    // of others is not known).
    [[nodiscard]] static Result<std::unique_ptr<InterfaceSource>> open(
        std::vector<std::string> names, std::unique_ptr<CounterHost> host);

    [[nodiscard]] Result<Listing> read() override;
    void wait(Duration time) override { host_->wait(time); }

    // For people: the interfaces that are metered, by name.
    [[nodiscard]] Result<std::vector<std::string>> metered();
    // Whether the counters come from /proc/net/dev.
    [[nodiscard]] bool reads_proc() const noexcept { return reads_proc_; }

private:
    InterfaceSource(std::vector<std::string> names, std::unique_ptr<CounterHost> host)
        : names_(std::move(names)), host_(std::move(host)) {}
    [[nodiscard]] Result<std::vector<Interface>> present();
    [[nodiscard]] Status choose_only_interface();
    [[nodiscard]] bool is_metered(const Interface& interface) const;
    [[nodiscard]] Metering metering_of(const Interface& interface) const;
    [[nodiscard]] std::string part_of(const std::string& name) const;

    std::vector<std::string> names_;
    std::unique_ptr<CounterHost> host_;
    bool reads_proc_ = false;
    std::set<int> metered_;  // indices, of the last reading
};

}  // namespace octroi::counters
