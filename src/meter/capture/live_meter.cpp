// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/live_meter.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.hpp"
#include "base/hash.hpp"
#include "wire/packet/packet_fast.hpp"

namespace octroi::capture {
namespace {

constexpr Duration retry_pause = Duration::seconds(1);
// Frames of one interface before the next one has its turn.
constexpr std::size_t turn = 4096;
// What an interface's counters may leave out of a frame: bridges and VLAN devices count behind the
// Ethernet header, and a driver may count behind the tags that it takes off.
constexpr std::uint32_t uncounted_max = 14 + 2 * 4;
// Ring blocks are closed in two delivery delays at the latest.
constexpr Duration ring_delay = CaptureHost::delivery_delay + CaptureHost::delivery_delay;
// Nothing waits longer, also when the clock is set back.
constexpr Duration wait_max = Duration::seconds(1);

[[nodiscard]] const Interface* find(const std::vector<Interface>& present, std::string_view name) {
    const auto found = std::ranges::find(present, name, &Interface::name);
    return found == present.end() ? nullptr : &*found;
}

[[nodiscard]] Interval between(UtcTime begin, UtcTime end) {
    return {std::min(begin, end), std::max({begin, end, begin + Duration{1}})};
}

}  // namespace

LiveMeter::LiveMeter(const LiveMeterOptions& options, CaptureHost& host,
                     std::unique_ptr<Intake> intake, ForwardedFlows forwarded)
    : options_(options),
      host_(&host),
      intake_(std::move(intake)),
      forwarded_(std::move(forwarded)) {}

Result<std::unique_ptr<LiveMeter>> LiveMeter::open(const LiveMeterOptions& options,
                                                   CaptureHost& host,
                                                   std::span<const Cursor> known) {
    if (options.interfaces.empty())
        return fail(ErrorCode::invalid, "a live capture needs at least one interface");
    // The key of a captured flow has 16 bits for the interface.
    if (options.interfaces.size() >= UINT16_MAX)
        return fail(ErrorCode::over_limit, "too many interfaces for one capture");
    for (auto name = options.interfaces.begin(); name != options.interfaces.end(); ++name)
        if (std::find(options.interfaces.begin(), name, *name) != name)
            return fail(
                ErrorCode::invalid,
                fmt::format("interface {} is named twice; its traffic would count twice", *name));
    TRY_ASSIGN(auto intake, Intake::create(options.intake, options.seed));
    TRY_ASSIGN(auto forwarded, ForwardedFlows::create(mix(options.seed ^ mix_a, mix_b)));
    auto meter = std::unique_ptr<LiveMeter>(
        new LiveMeter(options, host, std::move(intake), std::move(forwarded)));
    TRY(meter->open_all(known));
    return meter;
}

Status LiveMeter::open_all(std::span<const Cursor> known) {
    // The number of a port is the row of its name.
    for (const std::string& name : options_.interfaces)
        if (names_.append(NameKind::interface, name) == no_name)
            return fail(ErrorCode::over_limit, "too many interfaces for one capture");
    TRY_ASSIGN(boot_, host_->boot_id());
    TRY_ASSIGN(const auto present, host_->interfaces());
    learn_addresses(present);
    for (const std::string& name : options_.interfaces) {
        Port& port = *ports_.emplace_back(std::make_unique<Port>());
        port.meter = this;
        port.number = static_cast<std::uint16_t>(ports_.size());
        port.cursor.source = fmt::format("{}{}", interface_source_prefix, name);
        TRY(open_port(port, present));
        const auto old = std::ranges::find(known, port.cursor.source, &Cursor::source);
        if (old == known.end()) continue;
        port.cursor.version = old->version;
        TRY_ASSIGN(const auto before, InterfacePosition::parse(old->position));
        add_not_running(port, before, port.opened);
    }
    return {};
}

// The counters are read before the source is opened: what passes in between is bounded as unseen,
// and nothing that was seen before them is taken from them.
Status LiveMeter::open_port(Port& port, const std::vector<Interface>& present) {
    const std::string& name = options_.interfaces[port.number - 1U];
    const Interface* const interface = find(present, name);
    if (interface == nullptr)
        return fail(ErrorCode::not_found, fmt::format("there is no interface {}", name));
    CaptureOptions wanted;
    wanted.interface = name;
    wanted.promiscuous = options_.promiscuous;
    wanted.snap_length = options_.snap_length;
    wanted.ring_octets = options_.ring_octets;
    wanted.filter = options_.filter;
    TRY_ASSIGN(auto source, host_->open(wanted));
    const packet::LinkType link{source->link_type()};
    if (!packet::is_supported(link))
        return fail(ErrorCode::unsupported, fmt::format("{}: frames of link type {} cannot be read",
                                                        name, static_cast<unsigned>(link)));
    port.source = std::move(source);
    port.link = link;
    port.mac = interface->mac;
    port.opened = InterfacePosition::of(*interface, boot_, host_->clock().now());
    port.accounted = port.opened;
    port.wire_bytes = 0;
    port.counted = 0;
    port.bounded = 0;
    port.reported = {};
    return {};
}

void LiveMeter::learn_addresses(const std::vector<Interface>& present) {
    own_addresses_.clear();
    for (const Interface& interface : present)
        for (const InterfaceAddress& a : interface.addresses) own_addresses_.insert(a.address);
}

// An interface that was lost comes back: what passed meanwhile is a loss.
void LiveMeter::retry_ports() {
    const UtcTime now = host_->clock().now();
    for (const auto& port : ports_) {
        if (port->source ||
            (now < port->retry_at && port->retry_at < now + retry_pause + retry_pause))
            continue;
        port->retry_at = now + retry_pause;
        const InterfacePosition before = port->accounted;
        const auto present = host_->interfaces();
        if (!present.has_value() || !open_port(*port, *present).has_value()) continue;
        learn_addresses(*present);
        add_not_running(*port, before, port->opened);
    }
}

// What was seen until now is handed over as usual. When it is back, its counters since the last
// checkpoint bound what may be missing: too much by what was seen, but never too little.
void LiveMeter::lose_port(Port& port) {
    ++other_.interface_errors;
    port.source.reset();
    port.retry_at = host_->clock().now() + retry_pause;
}

std::size_t LiveMeter::read_ports() {
    std::size_t frames = 0;
    reading_at_ = host_->clock().uptime();
    for (const auto& port : ports_) {
        if (!port->source) continue;
        const UtcTime now = host_->clock().now();
        const auto got = port->source->read(turn, &on_frame, port.get());
        if (!got.has_value()) {
            lose_port(*port);
            continue;
        }
        frames += *got;
        // Beyond now: the clock was set back.
        if (*got == 0 && (port->read_until < now - ring_delay || port->read_until > now))
            port->read_until = now - ring_delay;
    }
    return frames;
}

Result<Pull> LiveMeter::pull(ReadingSink& sink, Duration wait) {
    out_.set_sink(sink);
    retry_ports();
    std::size_t frames = read_ports();
    if (frames == 0) {
        std::vector<PacketSource*> sources;
        for (const auto& port : ports_)
            if (port->source) sources.push_back(port->source.get());
        host_->wait(sources, wait);
        frames = read_ports();
    }
    release_waiting();
    take_batch();
    if (frames == 0) intake_->sweep(host_->clock().now(), out_);
    out_.flush();
    return frames == 0 ? Pull::idle : Pull::more;
}

void LiveMeter::on_frame(void* port_pointer, const RawFrame& frame) {
    Port& port = *static_cast<Port*>(port_pointer);
    port.meter->take_frame(port, frame);
}

void LiveMeter::take_frame(Port& port, const RawFrame& frame) {
    Sample& sample = batch_[batched_];
    packet::Packet& p = sample.packet;
    if (port.link == packet::LinkType::ethernet) [[likely]]
        packet::decode_ethernet(frame.octets, frame.wire_length, p, port.number);
    else
        packet::decode(port.link, frame.octets, frame.wire_length, p, port.number);
    // A clock that stands outside the tables' range is a wrong one: kept within it.
    constexpr std::int64_t latest = 7'258'118'400'000'000'000;  // 2200-01-01
    sample.time = std::clamp<std::int64_t>(frame.time.ns, 0, latest);
    sample.wire_length = frame.wire_length;
    port.wire_bytes += frame.wire_length;
    port.counted += frame.wire_length - std::min(frame.wire_length, uncounted_max);
    port.read_until = UtcTime{sample.time};
    const Direction way = direction(port, p);
    mark_direction(p.key, way);
    if (must_wait(p, way, UtcTime{sample.time})) {
        if (port.waiting.full()) release_waiting();
        return port.waiting.push(sample, reading_at_);
    }
    if (++batched_ == batch_size) take_batch();
}

Direction LiveMeter::direction(const Port& port, const packet::Packet& p) const {
    if (p.direction != packet::Direction::unknown)
        return p.direction == packet::Direction::in ? Direction::in : Direction::out;
    if (!port.mac.empty() && port.link == packet::LinkType::ethernet) {
        if (p.src_mac() == port.mac) return Direction::out;
        // The lowest bit of the first octet: to many.
        const bool to_many = (p.macs[0] & 1U) != 0;
        return to_many || p.dst_mac() == port.mac ? Direction::in : Direction::unknown;
    }
    if (p.outcome != packet::Outcome::ip) return Direction::unknown;
    if (own_addresses_.contains(p.key.src())) return Direction::out;
    return own_addresses_.contains(p.key.dst()) ? Direction::in : Direction::unknown;
}

// Marks a duplicate that is known as one. True: it cannot be told yet.
bool LiveMeter::must_wait(packet::Packet& p, Direction way, UtcTime time) {
    if (ports_.size() < 2 || options_.forwarded == ForwardedPolicy::each ||
        p.outcome != packet::Outcome::ip)
        return false;
    if (way == Direction::in) {
        forwarded_.came_in(p.key, time);
        return false;
    }
    if (own_addresses_.contains(p.key.src())) return false;
    if (!forwarded_.came_in_elsewhere(p.key, time)) return true;
    p.key.words[5] |= duplicate_mark;
    return false;
}

void LiveMeter::count(const Sample& sample) {
    batch_[batched_] = sample;
    if (++batched_ == batch_size) take_batch();
}

UtcTime LiveMeter::all_read_until() const {
    UtcTime until = UtcTime::max();
    for (const auto& port : ports_)
        if (port->source) until = std::min(until, port->read_until);
    return until;
}

// In the order of time, so that the first sight of a packet comes first. A flow of which no
// interface says the way (a bridge's ports, tunnels) belongs to the one that has it first.
void LiveMeter::release_waiting() {
    const UtcTime until = all_read_until();
    for (;;) {
        Port* first = nullptr;
        for (const auto& port : ports_) {
            if (port->waiting.empty()) continue;
            if (first == nullptr ||
                port->waiting.front().sample.time < first->waiting.front().sample.time)
                first = port.get();
        }
        if (first == nullptr) return;
        const WaitingFrames::Frame& frame = first->waiting.front();
        if (UtcTime{frame.sample.time} > until && !first->waiting.full() &&
            reading_at_ - frame.read_at < wait_max)
            return;
        Sample sample = frame.sample;
        first->waiting.pop();
        packet::FlowKey& key = sample.packet.key;
        const UtcTime time{sample.time};
        if (forwarded_.came_in_elsewhere(key, time))
            key.words[5] |= duplicate_mark;
        else if (direction_of(key) == Direction::unknown)
            forwarded_.came_in(key, time);
        count(sample);
    }
}

void LiveMeter::take_batch() {
    intake_->process(std::span(batch_).first(batched_), out_);
    batched_ = 0;
}

// Frames may stand in a block of the ring that the kernel has not closed yet.
void LiveMeter::drain() {
    const Duration begin = host_->clock().uptime();
    for (;;) {
        while (read_ports() > 0) {
            if (host_->clock().uptime() - begin > Duration::seconds(1)) return;
        }
        const Duration passed = host_->clock().uptime() - begin;
        const Duration left = ring_delay - passed;
        std::vector<PacketSource*> sources;
        for (const auto& port : ports_)
            if (port->source) sources.push_back(port->source.get());
        if (left.ns <= 0 || sources.empty()) return;
        host_->wait(sources, left);
    }
}

std::string LiveMeter::source_of(const Port& port) const {
    return options_.interfaces[port.number - 1U];
}

void LiveMeter::add_not_running(const Port& port, const InterfacePosition& from,
                                const InterfacePosition& until) {
    Loss loss{source_of(port), LossReason::not_running, between(from.time, until.time),
              std::nullopt, std::nullopt};
    // Another boot, another interface of the same name, counters set back: nothing bounds what
    // passed before that.
    if (from.comparable_with(until)) {
        loss.packets = until.packets - from.packets;
        loss.bytes_bound = until.bytes - from.bytes;
        if (*loss.packets == 0 && *loss.bytes_bound == 0) return;
    }
    losses_.push_back(std::move(loss));
}

// The interface's counters must be read after the drops: then they hold all that was dropped.
void LiveMeter::add_drops(Port& port, const CaptureStatistics& stated, const Interface* interface,
                          UtcTime now) {
    const std::uint64_t ring = stated.kernel_drops - port.reported.kernel_drops;
    const std::uint64_t before = stated.interface_drops - port.reported.interface_drops;
    port.reported = stated;
    other_.kernel_drops += ring;
    other_.interface_drops += before;
    const Interval since = between(port.accounted.time, now);
    const auto at_most = [](std::uint64_t packets) {
        std::uint64_t bytes = 0;
        return __builtin_mul_overflow(packets, packet_bytes_max, &bytes) ? UINT64_MAX : bytes;
    };
    if (ring > 0) {
        std::uint64_t bound = at_most(ring);
        if (options_.filter.empty() && interface != nullptr) {
            const auto position = InterfacePosition::of(*interface, boot_, now);
            const std::uint64_t known = port.counted + port.bounded;
            if (port.opened.comparable_with(position)) {
                const std::uint64_t passed = position.bytes - port.opened.bytes;
                bound = std::min(bound, passed > known ? passed - known : 0);
            }
        }
        port.bounded += bound;
        losses_.push_back({source_of(port), LossReason::kernel_drop, since, ring, bound});
    }
    // Not in the interface's own octet counters, so these can say nothing about them.
    if (before > 0)
        losses_.push_back(
            {source_of(port), LossReason::interface_drop, since, before, at_most(before)});
}

void LiveMeter::settle_port(Port& port, const std::vector<Interface>& before, UtcTime now) {
    if (!port.source) return;
    const std::string& name = options_.interfaces[port.number - 1U];
    const Interface* const interface = find(before, name);
    const auto stated = port.source->statistics();
    const auto after = host_->interfaces();
    // Gone, or gone and come back as another: what is read from the old one is at its end.
    if (interface == nullptr || !stated.has_value() ||
        static_cast<std::uint32_t>(interface->index) != port.opened.index)
        return lose_port(port);
    add_drops(port, *stated, after.has_value() ? find(*after, name) : nullptr, now);
    port.mac = interface->mac;
    port.accounted = InterfacePosition::of(*interface, boot_, now);
    port.cursor.position = port.accounted.save();
    port.cursor.version += 1;
    port.cursor.note = fmt::format("{}: {} octets of frames seen", name, port.wire_bytes);
}

Result<Checkpoint> LiveMeter::checkpoint(ReadingSink& sink) {
    out_.set_sink(sink);
    // The cursors' counters come first: all that they hold is then in the ring, or lost.
    const UtcTime now = host_->clock().now();
    const auto present = host_->interfaces();
    if (present.has_value()) learn_addresses(*present);
    drain();
    release_waiting();
    take_batch();
    intake_->hand_over(out_);
    out_.flush();
    Checkpoint out;
    for (const auto& port : ports_) {
        // Without counters the cursors stay where they are, and drops are stated the next time.
        if (!present.has_value()) break;
        const std::uint64_t version = port->cursor.version;
        settle_port(*port, *present, now);
        if (port->cursor.version != version) out.cursors.push_back(port->cursor);
    }
    out.losses = std::exchange(losses_, {});
    out.observed = intake_->take_observed();
    return out;
}

std::vector<CounterValue> LiveMeter::counters() const { return counter_values(*intake_, other_); }

}  // namespace octroi::capture
