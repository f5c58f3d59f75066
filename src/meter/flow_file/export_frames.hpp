// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Finds the export messages in the frames of a capture: payloads of UDP on any port, reassembled
// from fragments, and the messages of IPFIX over TCP. Memory is bounded (reassembly.hpp,
// message_streams.hpp).

#include <cstdint>

#include "meter/flow_file/message_streams.hpp"
#include "meter/flow_file/reassembly.hpp"
#include "wire/exporter/exporters.hpp"
#include "wire/pcap/reader.hpp"

namespace octroi::flow_file {

// Called on the reader's thread, in the order of the frames. Octets are valid during the call only.
class DatagramSink {
public:
    virtual ~DatagramSink() = default;
    // The payload of a UDP datagram. It need not be an export message.
    virtual void datagram(const exporter::Datagram& datagram) = 0;
    // One IPFIX message of a TCP connection.
    virtual void message(const exporter::Datagram& message) = 0;
    // A new connection from that port begins, so the one before has ended. It comes before the
    // first message() of the new connection, and also where there was none before.
    virtual void session_ended(const Address& from, std::uint16_t session) = 0;
};

class ExportFrames {
public:
    // Examines a frame, and calls the sink for each message that is whole with it.
    void on_frame(const pcap::Frame& frame, DatagramSink& sink);
    // There are no more frames: calls the sink for the messages behind gaps in streams. last: the
    // time of the last frame.
    void finish(UtcTime last, DatagramSink& sink);

    // Datagrams of which a fragment is missing.
    [[nodiscard]] std::uint64_t incomplete() const noexcept { return fragments_.incomplete(); }
    // Export messages of which the capture has only the begin (snap length).
    [[nodiscard]] std::uint64_t cut() const noexcept { return cut_; }
    // Gaps in TCP streams: segments that are not in the capture.
    [[nodiscard]] std::uint64_t gaps() const noexcept { return streams_.gaps(); }

private:
    Reassembly fragments_;
    MessageStreams streams_;
    std::uint64_t cut_ = 0;
};

}  // namespace octroi::flow_file
