// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/journal/journal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "host/filesystem.hpp"

namespace octroi::journal {
namespace {

constexpr std::string_view suffix = ".journal";
constexpr std::string_view unfinished = ".new";  // made by a process that was killed meanwhile

std::string file_name(std::uint64_t number) { return fmt::format("{:06}{}", number, suffix); }

// The number in a segment's file name; absent: it is no segment.
std::optional<std::uint64_t> file_number(std::string_view name) {
    if (!name.ends_with(suffix)) return std::nullopt;
    name.remove_suffix(suffix.size());
    std::uint64_t number = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), number);
    if (read.ec != std::errc() || read.ptr != name.data() + name.size()) return std::nullopt;
    return number;
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(const OwnFolder& folder,
                                               const JournalOptions& options,
                                               JournalPosition from) {
    auto journal = std::unique_ptr<Journal>(new Journal(folder, options));
    TRY(journal->recover(from));
    return journal;
}

Status Journal::recover(JournalPosition from) {
    at_ = from;
    next_number_ = from.segment + 1;
    TRY_ASSIGN(const auto names, folder_->names());
    for (const std::string& name : names) {
        if (name.ends_with(unfinished)) TRY(folder_->remove(name));
        const auto number = file_number(name);
        if (!number) continue;
        next_file_ = std::max(next_file_, *number + 1);
        auto opened = Segment::open(folder_->path_of(name), options_.boot_id);
        const bool unusable = !opened && (opened.error().code == ErrorCode::corrupt ||
                                          opened.error().code == ErrorCode::over_limit);
        if (unusable) {
            ++damaged_;
            TRY(folder_->set_aside(name));
            continue;
        }
        if (!opened) return std::unexpected(opened.error());
        std::shared_ptr<Segment> segment = *std::move(opened);
        octets_ += segment->octets();
        if (segment->number() == Segment::unused || segment->number() < from.segment)
            free_.push_back(std::move(segment));
        else
            live_.push_back(std::move(segment));
    }
    std::sort(live_.begin(), live_.end(),
              [](const auto& a, const auto& b) { return a->number() < b->number(); });
    // What was filled by the process before is closed: this one begins a segment of its own.
    if (!live_.empty()) next_number_ = live_.back()->number() + 1;
    first_of_process_ = next_number_;
    // The ledger is likely on the same disk, and needs room more than a burst does.
    TRY_ASSIGN(const FileSystem disk, file_system_of(folder_->path()));
    const std::uint64_t ready =
        std::min({options_.ready_octets, options_.limit_octets, octets_ + disk.free_bytes / 4});
    while (octets_ + Segment::octets_of(options_.shape) <= ready) TRY(add_free_segment());
    return {};
}

// Under the lock.
bool Journal::has_spare() const {
    return !free_.empty() || octets_ + Segment::octets_of(options_.shape) <= options_.limit_octets;
}

// Under the lock.
std::uint64_t Journal::held() const {
    std::uint64_t octets = 0;
    for (const auto& segment : live_) octets += segment->octets() + segment->rest_octets();
    return octets;
}

Status Journal::add_free_segment() {
    TRY_ASSIGN(std::shared_ptr<Segment> made,
               Segment::create(folder_->path_of(file_name(next_file_)), options_.shape));
    ++next_file_;
    octets_ += made->octets();
    free_.push_back(std::move(made));
    return {};
}

Status Journal::begin_segment() {
    if (free_.empty()) TRY(add_free_segment());
    free_.back()->begin(next_number_++, options_.boot_id);
    live_.push_back(std::move(free_.back()));
    free_.pop_back();
    return {};
}

Result<bool> Journal::make_room() {
    if (filling_ != nullptr && !filling_->is_full()) return true;
    // What is full can be read to its end and released, whether there is a next one or not.
    if (filling_ != nullptr) std::exchange(filling_, nullptr)->close();
    const std::scoped_lock lock(mutex_);
    const bool may_begin = has_spare() && held() < options_.limit_octets;
    full_.store(!may_begin, std::memory_order_relaxed);
    if (!may_begin) return false;
    const Status begun = begin_segment();
    if (!begun && begun.error().code == ErrorCode::no_space) {
        full_.store(true, std::memory_order_relaxed);  // until something is released
        return false;
    }
    TRY(begun);
    filling_ = live_.back().get();
    return true;
}

Result<std::size_t> Journal::receive(DatagramSource& source, UtcTime now) {
    TRY_ASSIGN(const bool there_is_room, make_room());
    if (!there_is_room) return 0;
    TRY_ASSIGN(const std::size_t got, source.receive(filling_->room(), now));
    if (got > 0) filling_->publish(got);
    return got;
}

Result<bool> Journal::append(const Message& message) {
    TRY_ASSIGN(const bool there_is_room, make_room());
    return there_is_room && filling_->append(message);
}

// The first segment of that number or a later one. false: there is none yet.
bool Journal::read_from(std::uint64_t number) {
    const std::scoped_lock lock(mutex_);
    for (const auto& segment : live_) {
        if (segment->number() < number) continue;
        if (segment->number() != at_.segment) at_ = {segment->number(), 0};
        reading_ = segment.get();
        return true;
    }
    return false;
}

bool Journal::next(Message& out) {
    for (;;) {
        if (reading_ == nullptr && !read_from(at_.segment)) return false;
        const bool closed = reading_->closed();
        const std::uint32_t used = reading_->used();
        while (at_.place < used) {
            if (reading_->at(at_.place++, out, whole_)) return true;
        }
        if (!closed) return false;
        at_ = {at_.segment + 1, 0};
        reading_ = nullptr;
    }
}

void Journal::release(JournalPosition before) {
    std::vector<std::shared_ptr<Segment>> done;
    {
        const std::scoped_lock lock(mutex_);
        while (!live_.empty() && live_.front()->number() < before.segment) {
            done.push_back(std::move(live_.front()));
            live_.pop_front();
        }
    }
    // Room goes back to the file system here: the filling thread need not wait for that.
    for (const auto& segment : done) segment->retire();
    const std::scoped_lock lock(mutex_);
    for (auto& segment : done) free_.push_back(std::move(segment));
}

std::uint64_t Journal::held_octets() const {
    const std::scoped_lock lock(mutex_);
    return held();
}

Status Journal::sync() {
    std::vector<std::shared_ptr<Segment>> live;
    {
        const std::scoped_lock lock(mutex_);
        live.assign(live_.begin(), live_.end());
    }
    for (const auto& segment : live) {
        if (segment->is_synced()) continue;
        const std::uint64_t number = segment->number();
        const std::uint32_t published = segment->used();
        TRY(segment->sync_content());
        {
            const std::scoped_lock lock(mutex_);
            if (segment->number() != number) continue;  // released, or filled anew
            segment->mark_synced(published);
        }
        TRY(segment->sync_mark());
    }
    return {};
}

}  // namespace octroi::journal
