// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A simulated exporter, and the network between it and the collector. Messages are lost, duplicated
// or reordered. The exporter restarts, changes its templates, and its clock is not exact. The
// object keeps the expected figures.

#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"

namespace octroi::simulated {

enum class Kind { v5, v9, ipfix, sflow };

struct ExporterOptions {
    Kind kind = Kind::v5;
    Address address;
    std::uint64_t seed = 0;
    Duration clock_offset;      // error of its clock at the beginning
    double clock_drift = 0;     // seconds per second
    std::uint32_t account = 0;  // its hosts are 10.<account>.x.x
};

// What happened to the messages. "Units" are what the sequence numbers of the protocol count.
struct ExporterTruth {
    std::uint64_t delivered_bytes = 0;
    std::uint64_t delivered_packets = 0;
    std::uint64_t delivered_records = 0;
    std::uint64_t lost_units = 0;  // between two delivered messages without a restart in between
    std::uint64_t lost_bytes = 0;
    std::uint64_t undetectable_units = 0;  // lost before the first or after the last delivered one
    std::uint64_t lost_messages = 0;
    std::uint64_t twice = 0;
    std::uint64_t late = 0;
    std::uint64_t restarts = 0;
};

class Exporter {
public:
    explicit Exporter(const ExporterOptions& options);

    // Sends one message. Returns the messages that the network delivers: none, one or several.
    [[nodiscard]] std::vector<std::string> send(UtcTime now, bool faults);
    // Restarts all counts, as after a reboot. Returns the messages that were still in the network.
    [[nodiscard]] std::vector<std::string> restart(UtcTime now);
    void change_template() { template_ = template_ == 300 ? 301 : 300; }

    [[nodiscard]] const Address& address() const { return options_.address; }
    [[nodiscard]] Kind kind() const { return options_.kind; }
    // Called at the end: returns the messages that were still in the network.
    [[nodiscard]] const ExporterTruth& truth() {
        settle();
        return truth_;
    }

private:
    struct Message {
        std::string octets;
        std::uint64_t bytes = 0;
        std::uint64_t packets = 0;
        std::uint64_t records = 0;
        std::uint32_t units = 0;
        std::uint64_t number = 0;
    };
    struct Flow {
        std::uint32_t src;
        std::uint16_t sport;
        std::uint32_t bytes;
        std::uint32_t packets;
    };
    Message make(UtcTime now);
    Message make_template(UtcTime now);
    std::string record(const Flow& flow, UtcTime clock) const;
    Flow next_flow();
    std::string head(UtcTime clock, const std::string& sets, std::uint32_t count) const;
    [[nodiscard]] UtcTime clock(UtcTime now) const;
    [[nodiscard]] std::uint32_t uptime_ms(UtcTime clock) const;
    void settle();
    void deliver(const Message& message, std::vector<std::string>& out);
    [[nodiscard]] bool chance(double probability);

    ExporterOptions options_;
    std::mt19937_64 random_;
    UtcTime began_;   // simulated time of the first message
    UtcTime booted_;  // according to its own clock
    bool started_ = false;
    std::uint32_t sequence_ = 0;
    std::uint16_t template_ = 300;
    std::uint16_t announced_ = 0;  // the id of the template that was sent last
    std::uint64_t messages_ = 0;
    struct Held {
        Message message;
        int messages_to_go;
    };
    std::deque<Held> held_;
    // Since the last restart.
    std::vector<Message> lost_;
    std::uint64_t numbers_ = 0;
    std::uint64_t first_came_ = UINT64_MAX;
    std::uint64_t last_came_ = 0;
    ExporterTruth truth_;
};

}  // namespace octroi::simulated
