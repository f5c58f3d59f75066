// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/file/capture_probe.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "wire/packet/packet.hpp"

namespace octroi::file {

Result<CaptureProbe> probe_capture(const std::string& name, ByteSpan head) {
    CaptureProbe probe;
    pcap::Reader reader;
    // Reads up to the first frame, with a reader of its own: the position does not move.
    const pcap::Progress progress = reader.read(head, [](const pcap::Frame&) { return false; });
    if (progress.state == pcap::State::stopped) probe.first_frame_end = progress.consumed;
    probe.is_capture = reader.is_capture();
    if (!probe.is_capture) {
        probe.why_not = progress.state == pcap::State::corrupt
                            ? reader.why()
                            : "it ends before its file header does";
        return probe;
    }
    const auto in = reader.interfaces();
    const auto is_supported = [](const pcap::Interface& i) { return packet::is_supported(i.link); };
    if (in.empty() || std::ranges::any_of(in, is_supported)) return probe;
    return fail(ErrorCode::unsupported,
                fmt::format("{}: frames of link type {} cannot be read (the number is that of "
                            "https://www.tcpdump.org/linktypes.html)",
                            name, static_cast<unsigned>(in.front().link)));
}

std::string end_warning(const std::string& name, const Stream& stream, const pcap::Reader& reader,
                        std::uint64_t frames, bool is_corrupt) {
    if (is_corrupt)
        return fmt::format(
            "{} is damaged behind octet {} ({}): {} frames before it count, what follows is lost",
            name, stream.position(), reader.why(), frames);
    if (!stream.damage().empty())
        return fmt::format("{} cannot be decompressed to its end ({}): {} frames count", name,
                           stream.damage(), frames);
    if (!stream.unread().empty() || !reader.complete())
        return fmt::format("{} ends in the middle of a record: {} whole frames count", name,
                           frames);
    return "";
}

}  // namespace octroi::file
