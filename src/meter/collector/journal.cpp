// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/journal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace octroi::collector {
namespace {

constexpr std::string_view suffix = ".journal";

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
        const auto number = file_number(name);
        if (!number) continue;
        next_file_ = std::max(next_file_, *number + 1);
        auto opened = Segment::open(folder_->path_of(name), options_.boot_id);
        if (!opened && opened.error().code == ErrorCode::corrupt) {
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
    return {};
}

// Under the lock.
bool Journal::has_spare() const {
    return !free_.empty() ||
           octets_ + Segment::octets_of(options_.shape) <= options_.limit_octets;
}

Result<Segment*> Journal::begin_segment() {
    const std::scoped_lock lock(mutex_);
    if (!has_spare()) {
        full_.store(true, std::memory_order_relaxed);
        return nullptr;
    }
    if (free_.empty()) {
        TRY_ASSIGN(std::shared_ptr<Segment> made,
                   Segment::create(folder_->path_of(file_name(next_file_)), options_.shape));
        ++next_file_;
        octets_ += made->octets();
        free_.push_back(std::move(made));
    }
    free_.back()->begin(next_number_++, options_.boot_id);
    live_.push_back(std::move(free_.back()));
    free_.pop_back();
    full_.store(!has_spare(), std::memory_order_relaxed);
    return live_.back().get();
}

void Journal::go_on_in(Segment* segment) noexcept {
    if (filling_ != nullptr) filling_->close();
    filling_ = segment;
}

Result<bool> Journal::make_room(std::uint32_t places) {
    if (filling_ != nullptr && filling_->free_places() >= places) return true;
    TRY_ASSIGN(Segment* const next, begin_segment());
    if (next == nullptr) return false;
    go_on_in(next);
    return true;
}

Result<std::size_t> Journal::receive(DatagramSource& source, UtcTime now) {
    TRY_ASSIGN(const bool there_is_room, make_room(1));
    if (!there_is_room) return 0;
    if (full()) {
        // What is received may be longer than its slot and need a segment more.
        const std::scoped_lock lock(mutex_);
        if (!has_spare()) return 0;
        full_.store(false, std::memory_order_relaxed);
    }
    const std::uint32_t first = filling_->filled();
    const DatagramRoom room = filling_->room();
    TRY_ASSIGN(const std::size_t got, source.receive(room, now));
    filling_->fill(got);
    TRY(keep_long(room, first, got, source));
    filling_->publish();
    return got;
}

// A datagram longer than its slot is written again, whole, behind the others, and only then its
// beginning is marked as moved, and only then published: a kill in between leaves a beginning that
// says that it was cut, and nothing twice.
Status Journal::keep_long(const DatagramRoom& room, std::uint32_t first, std::size_t got,
                          const DatagramSource& source) {
    Segment* behind = filling_;
    for (std::size_t i = 0; i < got; ++i) {
        if (datagram_length(room.headers[i]) <= room.slot) continue;
        const std::byte* const begin = room.data + i * room.slot;
        std::vector<std::byte> whole(begin, begin + room.slot);
        const auto rest = source.beyond(i);
        whole.insert(whole.end(), rest.begin(), rest.end());
        const Address sender = datagram_sender(room.origins[i]);
        const UtcTime received{room.origins[i].received_ns};
        bool kept = behind->append(whole, sender, received, Transport::datagram);
        if (!kept) {
            TRY_ASSIGN(Segment* const next, begin_segment());
            if (next == nullptr) break;  // it stays cut, and is counted as such
            if (behind != filling_) behind->close();
            behind = next;
            kept = behind->append(whole, sender, received, Transport::datagram);
        }
        if (kept) filling_->mark_moved(first + static_cast<std::uint32_t>(i));
    }
    if (behind != filling_) go_on_in(behind);
    return {};
}

Result<bool> Journal::append(ByteSpan octets, const Address& sender, UtcTime received,
                             Transport transport) {
    TRY_ASSIGN(const bool there_is_room,
               make_room(static_cast<std::uint32_t>(octets.size() / options_.shape.slot + 1)));
    if (!there_is_room) return false;
    const bool kept = filling_->append(octets, sender, received, transport);
    filling_->publish();
    return kept;
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
            std::uint32_t taken = 0;
            const Segment::Found found = reading_->at(at_.place, out, taken);
            at_.place += taken;
            if (found == Segment::Found::message) return true;
            if (found == Segment::Found::cut) ++cut_;
        }
        if (!closed) return false;
        if (!read_from(at_.segment + 1)) return false;
    }
}

void Journal::release(JournalPosition before) {
    const std::scoped_lock lock(mutex_);
    while (!live_.empty() && live_.front()->number() < before.segment) {
        live_.front()->retire();
        free_.push_back(std::move(live_.front()));
        live_.pop_front();
    }
    if (!free_.empty()) full_.store(false, std::memory_order_relaxed);
}

std::uint64_t Journal::held_octets() const {
    const std::scoped_lock lock(mutex_);
    std::uint64_t held = 0;
    for (const auto& segment : live_) held += segment->octets();
    return held;
}

Status Journal::sync() {
    std::vector<std::shared_ptr<Segment>> live;
    {
        const std::scoped_lock lock(mutex_);
        live.assign(live_.begin(), live_.end());
    }
    for (const auto& segment : live)
        if (!segment->synced()) TRY(segment->sync());
    return {};
}

}  // namespace octroi::collector
