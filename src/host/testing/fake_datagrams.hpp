// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A socket without a kernel: receive() returns the datagrams that the test pushed, in order.

#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "host/datagrams.hpp"

namespace octroi::testing {

class FakeDatagrams final : public DatagramSource {
public:
    struct Sent {
        Address from;
        std::vector<std::byte> octets;
    };
    void push(const Address& from, std::span<const std::byte> octets) {
        sent_.push_back({from, {octets.begin(), octets.end()}});
    }
    // Adds to the drop counter, as a full socket buffer would.
    void drop(std::uint32_t count) { dropped_ += count; }
    [[nodiscard]] std::size_t left() const { return sent_.size(); }

    [[nodiscard]] Result<std::size_t> receive(const DatagramBuffers& buffers,
                                              UtcTime now) override {
        std::size_t got = 0;
        while (got < buffers.headers.size() && !sent_.empty()) {
            const Sent& next = sent_.front();
            const std::size_t fits = std::min(buffers.slot, next.octets.size());
            if (fits > 0) std::memcpy(buffers.data + got * buffers.slot, next.octets.data(), fits);
            if (next.octets.size() > fits)
                std::memcpy(buffers.overflow + got * overflow_stride, next.octets.data() + fits,
                            next.octets.size() - fits);
            write_datagram(buffers.headers[got], buffers.origins[got],
                           static_cast<std::uint32_t>(next.octets.size()), next.from, 0, now);
            sent_.pop_front();
            ++got;
        }
        return got;
    }
    [[nodiscard]] std::uint32_t dropped() const override { return dropped_; }
    [[nodiscard]] int descriptor() const override { return -1; }
    [[nodiscard]] std::string name() const override { return "udp fake"; }

private:
    std::deque<Sent> sent_;
    std::uint32_t dropped_ = 0;
};

}  // namespace octroi::testing
