// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What a meter of connection tracking needs from the machine. The abstract class is what tests
// replace.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "host/clock.hpp"
#include "host/connections.hpp"
#include "host/flowtables.hpp"
#include "host/interfaces.hpp"

namespace octroi {

// Of this network namespace (Documentation/networking/nf_conntrack-sysctl.rst). The first two apply
// to connections that begin after a change.
struct ConnectionSettings {
    bool counts = false;      // net.netfilter.nf_conntrack_acct
    bool timestamps = false;  // net.netfilter.nf_conntrack_timestamp
    // net.netfilter.nf_conntrack_events. 0: no events. 2: connections that began while nobody
    // received events send none.
    int events = 1;
    std::uint64_t connections = 0;        // net.netfilter.nf_conntrack_count
    std::uint64_t connections_limit = 0;  // net.netfilter.nf_conntrack_max; 0: not known
};

// The counters of the IP layer, as texts of the kernel; decoded by wire/conntrack.
struct IpStatistics {
    std::string snmp;     // /proc/net/snmp
    std::string netstat;  // /proc/net/netstat
    std::string snmp6;    // /proc/net/snmp6; empty: there is no IPv6
};

class ConnectionHost {
public:
    virtual ~ConnectionHost() = default;
    // nullopt: the kernel tracks no connections here (nf_conntrack is not loaded).
    [[nodiscard]] virtual std::optional<ConnectionSettings> settings() = 0;
    // Turns counters and timestamps on. Errors: permission, those of files.
    [[nodiscard]] virtual Status turn_on() = 0;
    // As open_connections().
    [[nodiscard]] virtual Result<std::unique_ptr<ConnectionSource>> open(
        const ConnectionOptions& options) = 0;
    [[nodiscard]] virtual Result<std::vector<Interface>> interfaces() = 0;
    [[nodiscard]] virtual Result<IpStatistics> ip_statistics() = 0;
    // Packets of connections may pass without a count of the IP layer: there is a flowtable, or
    // connections are tracked in a bridge.
    [[nodiscard]] virtual Result<bool> has_fast_path() = 0;
    // A text that changes with the boot and with the network namespace: the connections of two
    // generations have nothing in common.
    [[nodiscard]] virtual Result<std::string> generation() = 0;
    [[nodiscard]] virtual const Clock& clock() const = 0;
};

// The network namespace that the process runs in.
class SystemConnectionHost final : public ConnectionHost {
public:
    [[nodiscard]] std::optional<ConnectionSettings> settings() override;
    [[nodiscard]] Status turn_on() override;
    [[nodiscard]] Result<std::unique_ptr<ConnectionSource>> open(
        const ConnectionOptions& options) override {
        return open_connections(options);
    }
    [[nodiscard]] Result<std::vector<Interface>> interfaces() override {
        return octroi::interfaces();
    }
    [[nodiscard]] Result<IpStatistics> ip_statistics() override;
    [[nodiscard]] Result<bool> has_fast_path() override;
    [[nodiscard]] Result<std::string> generation() override;
    [[nodiscard]] const Clock& clock() const override { return clock_; }

private:
    SystemClock clock_;
};

}  // namespace octroi
