// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The counters that the kernel keeps for others: interfaces, WireGuard peers, rules of nftables and
// iptables. Nothing here writes to the kernel. The abstract class is what tests replace.
//
// One thread. Errors: permission (the text names the capability), not_found (a program, a table),
// unsupported (the kernel lacks the feature), over_limit, failed.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "host/interfaces.hpp"

namespace octroi {

// The name of a program that lists rules with their counters, and writes "iptables-save" text.
enum class RuleProgram : std::uint8_t {
    iptables,          // iptables-save
    ip6tables,         // ip6tables-save
    iptables_legacy,   // iptables-legacy-save
    ip6tables_legacy,  // ip6tables-legacy-save
};
[[nodiscard]] const char* program_name(RuleProgram program);

// Overwrites a text that contains keys.
void wipe(std::string& secret) noexcept;

class CounterHost {
public:
    virtual ~CounterHost() = default;

    // Changes whenever counters of this machine begin at 0: the boot and the network namespace.
    [[nodiscard]] virtual Result<std::string> generation() = 0;
    // All interfaces with their counters, by rtnetlink.
    [[nodiscard]] virtual Result<std::vector<Interface>> interfaces() = 0;
    // The content of /proc/net/dev, for a sandbox without netlink.
    [[nodiscard]] virtual Result<std::string> net_dev() = 0;
    // The messages WG_CMD_GET_DEVICE of this interface, each behind its netlink and generic netlink
    // headers (wire/wireguard decodes them). They contain the private key: wipe() each one after
    // use. busy: peers were added or removed meanwhile, so that the list may lack some.
    [[nodiscard]] virtual Result<std::vector<std::string>> wireguard_device(int index) = 0;
    // `nft -a -j list table FAMILY NAME`: JSON, as libnftables-json(5) describes it. The family is
    // one of those of nft(8); the name has letters, digits, '/', '\', '_' and '.' only, or it is
    // refused. not_found: there is no such table.
    [[nodiscard]] virtual Result<std::string> nft_table(const std::string& family,
                                                        const std::string& name) = 0;
    // The output of `PROGRAM -c`. Waits for the program, at most 10 seconds.
    [[nodiscard]] virtual Result<std::string> saved_rules(RuleProgram program) = 0;
    // Blocks for at most this time. A signal ends the wait.
    virtual void wait(Duration time) = 0;
};

// The machine that the process runs on.
class SystemCounterHost final : public CounterHost {
public:
    [[nodiscard]] Result<std::string> generation() override;
    [[nodiscard]] Result<std::vector<Interface>> interfaces() override;
    [[nodiscard]] Result<std::string> net_dev() override;
    [[nodiscard]] Result<std::vector<std::string>> wireguard_device(int index) override;
    [[nodiscard]] Result<std::string> nft_table(const std::string& family,
                                                const std::string& name) override;
    [[nodiscard]] Result<std::string> saved_rules(RuleProgram program) override;
    void wait(Duration time) override;
};

}  // namespace octroi
