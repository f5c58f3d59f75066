// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A machine with network interfaces, as live capture sees one: a ring that may be full, counters
// that go on, interfaces that go down, vanish and come back, reboots. It also keeps the truth about
// what no capture has seen.

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "auditor.hpp"
#include "host/capture.hpp"
#include "sim_ledger.hpp"
#include "truth.hpp"

namespace octroi::sim {

// What one meter was given to see, in its order.
using Seen = std::vector<Sent>;

class LiveHost final : public CaptureHost {
public:
    struct Port {
        Interface interface;
        bool present = true;
        bool listening = false;
        std::uint64_t generation = 0;  // of the source that listens
        std::deque<Packet> ring;
        CaptureStatistics statistics;
        Seen* seen = nullptr;

        // Lost by the ring, or before it, and not stated at a checkpoint yet.
        Amount ring_lost;
        Amount lost_before;
        // Passed and not booked, for other reasons, since the source was opened last…
        Amount unexplained;
        // …and before that: what the loss that opening made must cover.
        Amount demand;
        bool known = false;  // a cursor of it stands in the ledger
    };

    LiveHost(Random& random, SimClock& clock) : random_(&random), clock_(&clock) {}

    void add(const std::string& name, const Mac& mac, std::vector<Address> addresses, Seen& seen);
    [[nodiscard]] Port& port(const std::string& name) { return ports_.at(name); }

    // A packet that passes now would be seen.
    [[nodiscard]] bool has_room(const std::string& name) const {
        const Port& port = ports_.at(name);
        return port.listening && port.ring.size() + 8 < ring_limit;
    }
    enum class Fate { seen, lost_by_ring, lost_before };
    // A packet passes an interface (sent.interface, sent.way).
    void pass(const Packet& packet, Fate fate);

    // The interface goes down, or is deleted; what its ring holds is gone.
    void take_away(const std::string& name);
    // It is up again, or made anew: another index, counters from nothing.
    void bring_back(const std::string& name, bool anew);
    void reboot();

    Result<std::unique_ptr<PacketSource>> open(const CaptureOptions& options) override;
    Result<std::vector<Interface>> interfaces() override;
    Result<std::string> boot_id() override { return "boot-" + std::to_string(boot_); }
    void wait(std::span<PacketSource* const> /*sources*/, Duration wait) override {
        clock_->advance(wait);
    }
    [[nodiscard]] const Clock& clock() const override { return *clock_; }

private:
    static constexpr std::size_t ring_limit = 400;
    class Source;
    static void stop_listening(Port& port);

    Random* random_;
    SimClock* clock_;
    std::map<std::string, Port> ports_;
    std::uint64_t boot_ = 1;
    int next_index_ = 1;
    std::uint64_t next_generation_ = 1;
};

}  // namespace octroi::sim
