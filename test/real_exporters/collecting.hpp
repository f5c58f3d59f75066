// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Runs `octroi run` with a collector on its own port, and reads the results that tests need.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "support/process.hpp"

namespace octroi::real {

struct Amount {
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
    bool operator==(const Amount&) const = default;
    Amount& operator+=(const Amount& other) {
        bytes += other.bytes;
        packets += other.packets;
        return *this;
    }
};
std::ostream& operator<<(std::ostream& out, const Amount& amount);

// The figures of `octroi inspect packets --summary` for a capture.
struct Summary {
    Amount ip;
    Amount v4;
    Amount v6;
    std::uint64_t fragments = 0;
};
[[nodiscard]] Summary summary_of(const std::string& capture);

// Captures of the shared test data below packets/`corpus`, each content once, in a fixed order;
// only those that `octroi inspect` reads to the end. Empty if there is no test data.
[[nodiscard]] std::vector<std::string> captures_of(const std::string& corpus);
// "ndpi/bitcoin.pcap"
[[nodiscard]] std::string short_name(const std::string& capture);

// Whether a program is installed.
[[nodiscard]] bool installed(const std::string& program);
// A UDP port of 127.0.0.1 that is free at the time of the call.
[[nodiscard]] std::uint16_t free_port();
// Whether a process listens on the port and has read everything from its socket.
[[nodiscard]] bool listens(std::uint16_t port);
[[nodiscard]] bool drained(std::uint16_t port);

// The daemon runs from the constructor to stop().
class Collecting {
public:
    // more: additional sections of the configuration. The meter listens on the same port for UDP
    // and TCP.
    explicit Collecting(const std::string& more = "");
    [[nodiscard]] std::uint16_t port() const { return port_; }
    // "127.0.0.1:PORT"
    [[nodiscard]] std::string address() const;
    [[nodiscard]] std::string ledger() const { return ledger_; }
    // The traffic in the ledger now; stop() ends the daemon and returns the traffic after that.
    [[nodiscard]] Amount booked() const;
    [[nodiscard]] Amount stop();
    // To be called after stop(): the recorded losses as text.
    [[nodiscard]] std::vector<std::string> losses() const;

private:
    support::Folder folder_;
    std::string ledger_;
    std::uint16_t port_ = 0;
    std::unique_ptr<support::Process> daemon_;
};

}  // namespace octroi::real
