// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The export datagrams in a file: a capture (pcap, pcapng) of export traffic, or messages one
// behind the other as collectors and IPFIX files (RFC 5655) keep them. Compressed or not.
//
// Of a capture every UDP payload is handed over, whatever its ports: what it is, its content says.
// Fragments are put together; IPFIX over TCP is cut into its messages. The exporter is the frame's
// source address, the time of receipt the frame's. A file of messages says neither: the exporter is
// absent, and the time that of the message's own header.

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "meter/file/stream.hpp"
#include "meter/flow_file/export_frames.hpp"
#include "wire/pcap/reader.hpp"

namespace octroi::flow_file {

class DatagramFile {
public:
    // What can be read only once is kept up to so many octets, so that rewind() works.
    static constexpr std::size_t kept_of_pipes = std::size_t{256} << 20U;

    // corrupt: neither a capture nor messages; unsupported: a link type that cannot be read.
    [[nodiscard]] static Result<std::unique_ptr<DatagramFile>> open(const std::string& path);

    // Reads on for a block, at most up to that frame (or message), counted from the beginning.
    // false: the file has ended.
    [[nodiscard]] Result<bool> read(DatagramSink& sink, std::uint64_t up_to = UINT64_MAX);
    // Begins anew.
    [[nodiscard]] Status rewind();
    // Whether rewind() will still work after another block.
    [[nodiscard]] bool can_look_further() const noexcept;

    [[nodiscard]] file::Stream& stream() noexcept { return stream_; }
    [[nodiscard]] const file::Stream& stream() const noexcept { return stream_; }
    // In the head of the file; 0: the first frame ends behind it.
    [[nodiscard]] std::size_t first_frame_end() const noexcept { return first_frame_end_; }

    // Frames of a capture or messages, since the beginning.
    [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }
    [[nodiscard]] UtcTime last_time() const noexcept { return last_time_; }
    [[nodiscard]] bool is_capture() const noexcept { return capture_; }
    // Messages that say no time were seen, where nothing else says one (sFlow outside of captures).
    [[nodiscard]] bool timeless() const noexcept { return timeless_; }
    // Digits of a second that times of receipt have: 6 or 9; 0 where there are none.
    [[nodiscard]] int time_digits() const noexcept { return capture_ ? reader_.time_digits() : 0; }
    // What cuts the file short: "" or a sentence for people, once read() said false.
    [[nodiscard]] const std::string& warning() const noexcept { return warning_; }
    // Of a warning: octets that cannot be, rather than some that are missing.
    [[nodiscard]] bool damaged() const noexcept { return damaged_; }
    // What the capture says was dropped before it was written, and parts that never were whole.
    [[nodiscard]] std::uint64_t dropped_frames() const noexcept;
    [[nodiscard]] std::uint64_t incomplete_datagrams() const noexcept {
        return export_frames_.incomplete();
    }
    [[nodiscard]] std::uint64_t stream_gaps() const noexcept { return export_frames_.gaps(); }

private:
    DatagramFile(std::string name, file::Stream stream)
        : name_(std::move(name)), stream_(std::move(stream)) {}

    [[nodiscard]] Status probe();
    [[nodiscard]] bool read_frames(DatagramSink& sink, std::uint64_t up_to);
    [[nodiscard]] bool read_messages(DatagramSink& sink, std::uint64_t up_to);
    void end_capture(bool corrupt, DatagramSink& sink);

    std::string name_;
    file::Stream stream_;
    bool capture_ = false;
    bool timeless_ = false;
    std::size_t first_frame_end_ = 0;

    pcap::Reader reader_;
    ExportFrames export_frames_;
    std::uint64_t frames_ = 0;
    UtcTime last_time_;
    std::size_t needed_ = 1;
    bool done_ = false;
    bool damaged_ = false;
    std::string warning_;
};

}  // namespace octroi::flow_file
