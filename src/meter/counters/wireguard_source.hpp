// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The counters of the peers of WireGuard interfaces: two for each, of the identity `peer KEY`. What
// the peer sends is traffic out of its account.
//
// Octets are those of WireGuard messages (drivers/net/wireguard/receive.c and send.c): the IP
// packet padded to 16 octets and 32 octets more, also the handshakes. WireGuard counts no packets.
// A peer that was removed and added again begins at 0. The kernel does not state when a peer was
// added: one that counted more than before between two readings, after it was added again, looks
// like one that was never removed.

#include <memory>
#include <string>
#include <vector>

#include "host/counter_host.hpp"
#include "host/wireguard.hpp"
#include "meter/counters/counter_source.hpp"

namespace octroi::counters {

class WireguardSource final : public CounterSource {
public:
    // names: of the interfaces; empty: all. Interfaces that do not exist are counted when they
    // appear. states_addresses: Listing::addresses has the addresses that the peers may use.
    WireguardSource(std::vector<std::string> names, bool states_addresses,
                    std::unique_ptr<CounterHost> host, std::unique_ptr<WireguardHost> wireguard)
        : names_(std::move(names)),
          states_addresses_(states_addresses),
          host_(std::move(host)),
          wireguard_(std::move(wireguard)) {}

    // Whether the kernel can list peers. Errors: unsupported, permission.
    [[nodiscard]] Status check();
    // Errors: those of the hosts, except not_found; corrupt (a message cannot be read).
    [[nodiscard]] Result<Listing> read() override;
    void wait(Duration time) override { host_->wait(time); }

    // For people: the interfaces that are there, by name.
    [[nodiscard]] Result<std::vector<std::string>> present();

private:
    [[nodiscard]] Result<std::vector<Interface>> interfaces();
    [[nodiscard]] Status add_peers(const Interface& interface, Listing& listing);

    std::vector<std::string> names_;
    bool states_addresses_;
    std::unique_ptr<CounterHost> host_;
    std::unique_ptr<WireguardHost> wireguard_;
};

}  // namespace octroi::counters
