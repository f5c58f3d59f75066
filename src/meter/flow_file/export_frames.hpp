// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// From the frames of a capture to the export datagrams in them: payloads of UDP on any port, put
// together from fragments, and the messages of IPFIX over TCP. What it remembers is bounded
// (reassembly.hpp, message_streams.hpp).

#include <cstdint>

#include "meter/flow_file/message_streams.hpp"
#include "meter/flow_file/reassembly.hpp"
#include "wire/exporter/exporters.hpp"
#include "wire/pcap/reader.hpp"

namespace octroi::flow_file {

class DatagramSink {
public:
    virtual ~DatagramSink() = default;
    // Valid during the call only.
    virtual void datagram(const exporter::Datagram& datagram) = 0;
    // One IPFIX message of a TCP connection.
    virtual void message(const exporter::Datagram& message) = 0;
    // A connection from that port begins: what was one before has ended.
    virtual void session_ended(const Address& from, std::uint16_t session) = 0;
};

class ExportFrames {
public:
    // The exporter is the frame's source address, the time of receipt the frame's.
    void take(const pcap::Frame& frame, DatagramSink& sink);
    // No more frames will come.
    void finish(UtcTime last, DatagramSink& sink);

    // Datagrams of which not all fragments came.
    [[nodiscard]] std::uint64_t incomplete() const noexcept { return fragments_.incomplete(); }
    // How often octets of a stream were not seen.
    [[nodiscard]] std::uint64_t gaps() const noexcept { return streams_.gaps(); }

private:
    Reassembly fragments_;
    MessageStreams streams_;
};

}  // namespace octroi::flow_file
