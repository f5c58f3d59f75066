// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A socket of which only checked datagrams go into the journal. Without it any host that reaches
// the port could fill the journal and the disk with datagrams that no NAS has sent.
//
// Datagrams are received into memory of this object and copied. A kill in between loses some: they
// have no answer yet, so their NAS repeat them.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/datagrams.hpp"
#include "meter/journal/message.hpp"

namespace octroi::radius_meter {

class CheckedSource final : public DatagramSource {
public:
    // The octets of the message are valid during the call.
    using Check = std::function<bool(const journal::Message&)>;

    CheckedSource(std::unique_ptr<DatagramSource> source, Check is_accepted);

    // Fills the places with datagrams that the check accepts, without octets beyond
    // radius::packet_octets_max (padding). Examines at most datagram_batch. An error of the source
    // behind accepted datagrams comes with the next call.
    [[nodiscard]] Result<std::size_t> receive(const DatagramBuffers& buffers, UtcTime now) override;
    // Datagrams that all calls of receive() have taken from the socket.
    [[nodiscard]] std::uint64_t examined() const noexcept { return examined_; }

    [[nodiscard]] std::uint32_t dropped() const override { return source_->dropped(); }
    [[nodiscard]] int descriptor() const override { return source_->descriptor(); }
    [[nodiscard]] std::string name() const override { return source_->name(); }

private:
    std::unique_ptr<DatagramSource> source_;
    Check is_accepted_;
    std::vector<DatagramHeader> headers_;
    std::vector<DatagramOrigin> origins_;
    std::unique_ptr<std::byte[]> data_;
    std::unique_ptr<std::byte[]> overflow_;
    std::uint64_t examined_ = 0;
};

}  // namespace octroi::radius_meter
