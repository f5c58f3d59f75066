// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/forwarded_frames.hpp"

namespace octroi::capture {
namespace {

using Arrival = ForwardedFlows::Arrival;

[[nodiscard]] Departure departure_of(const Sample& sample) noexcept {
    return {sample.out_interface, sample.packet.dst_mac()};
}

}  // namespace

Result<ForwardedFrames> ForwardedFrames::create(std::size_t interfaces, std::uint64_t seed) {
    TRY_ASSIGN(auto flows, ForwardedFlows::create(seed));
    return ForwardedFrames(interfaces, std::move(flows));
}

ForwardedFrames::Path ForwardedFrames::path_of(const Sample& sample) {
    Path path{sample.packet.key, false};
    path.translated = nat_ != nullptr && nat_->translate(sample, path.key);
    return path;
}

// Another interface may show what came in for this machine (a mirror port).
void ForwardedFrames::settle_own(const Sample& sample) {
    Departure ignored;
    if (direction_of(sample.packet.key) == Direction::in)
        flows_.on_arrival(sample.packet.key, UtcTime{sample.time}, ignored);
}

bool ForwardedFrames::settle(Sample& sample, bool own_end) {
    // With NAT its connection may be translated, and its event not be read yet.
    if (own_end && nat_ == nullptr) {
        settle_own(sample);
        return true;
    }
    if (sample.packet.fragment != packet::Fragment::none) return false;
    const Path path = path_of(sample);
    if (own_end && !path.translated) return false;
    const UtcTime time{sample.time};
    Arrival arrival = Arrival::here;
    if (direction_of(path.key) == Direction::unknown) {
        arrival = flows_.arrival(path.key, time);
        if (arrival == Arrival::unknown) return false;
    }
    const bool leaves = direction_of(path.key) == Direction::out || arrival == Arrival::elsewhere;
    if (!leaves) return find_departure(sample);
    if (!flows_.on_departure(path.key, time, departure_of(sample))) return false;
    sample.packet.key.words[5] |= duplicate_mark;
    return true;
}

// The frame came in: registers that, and looks for its departure.
bool ForwardedFrames::find_departure(Sample& sample) {
    packet::FlowKey path = path_of(sample).key;
    Departure departure;
    if (!flows_.on_arrival(path, UtcTime{sample.time}, departure)) return false;
    // The second sight shows the direction of the first one.
    if (direction_of(path) == Direction::unknown) mark_direction(path, Direction::in);
    sample.packet.key = path;
    // A frame to a group leaves on many interfaces: none of them is its destination.
    const bool is_group = (departure.mac.octets[0] & 1U) != 0;
    if (!is_group) set_departure(sample, departure);
    return true;
}

// All frames before this one were read and examined. It arrives, or it is the second sight.
void ForwardedFrames::examine(WaitingFrames::Frame& frame) {
    Sample& sample = frame.sample;
    const Path path = path_of(sample);
    const UtcTime time{sample.time};
    frame.examined = true;
    frame.settled = true;
    if (frame.own_end && !path.translated) return settle_own(sample);
    // If no frame of the flow shows a direction (the ports of a bridge, tunnels), it came in on the
    // interface that has it first.
    const Direction direction = direction_of(path.key);
    const bool leaves =
        direction == Direction::out ||
        (direction == Direction::unknown && flows_.arrival(path.key, time) == Arrival::elsewhere);
    if (!leaves)
        frame.settled = find_departure(sample);
    else if (flows_.on_departure(path.key, time, departure_of(sample)))
        sample.packet.key.words[5] |= duplicate_mark;
}

// Registers what came in before it examines what goes out: their times may be equal.
void ForwardedFrames::examine(UtcTime read_until, Duration now) {
    const auto is_ready = [&](const WaitingFrames::Frame& frame) {
        return UtcTime{frame.sample.time} <= read_until || now - frame.read_at >= wait_;
    };
    for (WaitingFrames& waiting : waiting_)
        for (const WaitingFrames::Frame& frame : waiting.unexamined()) {
            if (!is_ready(frame)) break;
            if (direction_of(frame.sample.packet.key) == Direction::in) register_arrival(frame);
        }
    for (;;) {
        WaitingFrames* first = nullptr;
        for (WaitingFrames& waiting : waiting_) {
            if (waiting.all_examined() || !is_ready(waiting.first_unexamined())) continue;
            if (first == nullptr ||
                waiting.first_unexamined().sample.time < first->first_unexamined().sample.time)
                first = &waiting;
        }
        if (first == nullptr) return;
        examine(first->first_unexamined());
        first->on_examined();
    }
}

void ForwardedFrames::register_arrival(const WaitingFrames::Frame& frame) {
    const Path path = path_of(frame.sample);
    Departure ignored;
    if (!frame.own_end || path.translated)
        flows_.on_arrival(path.key, UtcTime{frame.sample.time}, ignored);
}

// The frames of the interface with the earliest one; null: none wait.
WaitingFrames* ForwardedFrames::earliest() {
    WaitingFrames* first = nullptr;
    for (WaitingFrames& waiting : waiting_) {
        if (waiting.empty()) continue;
        if (first == nullptr || waiting.front().sample.time < first->front().sample.time)
            first = &waiting;
    }
    return first;
}

// Removes the first frame, which is marked.
Sample ForwardedFrames::next(WaitingFrames& frames) {
    if (!frames.front().examined) {
        examine(frames.front());
        frames.on_examined();
    }
    const Sample sample = frames.front().sample;
    frames.pop();
    return sample;
}

}  // namespace octroi::capture
