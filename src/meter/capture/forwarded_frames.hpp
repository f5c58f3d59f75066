// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// With several interfaces, a packet that this machine forwards is seen twice: where it comes in and
// where it goes out. The first sight counts; the second one is marked as a duplicate.
//
// Rings are read one after the other, so the second sight may be read first. A frame that goes out
// with another's source address therefore waits until all frames before its time were read, on
// every interface. Frames that wait are released in the order of their times.

#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "meter/capture/forwarded_flows.hpp"
#include "meter/capture/sample.hpp"
#include "meter/capture/waiting_frames.hpp"

namespace octroi::capture {

class ForwardedFrames {
public:
    // No frame waits longer, also when the clock is set back.
    static constexpr Duration wait_max = Duration::seconds(1);

    // Errors: those of memory.
    [[nodiscard]] static Result<ForwardedFrames> create(std::size_t interfaces, std::uint64_t seed);

    // Looks at an IP packet with another's source address, or an incoming one. Marks a duplicate
    // that is known as one. True: it has to wait, see push().
    [[nodiscard]] bool must_wait(packet::FlowKey& key, Direction direction, UtcTime time) {
        if (direction == Direction::in) {
            flows_.on_arrival(key, time);
            return false;
        }
        if (!flows_.arrived_elsewhere(key, time)) return true;
        key.words[5] |= duplicate_mark;
        return false;
    }
    // Keeps a frame of that interface (counted from 0). read_at: uptime. Where there are
    // WaitingFrames::limit frames of the interface already, calls emit() as release() does, until
    // there are fewer. The sample is a copy: emit() may use the caller's memory again.
    template <typename Emit>
    void push(std::size_t interface, Sample sample, Duration read_at, Emit&& emit) {
        while (waiting_[interface].full()) emit(next(*earliest()));
        waiting_[interface].push(sample, read_at);
    }
    // Calls emit(sample) for the frames that need not wait longer, in the order of their times,
    // marked where they are duplicates. read_until: all frames up to then were read, on every
    // interface. now: uptime.
    template <typename Emit>
    void release(UtcTime read_until, Duration now, Emit&& emit) {
        while (WaitingFrames* first = earliest()) {
            const WaitingFrames::Frame& frame = first->front();
            const bool must_wait_on =
                UtcTime{frame.sample.time} > read_until && now - frame.read_at < wait_max;
            if (must_wait_on) return;
            emit(next(*first));
        }
    }

private:
    ForwardedFrames(std::size_t interfaces, ForwardedFlows flows)
        : flows_(std::move(flows)), waiting_(interfaces) {}
    [[nodiscard]] WaitingFrames* earliest();
    [[nodiscard]] Sample next(WaitingFrames& frames);

    ForwardedFlows flows_;
    std::vector<WaitingFrames> waiting_;  // by interface
};

}  // namespace octroi::capture
