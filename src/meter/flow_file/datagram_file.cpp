// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/flow_file/datagram_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.hpp"
#include "base/quantity.hpp"
#include "meter/file/capture_probe.hpp"
#include "wire/exporter/message_length.hpp"

namespace octroi::flow_file {

namespace {

// Files of nfcapd begin with 0xa50c and the version of their layout, in the order of octets of the
// machine that wrote them.
std::string_view collector_file(ByteSpan head) noexcept {
    constexpr std::uint16_t magic = 0xa50c;
    if (head.size() < 4) return {};
    const std::uint16_t first = load_be16(head.data());
    const std::uint16_t second = load_be16(head.data() + 2);
    const bool is_swapped = first == __builtin_bswap16(magic);
    if (!is_swapped && first != magic) return {};
    switch (is_swapped ? __builtin_bswap16(second) : second) {
        case 1:
            return "nfcapd (nfdump 1.6)";
        case 2:
            return "nfcapd (nfdump 1.7)";
        default:
            return "nfcapd";
    }
}

}  // namespace

Result<std::unique_ptr<DatagramFile>> DatagramFile::open(const std::string& path) {
    TRY_ASSIGN(auto stream, file::Stream::open(path, kept_octets));
    const std::string name = path == "-" ? "standard input" : path;
    auto file = std::unique_ptr<DatagramFile>(new DatagramFile(name, std::move(stream)));
    TRY(file->stream_.fill(file::Stream::head_length));
    TRY(file->probe());
    return file;
}

Status DatagramFile::probe() {
    const ByteSpan head = stream_.unread();
    TRY_ASSIGN(const file::CaptureProbe probe, file::probe_capture(name_, head));
    capture_ = probe.is_capture;
    first_frame_end_ = probe.first_frame_end;
    if (capture_) return {};
    const exporter::MessageEnd first = exporter::find_message_end(head, stream_.ended());
    if (first.kind == exporter::MessageEnd::Kind::whole) {
        first_frame_end_ = std::min(first.length, file::Stream::head_length);
        return {};
    }
    if (const std::string_view tool = collector_file(head); !tool.empty())
        return fail(ErrorCode::unsupported,
                    fmt::format("{} is a file of {}, which Octroi does not read. Next: send its "
                                "flows to Octroi's collector (nfreplay -r {} -H HOST -p PORT), or "
                                "import a capture of the exports",
                                name_, tool, name_));
    const std::string why = !stream_.damage().empty() ? ": " + stream_.damage()
                            : head.empty()            ? ": it is empty"
                                                      : "";
    return fail(ErrorCode::corrupt,
                fmt::format("{} is neither a capture (pcap, pcapng) nor a file of NetFlow, IPFIX "
                            "or sFlow messages{}",
                            name_, why));
}

Status DatagramFile::rewind() {
    TRY_ASSIGN(const bool there, stream_.move_to(0));
    CHECK(there);
    reader_ = pcap::Reader();
    export_frames_ = {};
    frames_ = 0;
    last_time_ = {};
    needed_ = 1;
    done_ = damaged_ = false;
    warning_.clear();
    return {};
}

bool DatagramFile::can_read_ahead() const noexcept {
    constexpr std::size_t step = 4 * pcap::max_needed;
    return stream_.reopens() || stream_.position() + step < kept_octets;
}

std::uint64_t DatagramFile::dropped_frames() const noexcept {
    std::uint64_t dropped = 0;
    for (const pcap::Interface& in : reader_.interfaces())
        dropped = checked_add(dropped, std::max(in.dropped_between, in.dropped_total))
                      .value_or(UINT64_MAX);
    return dropped;
}

Result<bool> DatagramFile::read(DatagramSink& sink, std::uint64_t up_to) {
    if (done_) return false;
    if (frames_ >= up_to) return true;
    TRY(stream_.fill(needed_));
    return capture_ ? read_frames(sink, up_to) : read_messages(sink, up_to);
}

bool DatagramFile::read_frames(DatagramSink& sink, std::uint64_t up_to) {
    const pcap::Progress progress = reader_.read(stream_.unread(), [&](const pcap::Frame& frame) {
        export_frames_.on_frame(frame, sink);
        last_time_ = frame.time;
        return ++frames_ < up_to;
    });
    stream_.consume(progress.consumed);
    if (progress.state == pcap::State::stopped) {
        needed_ = 1;
        return true;
    }
    // The reader never needs more octets than the window can have, else this loop would not end.
    CHECK(progress.state == pcap::State::corrupt || progress.consumed > 0 ||
          stream_.unread().size() < pcap::max_needed);
    needed_ = std::max(progress.needed, stream_.unread().size() + 1);
    const bool corrupt = progress.state == pcap::State::corrupt;
    if (!corrupt && !(stream_.ended() && progress.consumed == 0)) return true;
    end_capture(corrupt, sink);
    return false;
}

void DatagramFile::end_capture(bool corrupt, DatagramSink& sink) {
    done_ = true;
    damaged_ = corrupt;
    export_frames_.finish(last_time_, sink);
    warning_ = file::end_warning(name_, stream_, reader_, frames_, corrupt);
}

// A file of messages has no framing: where a message ends, the next one begins. After octets that
// are no message there is no way to find the next one, so that is the end.
bool DatagramFile::read_messages(DatagramSink& sink, std::uint64_t up_to) {
    using Kind = exporter::MessageEnd::Kind;
    for (;;) {
        const ByteSpan unread = stream_.unread();
        const bool last = stream_.ended();
        if (unread.empty() && last) break;
        const exporter::MessageEnd end = exporter::find_message_end(unread, last);
        if (end.kind == Kind::more) {
            needed_ = std::max(exporter::message_max, unread.size() + 1);
            return true;
        }
        if (end.kind != Kind::whole) {
            damaged_ = end.kind == Kind::none;
            break;
        }
        last_time_ = end.exported;
        lacks_times_ |= end.exported.ns == 0;
        sink.datagram({.octets = unread.first(end.length), .from = {}, .received = end.exported});
        stream_.consume(end.length);
        needed_ = 1;
        if (++frames_ >= up_to) return true;
    }
    done_ = true;
    if (!stream_.damage().empty())
        warning_ = fmt::format("{} cannot be decompressed to its end ({}): {} messages count",
                               name_, stream_.damage(), frames_);
    else if (damaged_)
        warning_ = fmt::format("{}: no message begins at octet {}: {} before it count", name_,
                               stream_.position(), frames_);
    else if (!stream_.unread().empty())
        warning_ =
            fmt::format("{} ends in the middle of a message: {} whole ones count", name_, frames_);
    return false;
}

}  // namespace octroi::flow_file
