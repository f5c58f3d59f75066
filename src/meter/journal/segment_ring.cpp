// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/journal/segment_ring.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include "host/filesystem.hpp"
#include "host/process.hpp"

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

// Free segments that prepare() provides: 32 MiB, some 15,000 messages.
constexpr std::size_t spare_segments = 8;
// So many in use since the last commit are a high rate.
constexpr std::size_t busy_segments = 4;
// Between two attempts to make a segment ahead.
constexpr auto retry_pause = std::chrono::seconds(1);

constexpr std::string_view file_list = "files";
// Some 100,000 files.
constexpr std::size_t list_octets_max = std::size_t{1} << 20U;

// Lines that are no number are left out: a power cut may have cut the last one.
std::vector<std::uint64_t> numbers_in(std::string_view list) {
    std::vector<std::uint64_t> numbers;
    while (!list.empty()) {
        const std::size_t end = std::min(list.find('\n'), list.size());
        std::uint64_t number = 0;
        const auto read = std::from_chars(list.data(), list.data() + end, number);
        if (read.ec == std::errc() && read.ptr == list.data() + end && end < list.size())
            numbers.push_back(number);
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return numbers;
}

}  // namespace

Status SegmentRing::recover(Position from) {
    next_number_ = from.segment + 1;
    TRY_ASSIGN(const auto names, folder_->names());
    for (const std::string& name : names) TRY(recover_file(name, from));
    const auto list = read_own_file(folder_->path_of(std::string(file_list)), list_octets_max);
    if (list) {
        for (const std::uint64_t number : numbers_in(*list))
            if (!found_.contains(number)) lost_.insert(number);
    } else if (list.error().code != ErrorCode::not_found) {
        return std::unexpected(list.error());
    }
    // A new file must not take the name of one that is reported as lost.
    if (!lost_.empty()) next_file_ = std::max(next_file_, *lost_.rbegin() + 1);
    recover_order(from);
    // Segment::open closes what it opens: this process begins a segment of its own. So messages of
    // two processes are never in one segment, and first_of_process() can tell them apart.
    if (!live_.empty()) next_number_ = live_.back()->number() + 1;
    first_of_process_ = next_number_;
    TRY(write_list());
    return allocate_ready();
}

// Sorts the segments with messages. Numbers ascend by one: messages missing in between, or at the
// position in the ledger, were lost.
void SegmentRing::recover_order(Position from) {
    std::ranges::sort(live_, {}, [](const auto& segment) { return segment->number(); });
    // A copy of a file, with a name of its own.
    const auto copies =
        std::ranges::unique(live_, {}, [](const auto& segment) { return segment->number(); });
    live_.erase(copies.begin(), copies.end());
    // A process that found no segment has begun with the number behind the position.
    std::uint64_t expected = from.segment + (from.slot == 0 ? 1 : 0);
    for (const auto& segment : live_) {
        if (segment->number() > expected) ++gaps_;
        expected = segment->number() + 1;
    }
    if (live_.empty() && from.slot > 0) ++gaps_;
    const bool is_there = !live_.empty() && live_.front()->number() == from.segment;
    first_position_ = is_there || from.slot == 0 ? from : Position{from.segment + 1, 0};
}

Status SegmentRing::recover_file(const std::string& name, Position from) {
    if (name.ends_with(unfinished)) return folder_->remove(name);
    const auto number = file_number(name);
    if (!number) return {};
    next_file_ = std::max(next_file_, *number + 1);
    auto opened = Segment::open(folder_->path_of(name), options_.boot_id);
    const bool is_damaged = !opened && (opened.error().code == ErrorCode::corrupt ||
                                        opened.error().code == ErrorCode::over_limit);
    if (is_damaged) return set_aside(name, *number);
    if (!opened) return std::unexpected(opened.error());
    std::shared_ptr<Segment> segment = *std::move(opened);
    const bool is_foreign = !options_.id.empty() && !segment->journal().empty() &&
                            segment->journal() != options_.id &&
                            segment->number() != Segment::unused;
    if (is_foreign) return set_aside(name, *number);
    found_.insert(*number);
    octets_ += segment->octets();
    const bool is_free = segment->number() == Segment::unused || segment->number() < from.segment;
    if (is_free)
        free_.push_back(std::move(segment));
    else
        live_.push_back(std::move(segment));
    return {};
}

Status SegmentRing::set_aside(const std::string& name, std::uint64_t number) {
    lost_.insert(number);
    return folder_->set_aside(name);
}

Status SegmentRing::write_list() const {
    std::string list;
    for (const auto* numbers : {&found_, &lost_})
        for (const std::uint64_t number : *numbers) list += fmt::format("{}\n", number);
    return replace_file(folder_->path_of(std::string(file_list)), list);
}

Status SegmentRing::confirm_lost() {
    const std::scoped_lock lock(mutex_);
    if (lost() == 0) return {};
    lost_.clear();
    gaps_ = 0;
    return write_list();
}

// The ledger is likely on the same disk, and it needs space more than a burst does.
Status SegmentRing::allocate_ready() {
    TRY_ASSIGN(const FileSystem disk, file_system_of(folder_->path()));
    const std::uint64_t ready =
        std::min({options_.ready_octets, options_.limit_octets, octets_ + disk.free_bytes / 4});
    while (octets_ + Segment::octets_of(options_.shape) <= ready && may_grow())
        TRY(add_free_segment());
    return {};
}

// A file that is not on the list, or a file on the list that was never made, must not stay: the one
// would hold disk space for ever, the other would be a loss that never was. The list is not synced:
// the thread that receives messages must not wait for the disk.
Result<std::shared_ptr<Segment>> SegmentRing::make_segment(std::uint64_t file, Pages pages) const {
    const std::string name = file_name(file);
    TRY_ASSIGN(std::shared_ptr<Segment> made,
               Segment::create(folder_->path_of(name), options_.shape, pages));
    const Status listed = folder_->append(std::string(file_list), fmt::format("{}\n", file));
    if (listed) return made;
    static_cast<void>(folder_->remove(name));
    return std::unexpected(listed.error());
}

// The number of a file that is made next. Its octets count from now on.
std::uint64_t SegmentRing::reserve_file() {
    octets_ += Segment::octets_of(options_.shape);
    found_.insert(next_file_);
    return next_file_++;
}

void SegmentRing::cancel_file(std::uint64_t file) {
    octets_ -= Segment::octets_of(options_.shape);
    found_.erase(file);
}

Status SegmentRing::add_free_segment() {
    const std::uint64_t file = reserve_file();
    auto made = make_segment(file, Pages::small);
    if (!made) cancel_file(file);
    TRY(made);
    free_.push_back(*std::move(made));
    return {};
}

void SegmentRing::prepare(const std::stop_token& stop) {
    const auto is_due = [&] {
        return free_.size() + free_huge_.size() < spare_segments && may_grow();
    };
    std::unique_lock lock(mutex_);
    while (begun_.wait(lock, stop, is_due) && !stop.stop_requested()) {
        const std::uint64_t file = reserve_file();
        lock.unlock();
        auto made = make_spare(file);
        lock.lock();
        if (made) {
            free_huge_.push_back(*std::move(made));
            continue;
        }
        // The writer reports it: it makes a segment itself when it finds none, and gets the same.
        cancel_file(file);
        begun_.wait_for(lock, stop, retry_pause, [] { return false; });
    }
}

// What the writer does not need yet does not take the space of the ledger.
Result<std::shared_ptr<Segment>> SegmentRing::make_spare(std::uint64_t file) const {
    TRY_ASSIGN(const FileSystem disk, file_system_of(folder_->path()));
    if (disk.free_bytes / 4 < Segment::octets_of(options_.shape))
        return fail(ErrorCode::no_space, "too little space for more than the ledger");
    return make_segment(file, Pages::huge);
}

bool SegmentRing::may_grow() const {
    return octets_ + Segment::octets_of(options_.shape) <= options_.limit_octets &&
           free_descriptors() >= spare_descriptors;
}

// Free segments count in octets_ and may be used again; overflow comes on top of octets_, so the
// held octets are compared as well.
bool SegmentRing::may_begin() const {
    const bool has_free = !free_.empty() || !free_huge_.empty();
    // Where nothing is in use, nothing will be released.
    return (has_free || live_.empty() || may_grow()) && held() < options_.limit_octets;
}

std::uint64_t SegmentRing::held() const {
    std::uint64_t octets = 0;
    for (const auto& segment : live_) octets += segment->octets() + segment->overflow_octets();
    return octets;
}

Result<Segment*> SegmentRing::begin_next() {
    const std::scoped_lock lock(mutex_);
    if (!may_begin()) return nullptr;
    if (free_.empty() && free_huge_.empty()) {
        const Status added = add_free_segment();
        // No space on the disk, or no descriptor: as long as others are in use, space comes back
        // when they are released. This is like a full journal.
        if (!added && (!live_.empty() || added.error().code == ErrorCode::no_space)) return nullptr;
        TRY(added);
    }
    // One message dirties a whole huge page, and each sync writes it: huge pages are for high
    // rates.
    const bool is_busy = live_.size() >= busy_segments;
    auto& from = free_.empty() || (is_busy && !free_huge_.empty()) ? free_huge_ : free_;
    from.back()->begin(next_number_++, options_.boot_id, options_.id);
    live_.push_back(std::move(from.back()));
    from.pop_back();
    if (free_.size() + free_huge_.size() < spare_segments) begun_.notify_one();
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
    for (auto& segment : done)
        (segment->pages() == Pages::huge ? free_huge_ : free_).push_back(std::move(segment));
}

std::vector<SegmentRing::Written> SegmentRing::written() const {
    const std::scoped_lock lock(mutex_);
    std::vector<Written> out;
    out.reserve(live_.size());
    for (const auto& segment : live_) out.push_back({segment, segment->number(), segment->used()});
    return out;
}

bool SegmentRing::needs_sync(const Segment& segment, std::uint64_t number,
                             std::uint32_t slots) const {
    const std::scoped_lock lock(mutex_);
    return segment.number() == number && segment.synced() < slots;
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
