// SPDX-License-Identifier: GPL-3.0-or-later
#include "live_host.hpp"

#include <algorithm>
#include <utility>

namespace octroi::sim {
namespace {

Amount of(const Sent& sent) { return {sent.frame, 1}; }

}  // namespace

class LiveHost::Source final : public PacketSource {
public:
    Source(Port& port, std::uint32_t snap, std::uint64_t generation)
        : port_(&port), snap_(snap), generation_(generation) {}
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;
    ~Source() override {
        if (is_mine()) stop_listening(*port_);
    }
    [[nodiscard]] std::uint16_t link_type() const override { return 1; }
    Result<std::size_t> read(std::size_t limit, Handler handler, void* context) override {
        if (!is_mine()) return fail(ErrorCode::failed, "the interface disappeared");
        std::size_t count = 0;
        for (; count < limit && !port_->ring.empty(); ++count) {
            const Packet packet = std::move(port_->ring.front());
            port_->ring.pop_front();
            port_->seen->push_back(packet.sent);
            const ByteSpan octets = as_octets(packet.octets);
            handler(context, {octets.first(std::min<std::size_t>(octets.size(), snap_)),
                              packet.sent.frame, packet.sent.time});
        }
        return count;
    }
    Result<CaptureStatistics> statistics() override {
        if (!is_mine()) return fail(ErrorCode::failed, "the interface disappeared");
        return port_->statistics;
    }
    [[nodiscard]] int descriptor() const override { return -1; }

private:
    [[nodiscard]] bool is_mine() const {
        return port_->listening && port_->generation == generation_;
    }
    Port* port_;
    std::uint32_t snap_;
    std::uint64_t generation_;
};

void LiveHost::add(const std::string& name, const Mac& mac, const std::vector<Address>& addresses,
                   Seen& seen) {
    Port& port = ports_[name];
    port.interface.name = name;
    port.interface.index = next_index_++;
    port.interface.mac = mac;
    port.interface.up = true;
    for (const Address& a : addresses)
        port.interface.addresses.push_back({a, Prefix::of(a, a.bits() - 8)});
    port.seen = &seen;
}

void LiveHost::pass(const Packet& packet, Delivery delivery) {
    Port& port = ports_.at(packet.sent.interface);
    if (!port.present) return;
    if (delivery == Delivery::lost_before) {
        // The interface counters do not include it: only the sockets know about it.
        if (!port.listening) return;
        ++port.statistics.interface_drops;
        port.lost_before += of(packet.sent);
        return;
    }
    InterfaceCounters& c = port.interface.counters;
    const bool out = packet.sent.direction == Direction::out;
    (out ? c.tx_bytes : c.rx_bytes) += packet.sent.frame;
    (out ? c.tx_packets : c.rx_packets) += 1;
    if (!port.listening) {
        port.unexplained += of(packet.sent);
    } else if (delivery == Delivery::lost_by_ring || port.ring.size() >= ring_limit) {
        ++port.statistics.kernel_drops;
        port.ring_lost += of(packet.sent);
    } else {
        port.ring.push_back(packet);
    }
}

void LiveHost::stop_listening(Port& port) {
    for (const Packet& packet : port.ring) port.unexplained += of(packet.sent);
    port.ring.clear();
    port.unexplained += std::exchange(port.ring_lost, {});
    // A packet that was lost before the interface counted it is in no counter. No loss can cover
    // it.
    port.lost_before = {};
    port.listening = false;
}

void LiveHost::remove_interface(const std::string& name) {
    Port& port = ports_.at(name);
    if (port.listening) stop_listening(port);
    port.present = false;
}

void LiveHost::restore_interface(const std::string& name, bool recreated) {
    Port& port = ports_.at(name);
    port.present = true;
    if (!recreated) return;
    port.interface.index = next_index_++;
    port.interface.counters = {};
}

void LiveHost::reboot() {
    ++boot_;
    next_index_ = 1;
    for (auto& [name, port] : ports_) {
        if (port.listening) stop_listening(port);
        port.present = true;
        port.interface.counters = {};
        port.interface.index = next_index_++;
    }
}

Result<std::unique_ptr<PacketSource>> LiveHost::open(const CaptureOptions& options) {
    Port& port = ports_.at(options.interface);
    if (!port.present) return fail(ErrorCode::failed, "it is down");
    port.listening = true;
    port.generation = next_generation_++;
    port.statistics = {};
    port.demand += std::exchange(port.unexplained, {});
    return std::make_unique<Source>(port, options.snap_length, port.generation);
}

Result<std::vector<Interface>> LiveHost::interfaces() {
    std::vector<Interface> all;
    for (const auto& [name, port] : ports_)
        if (port.present) all.push_back(port.interface);
    // The kernel guarantees no order.
    if (random_->chance(30)) std::ranges::reverse(all);
    return all;
}

}  // namespace octroi::sim
