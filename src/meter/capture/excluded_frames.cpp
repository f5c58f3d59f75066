// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/excluded_frames.hpp"

#include <algorithm>

namespace octroi::capture {
namespace {

Reading begin_reading(const Sample& sample, ReadingKind kind) {
    const packet::Packet& p = sample.packet;
    Reading r;
    r.kind = kind;
    r.first = UtcTime{sample.time};
    r.last = r.first;
    r.src_mac = p.src_mac();
    r.dst_mac = p.dst_mac();
    r.vlan = p.key.vlan();
    r.inner_vlan = p.key.inner_vlan();
    r.set_ethertype(p.ethertype);
    r.interface = p.key.interface();
    r.direction = direction_of(p.key);
    return r;
}

}  // namespace

void ExcludedFrames::add(const Sample& sample, ReadingBuffer& out) {
    const packet::Packet& p = sample.packet;
    const ReadingKind kind =
        p.outcome == packet::Outcome::malformed ? ReadingKind::malformed : ReadingKind::non_ip;
    const UtcTime time{sample.time};
    const auto matches = [&](const Row& row) {
        return row.vlans_interface == p.key.words[4] && row.marks == p.key.words[5] &&
               row.reading.ethertype() == p.ethertype && row.reading.kind == kind;
    };
    auto row = std::ranges::find_if(rows_, matches);
    if (row == rows_.end()) {
        if (rows_.size() < limit) {
            row = rows_.insert(rows_.end(), Row{});
        } else {
            // In turn, and not the oldest one: handing a row over early only makes one reading
            // more.
            row = rows_.begin() + static_cast<std::ptrdiff_t>(next_out_);
            next_out_ = (next_out_ + 1) % limit;
            out.next() = row->reading;
        }
        *row = {p.key.words[4], p.key.words[5], begin_reading(sample, kind)};
    } else if (cut_at_buckets_ && bucket_start(time) != bucket_start(row->reading.last)) {
        out.next() = row->reading;
        row->reading = begin_reading(sample, kind);
    }
    Reading& r = row->reading;
    r.first = std::min(r.first, time);
    r.last = std::max(r.last, time);
    r.bytes += p.bytes;
    r.packets += 1;
}

void ExcludedFrames::hand_over(ReadingBuffer& out) {
    for (const Row& row : rows_) out.next() = row.reading;
    rows_.clear();
    next_out_ = 0;
}

}  // namespace octroi::capture
