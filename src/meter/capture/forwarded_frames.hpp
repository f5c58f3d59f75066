// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A packet that this machine forwards is seen twice: where it comes in and where it goes out. The
// first sight counts, with what both show: the source MAC, interface and VLAN where it came in, the
// destination MAC, interface and VLAN where it went out (Departure). The second sight is marked as
// a duplicate.
//
// If this machine translates addresses (NAT), the two sights have other addresses. Those of the
// true ends count (NatTable) where both sights were seen; where only one is metered, its own.
//
// Rings are read one after the other, so the second sight may be read first. Frames of a flow of
// which not both sights are known therefore wait: first until all frames before their time were
// read, on every interface; then a frame that came in waits for its second sight, because a queue
// may delay that. Fragments always wait, so that they stay in order. Frames that wait are released
// in the order of their times.

#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "meter/capture/forwarded_flows.hpp"
#include "meter/capture/nat_table.hpp"
#include "meter/capture/sample.hpp"
#include "meter/capture/waiting_frames.hpp"

namespace octroi::capture {

class ForwardedFrames {
public:
    // No frame waits longer, also when the clock is set back.
    static constexpr Duration wait_max = Duration::seconds(1);
    // How long a frame that came in waits for its second sight, by the times of frames. A flow
    // that is queued for longer has its first packets without a departure.
    static constexpr Duration forwarding_max = Duration::milliseconds(100);

    // Errors: those of memory.
    [[nodiscard]] static Result<ForwardedFrames> create(std::size_t interfaces, std::uint64_t seed);

    // No frame waits longer than that after it was read; wait_max at first.
    void limit_wait(Duration wait) noexcept { wait_ = wait; }

    // From now on the connections in the table are translated. It must outlive this object.
    void use(NatTable* nat) noexcept { nat_ = nat; }

    // Marks an IP packet, if its flow is known. out_interface: the link on which it was seen.
    // own_end: it came in and is addressed to this machine, or goes out and is from it, as far as
    // it shows. False: it has to wait, see push().
    [[nodiscard]] bool settle(Sample& sample, bool own_end);
    // Keeps a frame of that interface (counted from 0). read_at: uptime. Where there are
    // WaitingFrames::limit frames of the interface already, calls emit() as release() does, until
    // there are fewer. The sample is a copy: emit() may use the caller's memory again.
    template <typename Emit>
    void push(std::size_t interface, Sample sample, bool own_end, Duration read_at, Emit&& emit) {
        while (waiting_[interface].full()) emit(next(*earliest()));
        waiting_[interface].push(sample, read_at, own_end);
    }
    // Calls emit(sample) for the frames that need not wait longer, in the order of their times,
    // marked. read_until: all frames up to then were read, on every interface. patience: as
    // forwarding_max, or less. now: uptime.
    template <typename Emit>
    void release(UtcTime read_until, Duration patience, Duration now, Emit&& emit) {
        examine(read_until, now);
        while (WaitingFrames* first = earliest()) {
            WaitingFrames::Frame& frame = first->front();
            if (!frame.examined) return;
            if (!frame.settled) frame.settled = find_departure(frame.sample);
            const bool must_wait_on = !frame.settled &&
                                      UtcTime{frame.sample.time} + patience > read_until &&
                                      now - frame.read_at < wait_;
            if (must_wait_on) return;
            emit(next(*first));
        }
    }

private:
    ForwardedFrames(std::size_t interfaces, ForwardedFlows flows)
        : flows_(std::move(flows)), waiting_(interfaces) {}
    [[nodiscard]] WaitingFrames* earliest();
    [[nodiscard]] Sample next(WaitingFrames& frames);
    void examine(UtcTime read_until, Duration now);
    void examine(WaitingFrames::Frame& frame);
    void register_arrival(const WaitingFrames::Frame& frame);
    [[nodiscard]] bool find_departure(Sample& sample);
    // The key that both sights of the packet have.
    struct Path {
        packet::FlowKey key;
        bool translated;
    };
    [[nodiscard]] Path path_of(const Sample& sample);
    void settle_own(const Sample& sample);

    ForwardedFlows flows_;
    NatTable* nat_ = nullptr;
    Duration wait_ = wait_max;
    std::vector<WaitingFrames> waiting_;  // by interface
};

}  // namespace octroi::capture
