// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/file/text_once_meter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "meter/file/recognise.hpp"

namespace octroi::file {
namespace {

// Of input that cannot be read twice, in memory: to find out whether the ledger has it.
constexpr std::size_t kept_octets = std::size_t{64} << 20U;
constexpr std::uint64_t lines_of_a_pull = 4096;

}  // namespace

Result<Stream> TextOnceMeter::open_text(const std::string& path) {
    return Stream::open(path, kept_octets);
}

TextOnceMeter::TextOnceMeter(const std::string& path, const Settings& settings, Stream stream)
    : path_(path == "-" ? "standard input" : path),
      settings_(settings),
      stream_(std::move(stream)),
      text_(stream_, settings.line_octets_max) {}

Result<bool> TextOnceMeter::recognise(std::span<const Cursor> known) {
    TRY(stream_.fill(Stream::head_length));
    const ByteSpan head = stream_.unread();
    const auto line_end = std::ranges::find(head, std::byte{'\n'});
    const auto first_line_end =
        line_end == head.end() ? 0 : static_cast<std::size_t>(line_end - head.begin()) + 1;
    TRY_ASSIGN(KnownFile found, file::recognise(stream_, settings_.source_prefix, known,
                                                first_line_end, settings_.seed));
    if (!found.doubt.empty()) doubt_ = fmt::format("{} {}", path_, found.doubt);
    cursor_ = std::move(found.cursor);
    at_ = std::move(found.position);
    at_.dropped.resize(settings_.dropped);
    if (found.as == KnownFile::As::unknown) return false;
    known_as_ = cursor_.note;
    already_complete_ = found.as == KnownFile::As::earlier_copy;
    if (already_complete_) return false;
    resumed_at_ = at_.frames;
    return true;
}

Status TextOnceMeter::look_for_more() {
    TRY(stream_.fill(static_cast<std::size_t>(at_.rest) + 1));
    already_complete_ = at_.ended && stream_.ended() && stream_.unread().size() == at_.rest;
    return {};
}

Result<Pull> TextOnceMeter::read_lines(const std::function<Result<bool>()>& read_line,
                                       const std::function<Status()>& end) {
    const std::uint64_t stop = lines_ + lines_of_a_pull;
    const std::uint64_t checkpoint =
        (lines_ / settings_.checkpoint_lines + 1) * settings_.checkpoint_lines;
    bool has_more = true;
    while (has_more && lines_ < std::min(stop, checkpoint)) {
        TRY_ASSIGN(has_more, read_line());
    }
    if (has_more) return lines_ == checkpoint ? Pull::checkpoint : Pull::more;
    TRY(end());
    is_ended_ = true;
    return Pull::end;
}

bool TextOnceMeter::has_moved() const {
    return stream_.position() != at_.at.offset || is_ended_ != at_.ended || rest() != at_.rest ||
           is_damaged() != at_.damaged;
}

Interval TextOnceMeter::since_checkpoint(std::optional<UtcTime> last_time) const {
    const UtcTime last = last_of(last_time);
    const UtcTime begin{at_.frames == 0 ? last.ns : at_.last_time};
    return {std::min(begin, last), std::max(begin, last) + Duration{1}};
}

void TextOnceMeter::add_damage(std::optional<UtcTime> last_time, std::vector<Loss>& losses) const {
    if (!is_damaged() || at_.damaged) return;
    const UtcTime last = last_of(last_time);
    losses.push_back({path_, LossReason::truncated, {last, last + Duration{1}}, {}, {}});
}

void TextOnceMeter::move_cursor(std::optional<UtcTime> last_time, Checkpoint& out) {
    at_.advance(stream_, false);
    at_.frames = lines_;
    if (last_time) at_.last_time = last_time->ns;
    at_.ended = is_ended_;
    at_.damaged = is_damaged();
    at_.rest = rest();
    at_.device = stream_.status().device;
    at_.inode = stream_.status().inode;
    cursor_.position = at_.save();
    cursor_.version += 1;
    cursor_.note =
        fmt::format("{}, {} lines", std::filesystem::path(path_).filename().string(), lines_);
    out.cursors.push_back(cursor_);
}

}  // namespace octroi::file
