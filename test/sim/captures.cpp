// SPDX-License-Identifier: GPL-3.0-or-later
#include "captures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

namespace octroi::sim {

std::size_t Recording::whole_frames(std::size_t visible) const {
    std::size_t count = 0;
    while (count < frames.size() && frames[count].offset <= visible) ++count;
    return count;
}

bool Recording::ends_clean(std::size_t visible) const {
    const std::size_t count = whole_frames(visible);
    return visible == (count == 0 ? header : frames[count - 1].offset);
}

Captures::Captures(Random& random, const Population& population, std::string folder, UtcTime begin)
    : random_(&random),
      traffic_(random, population, {.stations = true, .vlans = true, .strange = true}),
      folder_(std::move(folder)),
      begin_(begin) {}

void Captures::record() {
    recordings_.push_back(std::make_unique<Recording>());
    write_frames(*recordings_.back(), static_cast<std::size_t>(random_->between(20, 400)));
    CaptureFile file;
    file.recording = recordings_.size() - 1;
    file.path = fmt::format("{}/capture-{}.pcap", folder_, files_.size());
    files_.push_back(file);
    grow(files_.back());
}

void Captures::write_frames(Recording& recording, std::size_t count) {
    Random& r = *random_;
    const bool next_generation = r.chance(40);
    std::unique_ptr<pcap::PcapWriter> classic;
    std::unique_ptr<pcap::PcapngWriter> ng;
    const bool nanoseconds = r.chance(50);
    const std::uint32_t snap = r.chance(50) ? 128 : 262'144;
    if (next_generation) {
        ng = std::make_unique<pcap::PcapngWriter>(recording.octets, r.chance(30));
        ng->interface({.name = "up0"});
        ng->interface({.name = "up1"});
    } else {
        classic = std::make_unique<pcap::PcapWriter>(
            recording.octets,
            pcap::PcapOptions{
                .nanoseconds = nanoseconds, .big_endian = r.chance(30), .snap_length = snap});
    }
    recording.header = recording.octets.size();
    FragmentMemory memory;
    UtcTime time = begin_ + Duration::seconds(r.between(0, 3600));
    while (recording.frames.size() < count) {
        time = time + Duration{r.between(0, 12'000'000) * 1000};
        for (Packet& p : traffic_.datagram(time)) {
            if (ng) {
                const auto in = static_cast<std::uint32_t>(r.below(2));
                p.sent.interface = in == 0 ? "up0" : "up1";
                p.sent.direction = r.chance(60)   ? Direction::unknown
                                   : r.chance(50) ? Direction::in
                                                  : Direction::out;
                const packet::Direction direction =
                    p.sent.direction == Direction::in    ? packet::Direction::in
                    : p.sent.direction == Direction::out ? packet::Direction::out
                                                         : packet::Direction::unknown;
                ng->frame(in, time, p.octets, {.direction = direction});
            } else {
                classic->frame(time, p.octets);
            }
            recording.frames.push_back(
                {recording.octets.size(), p.sent, memory.service_of(p.sent)});
        }
    }
}

void Captures::grow(CaptureFile& file) {
    const Recording& recording = of(file);
    const std::size_t left = recording.octets.size() - file.visible;
    if (left == 0) return;
    std::size_t more = static_cast<std::size_t>(random_->below(left / 2 + 2));
    if (file.visible == 0 && random_->chance(25)) more = recording.header;  // no packet yet
    if (random_->one_in(4)) more = left;
    std::size_t visible = std::min(file.visible + more, recording.octets.size());
    // In most cases the writer has flushed whole records.
    const std::size_t whole = recording.whole_frames(visible);
    if (whole > 0 && random_->chance(60)) visible = recording.frames[whole - 1].offset;
    file.visible = std::max(file.visible, visible);
    write(file);
}

void Captures::copy(const CaptureFile& file) {
    CaptureFile other = file;
    other.path = fmt::format("{}/copy-{}.pcap", folder_, files_.size());
    other.is_copy = true;
    files_.push_back(other);
    write(other);
}

void Captures::finish() {
    for (CaptureFile& file : files_) {
        if (file.is_copy) continue;
        file.visible = of(file).octets.size();
        write(file);
    }
}

void Captures::write(const CaptureFile& file) {
    std::ofstream out(file.path, std::ios::binary | std::ios::trunc);
    out.write(of(file).octets.data(), static_cast<std::streamsize>(file.visible));
}

}  // namespace octroi::sim
