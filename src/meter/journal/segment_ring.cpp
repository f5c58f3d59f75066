// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/journal/segment_ring.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "host/filesystem.hpp"

namespace octroi::journal {
namespace {

// DO NOT CHANGE: names of files on disk.
constexpr std::string_view suffix = ".journal";
constexpr std::string_view unfinished = ".new";  // of MappedFile::create, by a killed process

std::string file_name(std::uint64_t number) { return fmt::format("{:06}{}", number, suffix); }

// The number in the file name of a segment; absent: the file is no segment.
std::optional<std::uint64_t> file_number(std::string_view name) {
    if (!name.ends_with(suffix)) return std::nullopt;
    name.remove_suffix(suffix.size());
    std::uint64_t number = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), number);
    if (read.ec != std::errc() || read.ptr != name.data() + name.size()) return std::nullopt;
    return number;
}

}  // namespace

Status SegmentRing::recover(Position from) {
    next_number_ = from.segment + 1;
    TRY_ASSIGN(const auto names, folder_->names());
    for (const std::string& name : names) TRY(recover_file(name, from));
    std::ranges::sort(live_, {}, [](const auto& segment) { return segment->number(); });
    // Segment::open closes what it opens: this process begins a segment of its own. So messages of
    // two processes are never in one segment, and first_of_process() can tell them apart.
    if (!live_.empty()) next_number_ = live_.back()->number() + 1;
    first_of_process_ = next_number_;
    return allocate_ready();
}

Status SegmentRing::recover_file(const std::string& name, Position from) {
    if (name.ends_with(unfinished)) return folder_->remove(name);
    const auto number = file_number(name);
    if (!number) return {};
    next_file_ = std::max(next_file_, *number + 1);
    auto opened = Segment::open(folder_->path_of(name), options_.boot_id);
    const bool is_damaged = !opened && (opened.error().code == ErrorCode::corrupt ||
                                        opened.error().code == ErrorCode::over_limit);
    if (is_damaged) {
        ++damaged_;
        return folder_->set_aside(name);
    }
    if (!opened) return std::unexpected(opened.error());
    std::shared_ptr<Segment> segment = *std::move(opened);
    octets_ += segment->octets();
    const bool is_free = segment->number() == Segment::unused || segment->number() < from.segment;
    if (is_free)
        free_.push_back(std::move(segment));
    else
        live_.push_back(std::move(segment));
    return {};
}

// The ledger is likely on the same disk, and it needs space more than a burst does.
Status SegmentRing::allocate_ready() {
    TRY_ASSIGN(const FileSystem disk, file_system_of(folder_->path()));
    const std::uint64_t ready =
        std::min({options_.ready_octets, options_.limit_octets, octets_ + disk.free_bytes / 4});
    while (octets_ + Segment::octets_of(options_.shape) <= ready) TRY(add_free_segment());
    return {};
}

Status SegmentRing::add_free_segment() {
    TRY_ASSIGN(std::shared_ptr<Segment> made,
               Segment::create(folder_->path_of(file_name(next_file_)), options_.shape));
    ++next_file_;
    octets_ += made->octets();
    free_.push_back(std::move(made));
    return {};
}

// Free segments count in octets_ and may be used again; overflow comes on top of octets_, so the
// held octets are compared as well.
bool SegmentRing::may_begin() const {
    const bool has_spare =
        !free_.empty() || octets_ + Segment::octets_of(options_.shape) <= options_.limit_octets;
    return has_spare && held() < options_.limit_octets;
}

std::uint64_t SegmentRing::held() const {
    std::uint64_t octets = 0;
    for (const auto& segment : live_) octets += segment->octets() + segment->overflow_octets();
    return octets;
}

Result<Segment*> SegmentRing::begin_next() {
    const std::scoped_lock lock(mutex_);
    if (!may_begin()) return nullptr;
    if (free_.empty()) {
        const Status added = add_free_segment();
        // A full disk is like a full journal: space may come back when something is released.
        if (!added && added.error().code == ErrorCode::no_space) return nullptr;
        TRY(added);
    }
    free_.back()->begin(next_number_++, options_.boot_id);
    live_.push_back(std::move(free_.back()));
    free_.pop_back();
    return live_.back().get();
}

Segment* SegmentRing::find(std::uint64_t number) const {
    const std::scoped_lock lock(mutex_);
    for (const auto& segment : live_)
        if (segment->number() >= number) return segment.get();
    return nullptr;
}

void SegmentRing::release_before(std::uint64_t number) {
    std::vector<std::shared_ptr<Segment>> done;
    {
        const std::scoped_lock lock(mutex_);
        while (!live_.empty() && live_.front()->number() < number) {
            done.push_back(std::move(live_.front()));
            live_.pop_front();
        }
    }
    // Outside of the lock: the file system may need long to free the space of the overflow, and the
    // writing thread must not wait for that.
    for (const auto& segment : done) segment->retire();
    const std::scoped_lock lock(mutex_);
    for (auto& segment : done) free_.push_back(std::move(segment));
}

std::vector<std::shared_ptr<Segment>> SegmentRing::in_use() const {
    const std::scoped_lock lock(mutex_);
    return {live_.begin(), live_.end()};
}

bool SegmentRing::mark_synced(Segment& segment, std::uint64_t number, std::uint32_t slots) {
    const std::scoped_lock lock(mutex_);
    if (segment.number() != number) return false;
    segment.mark_synced(slots);
    return true;
}

std::uint64_t SegmentRing::held_octets() const {
    const std::scoped_lock lock(mutex_);
    return held();
}

}  // namespace octroi::journal
