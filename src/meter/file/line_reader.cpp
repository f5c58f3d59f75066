// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/file/line_reader.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "wire/pcap/reader.hpp"

namespace octroi::file {
namespace {

// A line of the largest size, its end and one octet more, which shows that it is too long.
static_assert(LineReader::octets_max_limit + 2 < pcap::max_needed);

std::string_view without_return(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

}  // namespace

LineReader::LineReader(Stream& stream, std::size_t octets_max, std::uint64_t lines_before)
    : stream_(&stream), octets_max_(octets_max), lines_(lines_before) {
    CHECK(octets_max >= 1 && octets_max <= octets_max_limit);
}

std::string_view LineReader::unread() const {
    const ByteSpan octets = stream_->unread();
    return {static_cast<const char*>(static_cast<const void*>(octets.data())), octets.size()};
}

Line LineReader::made(std::string_view text, bool is_cut) const {
    return {text, lines_, offset_, is_cut};
}

Status LineReader::skip_nuls() {
    for (;;) {
        TRY(stream_->fill(1));
        const std::string_view text = unread();
        const std::size_t nuls = std::min(text.find_first_not_of('\0'), text.size());
        if (nuls == 0) return {};
        stream_->consume(nuls);
        skipped_nuls_ += nuls;
    }
}

Result<bool> LineReader::skip_line() {
    for (;;) {
        TRY(stream_->fill(1));
        const std::string_view text = unread();
        if (text.empty()) return false;
        const std::size_t end = text.find('\n');
        stream_->consume(std::min(end, text.size() - 1) + 1);
        if (end != std::string_view::npos) return true;
    }
}

bool LineReader::next_in_window(std::string_view& line) noexcept {
    if (is_within_line_) return false;
    const std::string_view text = unread();
    const std::size_t end = text.find('\n', passed_);
    if (end == std::string_view::npos || text[passed_] == '\0') return false;
    const std::string_view found = without_return(text.substr(passed_, end - passed_));
    if (found.size() > octets_max_) return false;
    line = found;
    passed_ = end + 1;
    ++lines_;
    return true;
}

void LineReader::settle() {
    if (passed_ != 0) stream_->consume(std::exchange(passed_, 0));
}

Result<std::optional<Line>> LineReader::next() {
    settle();
    if (!std::exchange(is_within_line_, true)) offset_ = stream_->position();
    std::size_t known = 0;  // octets of the window without an end of line
    if (!is_cut_) TRY(skip_nuls());
    while (!is_cut_) {
        TRY(stream_->fill(known + 1));
        const std::string_view text = unread();
        const std::size_t end = text.find('\n', known);
        const std::string_view line = without_return(text.substr(0, end));
        if (end != std::string_view::npos && line.size() <= octets_max_) {
            stream_->consume(end + 1);
            ++lines_;
            is_within_line_ = false;
            return made(line, false);
        }
        // One octet more may be the CR of its end.
        is_cut_ = line.size() > octets_max_ + 1 || end != std::string_view::npos;
        if (is_cut_) {
            cut_ = text.substr(0, octets_max_);
            stream_->consume(octets_max_);
        } else if (stream_->ended()) {
            return std::nullopt;
        }
        known = text.size();
    }
    TRY_ASSIGN(const bool has_end, skip_line());
    if (!has_end) return std::nullopt;
    ++lines_;
    ++cut_lines_;
    is_cut_ = is_within_line_ = false;
    return made(cut_, true);
}

std::optional<Line> LineReader::rest() const {
    const std::string_view text = is_cut_ ? std::string_view(cut_) : unread();
    if (text.empty()) return std::nullopt;
    Line line = made(text.substr(0, octets_max_), is_cut_ || text.size() > octets_max_);
    ++line.number;
    line.has_end = false;
    return line;
}

}  // namespace octroi::file
