// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The export messages in a file, compressed or not. The file is a capture (pcap, pcapng) of export
// traffic, or it consists of messages one behind the other, as collectors and IPFIX files (RFC
// 5655) store them.
//
// In a capture every UDP payload is handed over, whatever its ports: decoders recognise messages by
// their content. Fragments are reassembled; IPFIX over TCP is cut into messages. The exporter is
// the source address of the frame, the receive time the time of the frame. A file of messages
// states neither: the exporter is empty, and the receive time is the time in the message header.

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
    // Octets of input that can be read only once that stay in memory, so that rewind() works.
    static constexpr std::size_t kept_octets = std::size_t{256} << 20U;

    // Errors: corrupt (neither a capture nor messages), unsupported (link type), those of files.
    [[nodiscard]] static Result<std::unique_ptr<DatagramFile>> open(const std::string& path);

    // Reads the next block, at most up to the frame (or message) of that number, counted from the
    // beginning of the file. False: the file has ended. Errors: those of reading.
    [[nodiscard]] Result<bool> read(DatagramSink& sink, std::uint64_t up_to = UINT64_MAX);
    // Starts again at the beginning. Errors: unsupported (the input can be read only once, and more
    // than kept_octets were read).
    [[nodiscard]] Status rewind();
    // Whether rewind() still works after the next block.
    [[nodiscard]] bool can_read_ahead() const noexcept;

    [[nodiscard]] file::Stream& stream() noexcept { return stream_; }
    [[nodiscard]] const file::Stream& stream() const noexcept { return stream_; }
    // The end of the first frame (or message), in the head of the file; 0: it ends behind the head.
    [[nodiscard]] std::size_t first_frame_end() const noexcept { return first_frame_end_; }

    // Frames (or messages) from the beginning of the file up to here.
    [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }
    [[nodiscard]] UtcTime last_time() const noexcept { return last_time_; }
    [[nodiscard]] bool is_capture() const noexcept { return capture_; }
    // A message without a time was read, in a file that states no other (sFlow outside of a
    // capture).
    [[nodiscard]] bool lacks_times() const noexcept { return lacks_times_; }
    // Decimal digits of a second in the receive times: 6 or 9; 0: there are no receive times.
    [[nodiscard]] int time_digits() const noexcept { return capture_ ? reader_.time_digits() : 0; }
    // Why the file is not whole, as a sentence for people; "": it is whole. Valid once read() has
    // returned false.
    [[nodiscard]] const std::string& warning() const noexcept { return warning_; }
    // Whether it ends at damage, and is not only cut off.
    [[nodiscard]] bool damaged() const noexcept { return damaged_; }
    // Frames that the capture states as dropped before it was written.
    [[nodiscard]] std::uint64_t dropped_frames() const noexcept;
    // Datagrams of which a fragment is missing.
    [[nodiscard]] std::uint64_t incomplete_datagrams() const noexcept {
        return export_frames_.incomplete();
    }
    // Export messages of which the capture has only the begin (snap length).
    [[nodiscard]] std::uint64_t cut_messages() const noexcept { return export_frames_.cut(); }
    // Gaps in TCP streams: segments that are not in the capture.
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
    bool lacks_times_ = false;
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
