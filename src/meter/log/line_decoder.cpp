// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/line_decoder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "host/log_limit.hpp"
#include "meter/log/unfinished_line.hpp"

namespace octroi::logs {
namespace {

constinit LimitedLog bad_line("log_line_bad");

}  // namespace

std::uint64_t LineCounts::bad_lines() const noexcept {
    return std::accumulate(bad.begin(), bad.end(), std::uint64_t{0});
}

void LineDecoder::on_line(const file::Line& line, const LineOrigin& origin) {
    ++counts_->lines;
    // The end of the line may be missing, and with it the volume.
    if (line.is_cut) return on_bad(logline::BadReason::too_long, line, origin);
    UnfinishedRead read;
    if (line.has_end)
        read.result = reader_->read(line.text, entry_);
    else
        read = read_unfinished(*reader_, line.text, entry_);
    const logline::LineResult result = read.result;
    const std::uint64_t evicted = reader_->evicted();
    counts_->evicted += evicted - evicted_;
    evicted_ = evicted;
    if (result.kind == logline::LineKind::bad) return on_bad(result.reason, line, origin);
    if (result.kind == logline::LineKind::other) {
        ++counts_->other;
        return;
    }
    if (read.has_doubtful_name) return on_bad(logline::BadReason::shape, line, origin);
    times_.set_latest(origin.modified);
    const auto time = times_.resolve(entry_.time);
    if (!time) return on_bad(logline::BadReason::time, line, origin);
    last_time_ = std::max(last_time_.value_or(*time), *time);
    if (result.kind == logline::LineKind::identity) return readings_->add_identity(entry_, *time);
    readings_->add(entry_, *time, *sink_, names_);
    if (read.has_doubtful_volume) on_short_volume(line, origin);
}

void LineDecoder::on_bad(logline::BadReason reason, const file::Line& line,
                         const LineOrigin& origin) {
    ++counts_->bad.at(static_cast<std::size_t>(reason));
    ++bad_lines_;
    bad_line.warning([&] {
        return fmt::format(
            "{}, line {} cannot be read: {}; its volume is missing", origin.path, line.number,
            line.has_end ? logline::to_string(reason) : "it has no end, and parts may be missing");
    });
}

// The volume counts as far as it was written; the rest is a loss.
void LineDecoder::on_short_volume(const file::Line& line, const LineOrigin& origin) {
    ++bad_lines_;
    bad_line.warning([&] {
        return fmt::format("{}, line {} has no end: a part of its volume may be missing",
                           origin.path, line.number);
    });
}

Status LineDecoder::resume(std::string_view reader, std::string_view times) {
    TRY(times_.restore(times));
    return reader_->restore(reader);
}

}  // namespace octroi::logs
