// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A router with a daemon and one or several meters, and traffic of a host through it. The ledger
// and nftables are compared for each meter.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "promises.hpp"
#include "truth.hpp"

namespace octroi::all_meters {

class SideBySide : public testing::Test {
protected:
    SideBySide();
    ~SideBySide() override;
    void SetUp() override;

    // host - lan [router] wan - server.
    void connect(bool with_nat);
    // The link between the host and the router is a VLAN. False: the kernel has no VLAN devices.
    [[nodiscard]] bool connect_by_vlan(bool with_nat);

    // Runs a daemon with these meters while traffic flows: the first one bills, the others are
    // witnesses. Expects the promise of each meter and prints the figures as a table.
    void expect_promises(const std::vector<std::string_view>& meters);

private:
    struct Booked {
        Octets octets;
        bool is_witness = false;
    };

    void add_neighbours() const;
    void start_counting(const std::string& lan, bool with_nat);
    void configure(const std::vector<std::string_view>& meters) const;
    void bind_accounts() const;
    // The daemon, after the first reading of each meter; and the counters of nftables then.
    [[nodiscard]] std::unique_ptr<support::Process> start(Truth& begin) const;
    void send_traffic() const;
    void talk(const std::string& address) const;
    [[nodiscard]] Truth when_quiet() const;
    [[nodiscard]] Booked booked(std::string_view meter) const;
    void expect_promise(const Promise& promise, const Truth& counted) const;

    Network network_;
    const support::Folder folder_;
    const std::string ledger_ = folder_ / "ledger.db";
    const std::string config_ = folder_ / "octroi.toml";
    const std::string bpffs_ = folder_ / "bpf";
    std::string lan_;
    bool with_nat_ = false;
};

}  // namespace octroi::all_meters
