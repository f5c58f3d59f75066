// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/journal/segment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace octroi::journal {
namespace {

// DO NOT CHANGE: these values are embedded in journals.
constexpr std::array<char, 8> magic = {'o', 'c', 't', 'r', 'o', 'i', 'J', '1'};
constexpr std::size_t head_octets = 4096;

constexpr std::uint32_t least_slot = 512;
constexpr std::uint32_t most_slot = 1U << 17U;
constexpr std::uint32_t most_places = 1U << 20U;

constexpr std::size_t whole_pages(std::size_t octets) noexcept {
    return (octets + head_octets - 1) / head_octets * head_octets;
}

// Where the arrays begin in the file.
struct Layout {
    explicit Layout(const SegmentShape& shape) noexcept
        : origins(head_octets + whole_pages(shape.places * sizeof(DatagramHeader))),
          kinds(origins + whole_pages(shape.places * sizeof(DatagramOrigin))),
          data(kinds + whole_pages(shape.places)),
          rest(data + whole_pages(std::size_t{shape.slot} * shape.places)),
          size(rest + overflow_stride * shape.places) {}
    std::size_t origins;
    std::size_t kinds;
    std::size_t data;
    std::size_t rest;  // up to here the room on the disk is taken beforehand
    std::size_t size;
};

template <typename T>
std::span<T> array_at(std::span<std::byte> octets, std::size_t offset, std::size_t count) noexcept {
    void* const at = octets.data() + offset;
    return {static_cast<T*>(at), count};
}

}  // namespace

struct Segment::Head {
    std::array<char, 8> magic;
    std::uint64_t number;
    std::uint32_t slot;
    std::uint32_t places;
    // Places that are surely on the disk. It is written after a sync, and so is itself on the disk
    // with the next one.
    std::uint32_t synced;
    std::uint32_t reserved;
    std::array<char, 64> boot_id;
};

Segment::Segment(MappedFile file, const SegmentShape& shape) noexcept
    : file_(std::move(file)), shape_(shape) {
    const Layout layout(shape);
    headers_ = array_at<DatagramHeader>(file_.octets(), head_octets, shape.places);
    origins_ = array_at<DatagramOrigin>(file_.octets(), layout.origins, shape.places);
    kinds_ = array_at<std::uint8_t>(file_.octets(), layout.kinds, shape.places);
    data_ = file_.octets().data() + layout.data;
    rest_ = file_.octets().data() + layout.rest;
}

Segment::Head& Segment::head() const noexcept {
    static_assert(sizeof(Head) <= head_octets);
    void* const at = file_.octets().data();
    return *static_cast<Head*>(at);
}

Result<std::unique_ptr<Segment>> Segment::create(const std::string& path,
                                                 const SegmentShape& shape) {
    const Layout layout(shape);
    TRY_ASSIGN(MappedFile file, MappedFile::create(path, layout.rest, layout.size));
    auto segment = std::unique_ptr<Segment>(new Segment(std::move(file), shape));
    Head& head = segment->head();
    head.magic = magic;
    head.slot = shape.slot;
    head.places = shape.places;
    return segment;
}

Result<std::unique_ptr<Segment>> Segment::open(const std::string& path, std::string_view boot_id) {
    TRY_ASSIGN(MappedFile file, MappedFile::open(path));
    const auto damaged = [&] {
        return fail(ErrorCode::corrupt,
                    fmt::format("{} is not a whole segment of a journal", path));
    };
    if (file.octets().size() < head_octets) return damaged();
    Head head{};
    std::memcpy(&head, file.octets().data(), sizeof head);
    const SegmentShape shape{head.slot, head.places};
    if (head.magic != magic || shape.slot < least_slot || shape.slot > most_slot ||
        shape.places == 0 || shape.places > most_places ||
        Layout(shape).size != file.octets().size())
        return damaged();
    auto segment = std::unique_ptr<Segment>(new Segment(std::move(file), shape));
    const std::size_t length = std::min(boot_id.size(), head.boot_id.size());
    segment->recover(std::string_view(head.boot_id.data(), length) == boot_id.substr(0, length));
    return segment;
}

// The process that filled it may have been killed at any moment: what is published is what stands
// there, up to the last place with a length.
void Segment::recover(bool same_boot) noexcept {
    const std::uint32_t trusted =
        same_boot ? shape_.places : std::min(head().synced, shape_.places);
    std::uint32_t used = 0;
    std::size_t rests = 0;
    for (std::uint32_t i = 0; i < shape_.places; ++i) {
        const std::uint32_t length = datagram_length(headers_[i]);
        if (length == 0) continue;
        if (i >= trusted || length > max_datagram) {
            headers_[i] = {};
            continue;
        }
        used = i + 1;
        if (length > shape_.slot) ++rests;
    }
    used_.store(used, std::memory_order_release);
    rests_.store(rests, std::memory_order_relaxed);
}

void Segment::retire() noexcept {
    std::atomic_ref(head().number).store(unused, std::memory_order_relaxed);
    if (rests_.exchange(0, std::memory_order_relaxed) == 0) return;
    const std::size_t offset = Layout(shape_).rest;
    file_.punch_hole(offset, file_.octets().size() - offset);
}

void Segment::begin(std::uint64_t number, std::string_view boot_id) noexcept {
    Head& at = head();
    std::atomic_ref(at.number).store(unused, std::memory_order_relaxed);
    std::memset(headers_.data(), 0, headers_.size_bytes());
    std::memset(kinds_.data(), static_cast<int>(Transport::datagram), kinds_.size_bytes());
    at.synced = 0;
    at.boot_id = {};
    std::memcpy(at.boot_id.data(), boot_id.data(), std::min(boot_id.size(), at.boot_id.size()));
    used_.store(0, std::memory_order_release);
    closed_.store(false, std::memory_order_release);
    std::atomic_ref(at.number).store(number, std::memory_order_relaxed);
}

// The syncing thread asks while the reading one retires.
std::uint64_t Segment::number() const noexcept {
    return std::atomic_ref(head().number).load(std::memory_order_relaxed);
}

std::size_t Segment::octets_of(const SegmentShape& shape) noexcept { return Layout(shape).rest; }

DatagramBuffers Segment::room() noexcept {
    const std::uint32_t used = used_.load(std::memory_order_relaxed);
    const std::size_t count = std::min<std::size_t>(shape_.places - used, datagram_batch);
    return {headers_.subspan(used, count), origins_.data() + used,
            data_ + std::size_t{used} * shape_.slot, shape_.slot, rest_ + used * overflow_stride};
}

void Segment::publish(std::size_t count) noexcept {
    const std::uint32_t used = used_.load(std::memory_order_relaxed);
    std::size_t rests = 0;
    for (std::size_t i = used; i < used + count; ++i)
        if (datagram_length(headers_[i]) > shape_.slot) ++rests;
    if (rests > 0) rests_.fetch_add(rests, std::memory_order_relaxed);
    used_.store(used + static_cast<std::uint32_t>(count), std::memory_order_release);
}

bool Segment::append(const Message& message) noexcept {
    const std::uint32_t used = used_.load(std::memory_order_relaxed);
    if (is_full()) return false;
    const ByteSpan octets = message.octets;
    const std::size_t first = std::min<std::size_t>(octets.size(), shape_.slot);
    if (first > 0) std::memcpy(data_ + std::size_t{used} * shape_.slot, octets.data(), first);
    if (octets.size() > first) {
        const std::size_t at = Layout(shape_).rest + used * overflow_stride;
        if (!file_.allocate(at, octets.size() - first)) return false;
        std::memcpy(rest_ + used * overflow_stride, octets.data() + first, octets.size() - first);
    }
    kinds_[used] = static_cast<std::uint8_t>(message.transport);
    write_datagram(headers_[used], origins_[used], static_cast<std::uint32_t>(octets.size()),
                   message.sender, message.port, message.received);
    publish(1);
    return true;
}

bool Segment::at(std::uint32_t place, Message& out, std::vector<std::byte>& whole) const {
    const std::uint32_t length = datagram_length(headers_[place]);
    if (length == 0) return false;
    const std::byte* const first = data_ + std::size_t{place} * shape_.slot;
    if (length <= shape_.slot) {
        out.octets = {first, length};
    } else {
        const std::byte* const rest = rest_ + place * overflow_stride;
        whole.assign(first, first + shape_.slot);
        whole.insert(whole.end(), rest, rest + (length - shape_.slot));
        out.octets = whole;
    }
    out.sender = datagram_sender(origins_[place]);
    out.received = {origins_[place].received_ns};
    out.port = datagram_port(origins_[place]);
    const std::uint8_t kind = kinds_[place];
    out.transport = kind <= static_cast<std::uint8_t>(Transport::stream_end) ? Transport{kind}
                                                                             : Transport::datagram;
    return true;
}

bool Segment::is_synced() const noexcept { return head().synced == used(); }

void Segment::mark_synced(std::uint32_t places) noexcept { head().synced = places; }

Status Segment::sync_mark() const { return file_.sync_first(head_octets); }

}  // namespace octroi::journal
