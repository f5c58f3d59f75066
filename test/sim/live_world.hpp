// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The live part of the simulation: a router with two metered interfaces (LAN on eth0, the outside
// on eth1), a third interface on a trunk that carries traffic between other hosts, and their
// faults.

#include "live_host.hpp"
#include "live_run.hpp"
#include "traffic.hpp"

namespace octroi::sim {

class LiveWorld {
public:
    LiveWorld(Random& random, const Population& population, SimClock& clock, SimLedger& sim_ledger);

    // Some packets pass.
    void traffic();
    // Interfaces come and go, the clock is set.
    [[nodiscard]] Status mishaps();
    // All meters read.
    [[nodiscard]] Status read();
    // One meter commits. True: a crash.
    [[nodiscard]] Result<bool> commit();
    [[nodiscard]] Status start();
    void kill(bool machine);
    // Ends all faults.
    void end_faults();

private:
    void route(bool strange_way);
    void own();
    void trunk();
    void pass(Packet packet, const char* interface, Direction direction, const Mac& src,
              const Mac& dst, LiveHost::Delivery delivery);
    [[nodiscard]] LiveHost::Delivery some_delivery();
    [[nodiscard]] bool both_up();

    Random* random_;
    const Population* population_;
    SimClock* clock_;
    LiveHost host_;
    Traffic routed_;
    Traffic tapped_;
    LiveRun router_;
    LiveRun tap_;
    Population::Host self_;
    unsigned drops_ = 0;  // percent
    bool clock_steps_ = false;
};

}  // namespace octroi::sim
