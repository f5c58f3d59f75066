// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/live_meter.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.hpp"
#include "meter/capture/routing.hpp"
#include "meter/capture/segments.hpp"
#include "wire/packet/packet_fast.hpp"

namespace octroi::capture {
namespace {

// How often the meter looks for an interface that is gone.
constexpr Duration retry_pause = Duration::seconds(1);
// Frames of one interface before the next one has its turn: the rings of the others must not fill
// meanwhile.
constexpr std::size_t frames_per_turn = 4096;
// How long a checkpoint reads rings that do not become empty.
constexpr Duration drain_max = Duration::seconds(1);
// The kernel closes a block of the ring after two delivery delays at the latest.
constexpr Duration ring_delay = CaptureHost::delivery_delay + CaptureHost::delivery_delay;

[[nodiscard]] const Interface* find(const std::vector<Interface>& present, std::string_view name) {
    const auto found = std::ranges::find(present, name, &Interface::name);
    return found == present.end() ? nullptr : &*found;
}

// Both show the same frames: a VLAN device and the interface below it, a bridge or bond and its
// ports.
[[nodiscard]] Status check_stack(const std::vector<std::string>& names,
                                 const std::vector<Interface>& present) {
    for (const std::string& name : names) {
        const Interface* const interface = find(present, name);
        if (interface == nullptr) continue;
        for (const int index : {interface->lower, interface->master}) {
            const auto other = std::ranges::find(present, index, &Interface::index);
            if (index == 0 || other == present.end()) continue;
            if (std::ranges::find(names, other->name) == names.end()) continue;
            return fail(ErrorCode::invalid,
                        fmt::format("interfaces {} and {} show the same frames, and their traffic "
                                    "would count twice; next: meter only one of them",
                                    name, other->name));
        }
    }
    return {};
}

// The identifier of an ICMP query; 0 where there is none.
[[nodiscard]] std::uint16_t icmp_id(const packet::Packet& p, ByteSpan octets) {
    constexpr std::uint8_t icmp = 1;
    constexpr std::uint8_t icmpv6 = 58;
    constexpr std::size_t at = 4;  // RFC 792, RFC 4443
    const std::uint8_t proto = p.key.proto();
    if ((proto != icmp && proto != icmpv6) || p.transport == 0) return 0;
    if (octets.size() < p.transport + at + 2) return 0;
    return load_be16(octets.data() + p.transport + at);
}

[[nodiscard]] Status check_interfaces(const std::vector<std::string>& names) {
    if (names.empty())
        return fail(ErrorCode::invalid, "a live capture needs at least one interface");
    // The key of a captured flow has 16 bits for the interface.
    if (names.size() >= UINT16_MAX)
        return fail(ErrorCode::over_limit,
                    fmt::format("too many interfaces for one meter; at most {} are possible",
                                UINT16_MAX - 1));
    for (auto name = names.begin(); name != names.end(); ++name)
        if (std::find(names.begin(), name, *name) != name)
            return fail(
                ErrorCode::invalid,
                fmt::format("interface {} is named twice; its traffic would count twice", *name));
    return {};
}

}  // namespace

LiveMeter::LiveMeter(const LiveMeterOptions& options, CaptureHost& host,
                     std::unique_ptr<FrameAggregator> aggregator, ForwardedFrames forwarded)
    : options_(options),
      host_(&host),
      aggregator_(std::move(aggregator)),
      forwarded_(std::move(forwarded)),
      nat_(mix(options.seed ^ mix_c, mix_a)) {}

Result<std::unique_ptr<LiveMeter>> LiveMeter::open(const LiveMeterOptions& options,
                                                   CaptureHost& host,
                                                   std::span<const Cursor> known) {
    TRY(check_interfaces(options.interfaces));
    TRY_ASSIGN(auto aggregator, FrameAggregator::create(options.aggregator, options.seed));
    TRY_ASSIGN(auto forwarded, ForwardedFrames::create(options.interfaces.size(),
                                                       mix(options.seed ^ mix_a, mix_b)));
    auto meter = std::unique_ptr<LiveMeter>(
        new LiveMeter(options, host, std::move(aggregator), std::move(forwarded)));
    TRY(meter->open_all(known));
    return meter;
}

// ---- Interfaces

Status LiveMeter::open_all(std::span<const Cursor> known) {
    // The number of a port is the row of its name.
    for (const std::string& name : options_.interfaces)
        if (names_.append(NameKind::interface, name) == no_name)
            return fail(ErrorCode::over_limit,
                        fmt::format("too many interfaces for one meter; at most {} are possible",
                                    UINT16_MAX - 1));
    TRY_ASSIGN(boot_, host_->boot_id());
    TRY_ASSIGN(const auto present, host_->interfaces());
    TRY(check_stack(options_.interfaces, present));
    learn_addresses(present);
    open_nat();
    for (const std::string& name : options_.interfaces) {
        Port& port = *ports_.emplace_back(std::make_unique<Port>());
        port.meter = this;
        port.number = static_cast<std::uint16_t>(ports_.size());
        port.cursor.source = fmt::format("{}{}", interface_source_prefix, name);
        TRY(open_port(port, present));
        const auto old = std::ranges::find(known, port.cursor.source, &Cursor::source);
        if (old == known.end()) {
            lacks_cursor_ = true;
            continue;
        }
        port.cursor.version = old->version;
        TRY_ASSIGN(const auto before, InterfacePosition::parse(old->position));
        add_not_running(name, before, port.account.opened(), losses_);
    }
    return {};
}

// `present` is read before the source is opened. What passes in between counts as not seen; the
// other way round, frames that were seen could be missing in the counters, and a bound too low.
Status LiveMeter::open_port(Port& port, const std::vector<Interface>& present) {
    const std::string& name = interface_of(port);
    const Interface* const interface = find(present, name);
    if (interface == nullptr) return missing_interface(name, present);
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
    port.bridge_port = interface->bridge_port;
    port.account.start(InterfacePosition::of(*interface, boot_, host_->clock().now()));
    return {};
}

void LiveMeter::learn_addresses(const std::vector<Interface>& present) {
    own_addresses_.clear();
    routes_ = routes(present);
    for (const Interface& interface : present)
        for (const InterfaceAddress& a : interface.addresses) own_addresses_.push_back(a.address);
    std::ranges::sort(own_addresses_);
}

// At each checkpoint again: the first rule with NAT may come late. Without it the meter counts what
// it sees.
void LiveMeter::open_nat() {
    if (!routes_ || nat_.is_open()) return;
    nat_.open(*host_);
    forwarded_.use(nat_.is_open() ? &nat_.table() : nullptr);
}

bool LiveMeter::is_own(const Address& address) const {
    return std::ranges::binary_search(own_addresses_, address);
}

// Opens the interfaces again that are back. What passed meanwhile is a loss.
void LiveMeter::retry_ports() {
    const UtcTime now = host_->clock().now();
    for (const auto& port : ports_) {
        // A retry that is far ahead was planned before the clock was set back.
        const bool is_later =
            now < port->retry_at && port->retry_at < now + retry_pause + retry_pause;
        if (port->source || is_later) continue;
        port->retry_at = now + retry_pause;
        const InterfacePosition before = port->account.settled();
        const auto present = host_->interfaces();
        if (!present.has_value() || !open_port(*port, *present).has_value()) continue;
        learn_addresses(*present);
        add_not_running(interface_of(*port), before, port->account.opened(), losses_);
    }
}

// The frames that were seen are counted as usual. When the interface is back, its counters since
// the last checkpoint bound the loss. They contain the frames that were seen after that checkpoint,
// so the bound may be too high, never too low.
void LiveMeter::close_port(Port& port) {
    ++interface_errors_;
    port.source.reset();
    port.retry_at = host_->clock().now() + retry_pause;
}

const std::string& LiveMeter::interface_of(const Port& port) const {
    return options_.interfaces[port.number - 1U];
}

// ---- Frames

std::vector<PacketSource*> LiveMeter::open_sources() const {
    std::vector<PacketSource*> sources;
    for (const auto& port : ports_)
        if (port->source) sources.push_back(port->source.get());
    return sources;
}

std::size_t LiveMeter::read_ports() {
    std::size_t frames = 0;
    reading_at_ = host_->clock().uptime();
    for (const auto& port : ports_) {
        if (!port->source) continue;
        const UtcTime now = host_->clock().now();
        const auto got = port->source->read(frames_per_turn, &on_frame, port.get());
        if (!got.has_value()) {
            close_port(*port);
            continue;
        }
        frames += *got;
        // An empty ring has given all frames but those of the last ring_delay. A time beyond now is
        // from before the clock was set back.
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
        host_->wait(open_sources(), wait);
        frames = read_ports();
    }
    release_waiting(ForwardedFrames::forwarding_max);
    process_batch();
    if (frames == 0) aggregator_->sweep(host_->clock().now(), out_);
    out_.flush();
    // A process that is killed before its first commit leaves no cursor, and so no loss.
    if (std::exchange(lacks_cursor_, false)) return Pull::checkpoint;
    return frames == 0 ? Pull::idle : Pull::more;
}

void LiveMeter::on_frame(void* port_pointer, const RawFrame& frame) {
    Port& port = *static_cast<Port*>(port_pointer);
    port.meter->count_frame(port, frame);
}

// Decodes into the next place of the batch, so that a frame is not copied.
void LiveMeter::count_frame(Port& port, const RawFrame& frame) {
    Sample& sample = batch_[batched_];
    packet::Packet& p = sample.packet;
    if (port.link == packet::LinkType::ethernet) [[likely]]
        packet::decode_ethernet(frame.octets, frame.wire_length, p, port.number);
    else
        packet::decode(port.link, frame.octets, frame.wire_length, p, port.number);
    // The flow table has times of this range. A time outside is that of a wrong clock.
    constexpr std::int64_t latest = 7'258'118'400'000'000'000;  // 2200-01-01
    sample.time = std::clamp<std::int64_t>(frame.time.ns, 0, latest);
    sample.wire_length = frame.wire_length;
    sample.segments = 1;
    if (frame.segment_octets != 0 && p.outcome == packet::Outcome::ip)
        split_into_segments(frame.segment_octets, frame.octets, sample);
    port.account.on_frame(frame.wire_length);
    if (sample.segments > 1) port.account.on_merged_frame();
    const UtcTime time{sample.time};
    port.read_until = time;
    mark_direction(p.key, direction(port, frame.way, p));
    if (p.outcome == packet::Outcome::ip && may_be_seen_twice()) {
        sample.icmp_id = icmp_id(p, frame.octets);
        return count_decoded(port, sample);
    }
    if (++batched_ == batch_size) process_batch();
}

// The sample is the next one of the batch.
void LiveMeter::count_decoded(Port& port, Sample& sample) {
    const packet::FlowKey& key = sample.packet.key;
    const bool comes_in = direction_of(key) == Direction::in;
    const bool own_end = is_own(comes_in ? key.dst() : key.src());
    sample.out_interface = link_of(port, key.vlan());
    if (!forwarded_.settle(sample, own_end)) {
        forwarded_.push(port.number - 1U, sample, own_end, reading_at_,
                        [&](const Sample& released) { add_to_batch(released); });
        return;
    }
    if (++batched_ == batch_size) process_batch();
}

Direction LiveMeter::direction(const Port& port, FrameWay way, const packet::Packet& p) const {
    if (way == FrameWay::out) return Direction::out;
    // A bridge forwards frames that are addressed to others.
    if (way == FrameWay::in || (way == FrameWay::other && port.bridge_port)) return Direction::in;
    if (way == FrameWay::other) return Direction::unknown;
    if (p.direction != packet::Direction::unknown)
        return p.direction == packet::Direction::in ? Direction::in : Direction::out;
    if (!port.mac.empty() && port.link == packet::LinkType::ethernet) {
        if (p.src_mac() == port.mac) return Direction::out;
        // The lowest bit of the first octet: a group address.
        const bool is_group = (p.macs[0] & 1U) != 0;
        return is_group || p.dst_mac() == port.mac ? Direction::in : Direction::unknown;
    }
    if (p.outcome != packet::Outcome::ip) return Direction::unknown;
    if (is_own(p.key.src())) return Direction::out;
    return is_own(p.key.dst()) ? Direction::in : Direction::unknown;
}

// A VLAN of an interface is a link of its own: bindings of the VLAN come before those of the
// interface.
NameRef LiveMeter::link_of(Port& port, std::uint16_t vlan) {
    if (vlan == 0) return port.number;
    const auto [place, is_new] = port.vlans.try_emplace(vlan, NameRef{port.number});
    if (is_new) place->second = names_.intern(NameKind::vlan, std::to_string(vlan), port.number);
    return place->second;
}

void LiveMeter::add_to_batch(const Sample& sample) {
    batch_[batched_] = sample;
    if (++batched_ == batch_size) process_batch();
}

void LiveMeter::process_batch() {
    aggregator_->process(std::span(batch_).first(batched_), out_);
    batched_ = 0;
}

void LiveMeter::release_waiting(Duration patience) {
    // After the rings: the event of a connection is sent before its first packet goes out.
    nat_.read(host_->clock().uptime());
    UtcTime read_until = UtcTime::max();
    for (const auto& port : ports_)
        if (port->source) read_until = std::min(read_until, port->read_until);
    forwarded_.release(read_until, patience, reading_at_,
                       [&](const Sample& released) { add_to_batch(released); });
}

// ---- Checkpoints

// Reads until the rings are empty and the kernel has closed the blocks that were open.
void LiveMeter::drain_rings() {
    const Duration begin = host_->clock().uptime();
    for (;;) {
        while (read_ports() > 0) {
            if (host_->clock().uptime() - begin > drain_max) return;
        }
        const Duration left = ring_delay - (host_->clock().uptime() - begin);
        const auto sources = open_sources();
        if (left.ns <= 0 || sources.empty()) return;
        host_->wait(sources, left);
    }
}

// Losses and cursor of a port. before: the interfaces as they were before the rings were drained.
void LiveMeter::settle_port(Port& port, const std::vector<Interface>& before, UtcTime now) {
    if (!port.source) return;
    const std::string& name = interface_of(port);
    const Interface* const interface = find(before, name);
    const auto stated = port.source->statistics();
    const auto after = host_->interfaces();
    // The interface is gone, or another one has its name: this source gives no more frames.
    if (interface == nullptr || !stated.has_value() ||
        static_cast<std::uint32_t>(interface->index) != port.account.opened().index)
        return close_port(port);
    // With a filter, the interface's counters contain packets that the meter must not see.
    std::optional<InterfacePosition> bound;
    const Interface* const found = after.has_value() ? find(*after, name) : nullptr;
    if (found != nullptr && options_.filter.empty())
        bound = InterfacePosition::of(*found, boot_, now);
    port.account.add_drops(name, *stated, bound ? &*bound : nullptr, now, losses_);
    port.mac = interface->mac;
    port.bridge_port = interface->bridge_port;
    port.account.advance(InterfacePosition::of(*interface, boot_, now));
    port.cursor.position = port.account.settled().save();
    port.cursor.version += 1;
    port.cursor.note = fmt::format("{}: {} octets of frames seen", name, port.account.seen_bytes());
}

Result<Checkpoint> LiveMeter::checkpoint(ReadingSink& sink) {
    out_.set_sink(sink);
    // The counters of the cursors come first: every frame that they contain is then in a ring and
    // is read below, or is lost.
    const UtcTime now = host_->clock().now();
    const auto present = host_->interfaces();
    if (present.has_value()) learn_addresses(*present);
    open_nat();
    const Duration begin = host_->clock().uptime();
    drain_rings();
    // All frames that were read before the counters of the cursors are in this batch, also those
    // with times of a clock that was set back.
    forwarded_.limit_wait(std::min(ForwardedFrames::wait_max, reading_at_ - begin));
    release_waiting(Duration{});
    forwarded_.limit_wait(ForwardedFrames::wait_max);
    process_batch();
    aggregator_->hand_over(out_);
    out_.flush();
    Checkpoint out;
    for (const auto& port : ports_) {
        // Without counters the cursors do not move, and drops are reported at the next checkpoint.
        if (!present.has_value()) break;
        const std::uint64_t version = port->cursor.version;
        settle_port(*port, *present, now);
        if (port->cursor.version != version) out.cursors.push_back(port->cursor);
    }
    out.losses = std::exchange(losses_, {});
    out.observed = aggregator_->drain_observed();
    return out;
}

std::vector<std::string> LiveMeter::unsegmented_interfaces() const {
    std::vector<std::string> names;
    for (const auto& port : ports_)
        if (port->source && !port->source->states_segments()) names.push_back(interface_of(*port));
    return names;
}

std::vector<CounterValue> LiveMeter::counters() const {
    OtherCounters other;
    other.interface_errors = interface_errors_;
    other.nat_refused = nat_.table().refused();
    other.nat_overruns = nat_.overruns();
    for (const auto& port : ports_) {
        other.kernel_drops += port->account.drops().kernel;
        other.interface_drops += port->account.drops().interface;
    }
    return counter_values(*aggregator_, other);
}

}  // namespace octroi::capture
