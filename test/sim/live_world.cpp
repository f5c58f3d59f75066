// SPDX-License-Identifier: GPL-3.0-or-later
#include "live_world.hpp"

#include <algorithm>

namespace octroi::sim {
namespace {

const Mac lan_mac{{2, 0xee, 0, 0, 0, 0x10}};
const Mac wan_mac{{2, 0xee, 0, 0, 0, 0x11}};
const Mac trunk_mac{{2, 0xee, 0, 0, 0, 0x12}};

void set_macs(Packet& packet, const Mac& src, const Mac& dst) {
    std::copy(dst.octets.begin(), dst.octets.end(), packet.octets.begin());
    std::copy(src.octets.begin(), src.octets.end(), packet.octets.begin() + 6);
    packet.sent.src_mac = src;
    packet.sent.dst_mac = dst;
}

}  // namespace

LiveWorld::LiveWorld(Random& random, const Population& population, SimClock& clock,
                     SimLedger& sim_ledger)
    : random_(&random),
      population_(&population),
      clock_(&clock),
      host_(random, clock),
      routed_(random, population,
              {.stations = false, .vlans = false, .disorder = false, .strange = false}),
      tapped_(random, population, {.stations = true, .vlans = true, .strange = true}),
      router_(random, host_, sim_ledger, "router", {"eth0", "eth1"}),
      tap_(random, host_, sim_ledger, "tap", {"eth2"}),
      self_{*parse_address("192.0.2.254"), *parse_address("2001:db8:fff::1"), wan_mac} {
    host_.add("eth0", lan_mac, {*parse_address("10.1.0.254")}, router_.seen());
    host_.add("eth1", wan_mac, {self_.v4, self_.v6}, router_.seen());
    host_.add("eth2", trunk_mac, {}, tap_.seen());
    drops_ = random.chance(50) ? static_cast<unsigned>(random.below(8)) : 0;
    clock_steps_ = random.chance(50);
    clock.drift(random.chance(50) ? random.between(-500, 500) : 0);
}

LiveHost::Delivery LiveWorld::some_delivery() {
    if (!random_->chance(drops_)) return LiveHost::Delivery::seen;
    return random_->one_in(5) ? LiveHost::Delivery::lost_before : LiveHost::Delivery::lost_by_ring;
}

// Or no source is open on either interface.
bool LiveWorld::both_up() {
    const auto& lan = host_.port("eth0");
    const auto& wan = host_.port("eth1");
    return lan.present && wan.present && lan.listening == wan.listening;
}

void LiveWorld::pass(Packet packet, const char* interface, Direction direction, const Mac& src,
                     const Mac& dst, LiveHost::Delivery delivery) {
    set_macs(packet, src, dst);
    packet.sent.interface = interface;
    packet.sent.direction = direction;
    host_.pass(packet, delivery);
}

// A packet comes in on one side and goes out on the other, unless the firewall drops all packets of
// its host. The second copy is a duplicate, and the first one counts with the ends of both. None is
// lost alone: no meter could know the other one.
void LiveWorld::route(bool outbound) {
    const Conversation c = routed_.conversation();
    const bool firewalled = c.near.v4.octets[3] % 5 == 0;
    // All fragments of a datagram are lost together, because the order in which a meter of two
    // interfaces sees them is not defined.
    const bool has_space = host_.has_space("eth0") && host_.has_space("eth1");
    const auto delivery = has_space ? some_delivery() : LiveHost::Delivery::lost_by_ring;
    const Mac host = c.near.mac;
    for (Packet& p : routed_.talk(c, clock_->now(), outbound)) {
        Packet copy = p;
        copy.sent.frame_kind = FrameKind::duplicate;
        if (!firewalled) {
            p.sent.out_interface = outbound ? "eth1" : "eth0";
            p.sent.out_mac = outbound ? population_->gateway : host;
        }
        if (outbound)
            pass(p, "eth0", Direction::in, host, lan_mac, delivery);
        else
            pass(p, "eth1", Direction::in, population_->gateway, wan_mac, delivery);
        if (firewalled) continue;
        if (outbound)
            pass(copy, "eth1", Direction::out, wan_mac, population_->gateway, delivery);
        else
            pass(copy, "eth0", Direction::out, lan_mac, host, delivery);
    }
}

// Traffic of the router itself.
void LiveWorld::own() {
    Conversation c = routed_.conversation();
    c.near = self_;
    const bool outbound = random_->chance(50);
    for (const Packet& p : routed_.talk(c, clock_->now(), outbound)) {
        if (outbound)
            pass(p, "eth1", Direction::out, wan_mac, population_->gateway, some_delivery());
        else
            pass(p, "eth1", Direction::in, population_->gateway, wan_mac, some_delivery());
    }
}

// Traffic on the trunk is between other hosts: it is neither incoming nor outgoing.
void LiveWorld::trunk() {
    for (Packet& p : tapped_.datagram(clock_->now())) {
        p.sent.interface = "eth2";
        host_.pass(p, some_delivery());
    }
}

void LiveWorld::traffic() {
    const auto count = random_->below(60);
    for (std::uint64_t i = 0; i < count; ++i) {
        clock_->advance(Duration{random_->between(0, 60'000'000)});
        const auto kind = random_->below(10);
        if (kind < 4 && both_up()) route(random_->chance(50));
        if (kind == 4 && host_.port("eth1").present) own();
        if (kind > 4 && host_.port("eth2").present) trunk();
    }
}

Status LiveWorld::mishaps() {
    Random& r = *random_;
    if (r.one_in(25)) {
        const std::vector<std::string> names{"eth0", "eth1", "eth2"};
        const std::string name = r.pick(names);
        // When an interface disappears, the packets in its ring are lost. Of a routed packet the
        // first copy must not be lost alone.
        if (name != "eth2") TRY(router_.pull());
        if (host_.port(name).present)
            host_.remove_interface(name);
        else
            host_.restore_interface(name, r.chance(50));
    }
    if (r.one_in(12))
        for (const char* name : {"eth0", "eth1", "eth2"})
            if (!host_.port(name).present) host_.restore_interface(name, r.chance(50));
    if (clock_steps_ && r.one_in(20)) {
        // Packets in the rings have times before the change: a known limit of duplicate detection.
        TRY(router_.pull());
        clock_->step(Duration::seconds(r.between(-2000, 2000)));
    }
    return {};
}

Status LiveWorld::read() {
    TRY(router_.pull());
    return tap_.pull();
}

Result<bool> LiveWorld::commit() {
    LiveRun* const which = random_->chance(50) ? &router_ : &tap_;
    return which->commit();
}

Status LiveWorld::start() {
    TRY(router_.start());
    return tap_.start();
}

void LiveWorld::kill(bool machine) {
    router_.kill();
    tap_.kill();
    if (machine) host_.reboot();
}

void LiveWorld::end_faults() {
    drops_ = 0;
    clock_steps_ = false;
    for (const char* name : {"eth0", "eth1", "eth2"})
        if (!host_.port(name).present) host_.restore_interface(name, false);
}

}  // namespace octroi::sim
