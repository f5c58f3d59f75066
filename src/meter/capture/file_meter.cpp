// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/file_meter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/check.hpp"
#include "meter/file/capture_probe.hpp"
#include "meter/file/recognise.hpp"
#include "wire/packet/packet_fast.hpp"

namespace octroi::capture {
namespace {

using packet::LinkType;

std::string binary_units(std::uint64_t octets) {
    static constexpr std::array<const char*, 5> units = {"B", "KiB", "MiB", "GiB", "TiB"};
    std::size_t unit = 0;
    std::uint64_t tenths = octets * 10;
    if (octets < 1024) return fmt::format("{} B", octets);
    while (tenths >= 10'240 && unit + 1 < units.size()) {
        tenths /= 1024;
        ++unit;
    }
    return fmt::format("{}.{} {}", tenths / 10, tenths % 10, units[unit]);
}

std::string grouped(std::uint64_t number) {
    std::string digits = std::to_string(number);
    for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, " ");
    return digits;
}

}  // namespace

FileMeter::FileMeter(std::string path, const FileMeterOptions& options, file::Stream stream,
                     std::unique_ptr<FrameAggregator> aggregator)
    : path_(std::move(path)),
      options_(options),
      stream_(std::move(stream)),
      aggregator_(std::move(aggregator)) {
    // The first window must be long enough to recognise a file.
    needed_ = file::Stream::head_length;
}

Result<std::unique_ptr<FileMeter>> FileMeter::open(const std::string& path,
                                                   const FileMeterOptions& options,
                                                   std::span<const Cursor> known) {
    TRY_ASSIGN(auto stream, file::Stream::open(path));
    TRY_ASSIGN(auto aggregator, FrameAggregator::create(options.aggregator, options.seed));
    const std::string name = path == "-" ? "standard input" : path;
    auto meter = std::unique_ptr<FileMeter>(
        new FileMeter(name, options, std::move(stream), std::move(aggregator)));
    TRY(meter->stream_.fill(file::Stream::head_length));
    TRY(meter->probe());
    TRY(meter->recognise(known));
    meter->set_next_stop();
    return meter;
}

Status FileMeter::probe() {
    const ByteSpan head = stream_.unread();
    if (head.empty()) {
        const std::string why = stream_.damage().empty() ? "it is empty" : stream_.damage();
        return fail(ErrorCode::corrupt, fmt::format("{} is not a packet capture: {}", path_, why));
    }
    TRY_ASSIGN(const file::CaptureProbe probe, file::probe_capture(path_, head));
    if (!probe.is_capture)
        return fail(ErrorCode::corrupt,
                    fmt::format("{} is not a packet capture: {}", path_, probe.why_not));
    first_frame_end_ = probe.first_frame_end;
    return {};
}

// Leaves the stream at the position to continue from.
Status FileMeter::recognise(std::span<const Cursor> known) {
    TRY_ASSIGN(file::KnownFile found, file::recognise(stream_, file_source_prefix, known,
                                                      first_frame_end_, options_.seed));
    if (!found.doubt.empty()) doubt_ = fmt::format("{} {}", path_, found.doubt);
    cursor_ = std::move(found.cursor);
    at_ = std::move(found.position);
    if (found.as == file::KnownFile::As::unknown) return {};
    known_as_ = cursor_.note;
    if (found.as == file::KnownFile::As::itself) return resume();
    already_complete_ = done_ = true;
    return {};
}

// Continues at the cursor with the state of the reader and of the fragment table as they were
// there.
Status FileMeter::resume() {
    TRY_ASSIGN(reader_, pcap::Reader::restore(at_.reader));
    TRY(aggregator_->fragments().restore(at_.fragments));
    frames_ = at_.frames;
    last_time_ = at_.last_time;
    resumed_at_ = frames_;
    reported_bad_blocks_ = reader_.counters().bad_blocks;
    // One octet beyond those that the last import could not use shows that the file has grown.
    needed_ = at_.rest + 1;
    TRY(stream_.fill(needed_));
    const bool nothing_new = at_.ended && stream_.ended() && stream_.unread().size() == at_.rest;
    // Behind damage there is no place to continue from: pcap has no marks to find a record by. A
    // file that was repaired goes on there.
    TRY_ASSIGN(const bool is_still_damaged, at_.is_still_damaged(stream_));
    already_complete_ = done_ = nothing_new || is_still_damaged;
    name_interfaces();
    return {};
}

void FileMeter::set_next_stop() noexcept {
    const std::uint64_t every = options_.checkpoint_packets;
    next_stop_ = every == 0 ? UINT64_MAX : (frames_ / every + 1) * every;
}

void FileMeter::process_batch() {
    aggregator_->process(std::span(batch_).first(batched_), out_);
    batched_ = 0;
}

// Decodes all complete frames in the window, up to the next checkpoint.
// HasInterfaces: pcapng. A pcap file has one interface without a name, and its loop no test for
// one.
template <bool HasInterfaces>
pcap::Progress FileMeter::read_block() {
    std::size_t batched = batched_;
    std::uint64_t left = next_stop_ - frames_;
    const std::size_t named = names_.rows().size();
    const pcap::Progress progress = reader_.read(stream_.unread(), [&](const pcap::Frame& frame) {
        Sample& sample = batch_[batched];
        const auto interface =
            HasInterfaces ? static_cast<std::uint16_t>(frame.interface + 1) : std::uint16_t{0};
        sample.time = frame.time.ns;
        sample.wire_length = packet::frame_length(frame.captured_length, frame.wire_length);
        sample.segments = 1;
        if (frame.link == LinkType::ethernet) [[likely]]
            packet::decode_ethernet(frame.captured(), frame.wire_length, sample.packet, interface);
        else
            packet::decode(frame.link, frame.captured(), frame.wire_length, sample.packet,
                           interface);
        const packet::Direction direction = frame.direction != packet::Direction::unknown
                                                ? frame.direction
                                                : sample.packet.direction;
        if (direction != packet::Direction::unknown) [[unlikely]]
            mark_direction(sample.packet.key,
                           direction == packet::Direction::in ? Direction::in : Direction::out);
        if (++batched == batch_size) {
            batched_ = batched;
            process_batch();
            batched = 0;
        }
        --left;
        // The first frame of an interface: its name must be in the table before a reading refers
        // to it, and names_ is extended between two blocks.
        if (HasInterfaces && frame.interface >= named) [[unlikely]]
            return false;
        return left != 0;
    });
    batched_ = batched;
    frames_ = next_stop_ - left;
    return progress;
}

Result<Pull> FileMeter::pull(ReadingSink& sink, Duration /*wait: a block takes a millisecond*/) {
    if (done_) return Pull::end;
    out_.set_sink(sink);
    TRY(stream_.fill(needed_));
    const std::uint64_t before = frames_;
    const pcap::Progress progress =
        reader_.format() == pcap::Format::pcap ? read_block<false>() : read_block<true>();
    stream_.consume(progress.consumed);
    if (frames_ != before) last_time_ = batch_[batched_ == 0 ? batch_size - 1 : batched_ - 1].time;
    if (names_.rows().size() != reader_.interfaces().size()) name_interfaces();
    if (progress.state == pcap::State::stopped && frames_ != next_stop_) return Pull::more;
    if (progress.state == pcap::State::stopped) {
        process_batch();
        out_.flush();
        set_next_stop();
        return Pull::checkpoint;
    }
    // The reader never needs more octets than the window can have, else this loop would not end.
    CHECK(progress.state == pcap::State::corrupt || progress.consumed > 0 ||
          stream_.unread().size() < pcap::max_needed);
    needed_ = std::max(progress.needed, stream_.unread().size() + 1);
    const bool at_end = stream_.ended() && progress.consumed == 0;
    if (progress.state == pcap::State::corrupt || at_end) {
        process_batch();
        finish(progress.state);
    }
    out_.flush();
    return done_ ? Pull::end : Pull::more;
}

void FileMeter::finish(pcap::State state) {
    done_ = true;
    damaged_ = state == pcap::State::corrupt;
    ended_ = !damaged_;
    warning_ = file::end_warning(path_, stream_, reader_, frames_, damaged_);
}

void FileMeter::name_interfaces() {
    if (reader_.format() != pcap::Format::pcapng) return;
    const auto in = reader_.interfaces();
    for (std::size_t i = names_.rows().size(); i < in.size(); ++i) {
        // Each interface has a row of its own, also where sections repeat a name: the number of the
        // row is the number of the interface.
        const NameRef ref = names_.append(
            NameKind::interface,
            in[i].name.empty() ? fmt::format("interface {}", in[i].section_id) : in[i].name);
        static_assert(pcap::max_interfaces <= NameTable::rows_of_a_kind(NameTable::rows_max) &&
                      pcap::max_interface_name <= NameTable::text_octets_max);
        CHECK(ref == i + 1);
    }
}

std::vector<Loss> FileMeter::losses() {
    std::vector<Loss> losses;
    const UtcTime last{last_time_};
    const UtcTime begin{at_.frames == 0 ? last_time_ : at_.last_time};
    const Interval since{std::min(begin, last), std::max(begin, last) + Duration{1}};
    // Each block may have held a packet. In some only an option is bad and the frame was read, so
    // the bound may be too high.
    const std::uint64_t bad = reader_.counters().bad_blocks - reported_bad_blocks_;
    reported_bad_blocks_ += bad;
    if (bad > 0) losses.push_back({path_, LossReason::corrupt, since, bad, bad * packet_bytes_max});
    const auto in = reader_.interfaces();
    at_.dropped.resize(std::max(at_.dropped.size(), in.size()));
    for (std::size_t i = 0; i < in.size(); ++i) {
        const std::uint64_t dropped = std::max(in[i].dropped_between, in[i].dropped_total);
        if (dropped <= at_.dropped[i]) continue;
        const std::uint64_t packets = dropped - at_.dropped[i];
        std::uint64_t bound = 0;
        const bool bounded = !__builtin_mul_overflow(packets, packet_bytes_max, &bound);
        losses.push_back({path_, LossReason::kernel_drop, since, packets,
                          bounded ? std::optional(bound) : std::nullopt});
        at_.dropped[i] = dropped;
    }
    // From the last good frame on: neither how much is missing nor until when can be known.
    const Interval behind{last, last + Duration{1}};
    if (damaged_ && !at_.damaged)
        losses.push_back({path_, LossReason::corrupt, behind, std::nullopt, std::nullopt});
    if (ended_ && !warning_.empty())
        losses.push_back({path_, LossReason::truncated, behind, std::nullopt, std::nullopt});
    return losses;
}

std::string FileMeter::note() const {
    return fmt::format("{}, {}, {} packets", std::filesystem::path(path_).filename().string(),
                       binary_units(stream_.position()), grouped(frames_));
}

Result<Checkpoint> FileMeter::checkpoint(ReadingSink& sink) {
    out_.set_sink(sink);
    process_batch();
    aggregator_->drain(out_);
    out_.flush();
    Checkpoint out;
    const std::uint64_t rest = ended_ ? stream_.unread().size() : 0;
    const bool moved = stream_.position() != at_.at.offset || ended_ != at_.ended ||
                       damaged_ != at_.damaged || rest != at_.rest;
    if (already_complete_ || !moved) return out;
    out.losses = losses();
    // All captures without a frame have the same content: by a cursor, the next one would be
    // recognised as this one.
    if (frames_ == 0 && rest == 0 && out.losses.empty()) return out;
    out.observed = aggregator_->drain_observed();
    at_.advance(stream_, damaged_);
    at_.frames = frames_;
    at_.last_time = last_time_;
    at_.ended = ended_;
    at_.damaged = damaged_;
    at_.rest = rest;
    at_.device = stream_.status().device;
    at_.inode = stream_.status().inode;
    at_.reader = reader_.save();
    at_.fragments = aggregator_->fragments().save(UtcTime{last_time_});
    cursor_.position = at_.save();
    cursor_.version += 1;
    cursor_.note = note();
    out.cursors.push_back(cursor_);
    return out;
}

std::vector<CounterValue> FileMeter::counters() const {
    OtherCounters other;
    other.bad_blocks = reader_.counters().bad_blocks;
    for (const pcap::Interface& in : reader_.interfaces())
        other.kernel_drops += std::max(in.dropped_between, in.dropped_total);
    return counter_values(*aggregator_, other);
}

}  // namespace octroi::capture
