// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/forwarded_frames.hpp"

namespace octroi::capture {

Result<ForwardedFrames> ForwardedFrames::create(std::size_t interfaces, std::uint64_t seed) {
    TRY_ASSIGN(auto flows, ForwardedFlows::create(seed));
    return ForwardedFrames(interfaces, std::move(flows));
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

// Removes the first frame, and marks it if it is a duplicate.
Sample ForwardedFrames::next(WaitingFrames& frames) {
    Sample sample = frames.front().sample;
    frames.pop();
    packet::FlowKey& key = sample.packet.key;
    const UtcTime time{sample.time};
    if (flows_.arrived_elsewhere(key, time))
        key.words[5] |= duplicate_mark;
    else if (direction_of(key) == Direction::unknown)
        // No frame of the flow shows a direction (the ports of a bridge, tunnels): it belongs to
        // the interface that has it first.
        flows_.on_arrival(key, time);
    return sample;
}

}  // namespace octroi::capture
