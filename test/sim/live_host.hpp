// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A simulated machine with network interfaces for live capture: rings may be full, counters
// continue, interfaces go down, disappear and return, and the machine reboots. It also records the
// packets that no capture saw.

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

// The packets that one meter received, in order.
using Seen = std::vector<Sent>;

class LiveHost final : public CaptureHost {
public:
    struct Port {
        Interface interface;
        bool present = true;
        bool listening = false;
        std::uint64_t generation = 0;  // of the open source
        std::deque<Packet> ring;
        CaptureStatistics statistics;
        Seen* seen = nullptr;

        // Lost in the ring or before it, and not yet reported at a checkpoint.
        Amount ring_lost;
        Amount lost_before;
        // Not counted for other reasons since the source was last opened…
        Amount unexplained;
        // …and before that. The loss recorded at opening must cover these.
        Amount demand;
        bool known = false;  // the ledger has a cursor of this source
    };

    LiveHost(Random& random, SimClock& clock) : random_(&random), clock_(&clock) {}

    void add(const std::string& name, const Mac& mac, const std::vector<Address>& addresses,
             Seen& seen);
    [[nodiscard]] Port& port(const std::string& name) { return ports_.at(name); }

    // Whether a packet that passes now would be captured.
    [[nodiscard]] bool has_space(const std::string& name) const {
        const Port& port = ports_.at(name);
        return port.listening && port.ring.size() + 8 < ring_limit;
    }
    enum class Delivery { seen, lost_by_ring, lost_before };
    // A packet passes an interface (sent.interface, sent.direction).
    void pass(const Packet& packet, Delivery delivery);

    // The interface goes down or is deleted. The packets in its ring are lost.
    void remove_interface(const std::string& name);
    // It is up again, or created again with another index and counters at zero.
    void restore_interface(const std::string& name, bool recreated);
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
