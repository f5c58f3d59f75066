// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/flow_file/flow_file_meter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "host/log.hpp"
#include "meter/file/recognise.hpp"
#include "meter/flow_file/missing_parts.hpp"

namespace octroi::flow_file {
namespace {

// The losses that were reported before the cursor, by index of Position::dropped.
enum Reported : std::size_t { dropped_frames, sets_without_template, incomplete, reported_kinds };

}  // namespace

FlowFileMeter::FlowFileMeter(std::string path, const FlowFileMeterOptions& options,
                             std::unique_ptr<FlowFile> file)
    : path_(std::move(path)),
      options_(options),
      file_(std::move(file)),
      normalizer_(options.policy, options.seed) {}

Result<std::unique_ptr<FlowFileMeter>> FlowFileMeter::open(const std::string& path,
                                                           const FlowFileMeterOptions& options,
                                                           std::span<const Cursor> known) {
    TRY_ASSIGN(auto file, FlowFile::open(path, options.seed));
    const std::string name = path == "-" ? "standard input" : path;
    auto meter = std::unique_ptr<FlowFileMeter>(new FlowFileMeter(name, options, std::move(file)));
    TRY(meter->recognise(known));
    return meter;
}

Status FlowFileMeter::recognise(std::span<const Cursor> known) {
    DatagramFile& datagrams = file_->datagrams();
    TRY_ASSIGN(file::KnownFile found,
               file::recognise(datagrams.stream(), flow_file_source_prefix, known,
                               datagrams.first_frame_end(), options_.seed));
    if (!found.doubt.empty()) doubt_ = fmt::format("{} {}", path_, found.doubt);
    cursor_ = std::move(found.cursor);
    at_ = std::move(found.position);
    at_.dropped.resize(reported_kinds);
    if (found.as == file::KnownFile::As::unknown) return {};
    known_as_ = cursor_.note;
    already_complete_ = found.as == file::KnownFile::As::earlier_copy;
    if (already_complete_) return {};
    TRY_ASSIGN(already_complete_, at_.is_still_damaged(datagrams.stream()));
    if (already_complete_) return {};
    resumed_at_ = at_.frames;
    TRY_ASSIGN(already_complete_, has_nothing_new());
    return {};
}

// The stream is at the position of the cursor.
Result<bool> FlowFileMeter::has_nothing_new() {
    file::Stream& stream = file_->datagrams().stream();
    TRY(stream.fill(static_cast<std::size_t>(at_.rest) + 1));
    return at_.ended && stream.ended() && stream.unread().size() == at_.rest;
}

std::uint64_t FlowFileMeter::next_stop() const noexcept {
    const std::uint64_t every = options_.checkpoint_frames;
    return every == 0 ? UINT64_MAX : (file_->datagrams().frames() / every + 1) * every;
}

// Decodes the frames that are in the ledger once more, for the state of the decoders only. Gaps and
// NAT mappings of that part were reported.
Status FlowFileMeter::skip_booked() {
    normalizer_.set_sink(nullptr);
    for (bool more = true; more && file_->datagrams().frames() < at_.frames;) {
        TRY_ASSIGN(more, file_->read(normalizer_, at_.frames));
    }
    // When the file ended here, the gaps that decoders hold back were reported too.
    if (at_.ended) file_->flush(normalizer_);
    (void)normalizer_.drain_losses();
    (void)normalizer_.drain_translations();
    return {};
}

Result<Pull> FlowFileMeter::pull(ReadingSink& sink, Duration /*wait: a block takes little*/) {
    if (already_complete_ || ended_) return Pull::end;
    if (!begun_) {
        TRY(file_->begin());
        if (file_->datagrams().lacks_times())
            return fail(ErrorCode::unsupported,
                        fmt::format("{}: messages in it have no time of export (sFlow states none, "
                                    "and 0 is none); next: import a capture (pcap) of them",
                                    path_));
        TRY(skip_booked());
        begun_ = true;
        return Pull::more;
    }
    const std::uint64_t stop = next_stop();
    normalizer_.set_sink(&sink);
    const auto more = file_->read(normalizer_, stop);
    normalizer_.flush();
    if (!more) return std::unexpected(more.error());
    ended_ = !*more;
    if (ended_) {
        TRY(check_any_message(path_, *file_));
        for (const std::string& text : missing_parts(path_, *file_)) log_warning(text);
        return Pull::end;
    }
    return file_->datagrams().frames() == stop ? Pull::checkpoint : Pull::more;
}

void FlowFileMeter::add_losses(std::vector<Loss>& losses) {
    const DatagramFile& datagrams = file_->datagrams();
    const UtcTime last = datagrams.last_time();
    const UtcTime begin{at_.frames == 0 ? last.ns : at_.last_time};
    const Interval since{std::min(begin, last), std::max(begin, last) + Duration{1}};
    const exporter::Counters& counts = file_->exporters().counters();
    // Before the end, sets may still get their template, and datagrams their other fragments.
    const std::uint64_t waiting = ended_ ? counts.pending - counts.resumed : counts.dropped;
    const std::uint64_t parts =
        ended_ ? datagrams.incomplete_datagrams() + datagrams.cut_messages() : 0;
    const auto report = [&](Reported kind, std::uint64_t now, LossReason reason) {
        if (now <= at_.dropped[kind]) return;
        losses.push_back({path_, reason, since, now - at_.dropped[kind], std::nullopt});
        at_.dropped[kind] = now;
    };
    report(dropped_frames, datagrams.dropped_frames(), LossReason::kernel_drop);
    report(sets_without_template, waiting, LossReason::no_template);
    report(incomplete, parts, LossReason::truncated);
    if (!ended_ || datagrams.warning().empty() || at_.damaged) return;
    // Behind the last good frame. Neither the amount nor the end of the missing part is known.
    const Interval behind{last, last + Duration{1}};
    losses.push_back({path_, datagrams.damaged() ? LossReason::corrupt : LossReason::truncated,
                      behind, std::nullopt, std::nullopt});
}

std::string FlowFileMeter::note() const {
    const DatagramFile& datagrams = file_->datagrams();
    return fmt::format("{}, {} {}, {} exporters", std::filesystem::path(path_).filename().string(),
                       datagrams.frames(), datagrams.is_capture() ? "frames" : "messages",
                       file_->exporters().status().size());
}

Result<Checkpoint> FlowFileMeter::checkpoint(ReadingSink& /*sink: pull() holds nothing back*/) {
    Checkpoint out;
    if (already_complete_ || !begun_) return out;
    const DatagramFile& datagrams = file_->datagrams();
    const file::Stream& stream = datagrams.stream();
    const std::uint64_t rest = ended_ ? stream.unread().size() : 0;
    // Without progress a checkpoint would only raise the version of the cursor.
    const bool moved = stream.position() != at_.at.offset || ended_ != at_.ended ||
                       datagrams.damaged() != at_.damaged || rest != at_.rest;
    if (!moved) return out;
    out.losses = normalizer_.drain_losses();
    out.translations = normalizer_.drain_translations();
    add_losses(out.losses);
    // All captures without a frame have the same content: by a cursor, the next one would be
    // recognised as this one.
    if (datagrams.frames() == 0 && rest == 0 && out.losses.empty()) return out;
    out.observed = normalizer_.drain_observed();
    at_.advance(stream, datagrams.damaged());
    at_.frames = datagrams.frames();
    at_.last_time = datagrams.last_time().ns;
    at_.ended = ended_;
    at_.damaged = datagrams.damaged();
    at_.rest = rest;
    at_.device = stream.status().device;
    at_.inode = stream.status().inode;
    cursor_.position = at_.save();
    cursor_.version += 1;
    cursor_.note = note();
    out.cursors.push_back(cursor_);
    return out;
}

}  // namespace octroi::flow_file
