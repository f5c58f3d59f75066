// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// `octroi run` with a collector on a port of its own, and what a test wants to know of it.

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

// What `octroi inspect packets --summary` says of a capture.
struct Summary {
    Amount ip;
    Amount v4;
    Amount v6;
    std::uint64_t fragments = 0;
};
[[nodiscard]] Summary summary_of(const std::string& capture);

// Captures of the shared test data below packets/`corpus`, each content once, in a fixed order;
// only those that `octroi inspect` reads to the end. Empty where the data is not.
[[nodiscard]] std::vector<std::string> captures_of(const std::string& corpus);
// "ndpi/bitcoin.pcap"
[[nodiscard]] std::string short_name(const std::string& capture);

// Whether a program is there to be run.
[[nodiscard]] bool installed(const std::string& program);
// A UDP port of 127.0.0.1 that was free a moment ago.
[[nodiscard]] std::uint16_t free_port();
// Whether a process listens there, and has taken all that came.
[[nodiscard]] bool listens(std::uint16_t port);
[[nodiscard]] bool drained(std::uint16_t port);

// Running from the constructor to stop().
class Collecting {
public:
    // more: sections of the configuration beside the meter. It listens on the same port of TCP,
    // too.
    explicit Collecting(const std::string& more = "");
    [[nodiscard]] std::uint16_t port() const { return port_; }
    // "127.0.0.1:PORT"
    [[nodiscard]] std::string address() const;
    [[nodiscard]] std::string ledger() const { return ledger_; }
    // All that is in the ledger by now, and the same once the daemon has ended in order.
    [[nodiscard]] Amount booked() const;
    [[nodiscard]] Amount stop();
    // After stop(): losses that were recorded, as text.
    [[nodiscard]] std::vector<std::string> losses() const;

private:
    support::Folder folder_;
    std::string ledger_;
    std::uint16_t port_ = 0;
    std::unique_ptr<support::Process> daemon_;
};

}  // namespace octroi::real
