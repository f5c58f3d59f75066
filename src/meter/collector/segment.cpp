// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/segment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace octroi::collector {
namespace {

// DO NOT CHANGE: these values are embedded in journals.
constexpr std::array<char, 8> magic = {'o', 'c', 't', 'r', 'o', 'i', 'J', '1'};
constexpr std::size_t head_octets = 4096;
// Bits of a place's kind.
constexpr std::uint8_t kind_stream = 1;
constexpr std::uint8_t kind_long = 2;   // a message that takes several places, whole
constexpr std::uint8_t kind_moved = 4;  // the beginning of a message that stands whole elsewhere

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
          size(data + std::size_t{shape.slot} * shape.places) {}
    std::size_t origins;
    std::size_t kinds;
    std::size_t data;
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
}

Segment::Head& Segment::head() const noexcept {
    static_assert(sizeof(Head) <= head_octets);
    void* const at = file_.octets().data();
    return *static_cast<Head*>(at);
}

Result<std::unique_ptr<Segment>> Segment::create(const std::string& path,
                                                 const SegmentShape& shape) {
    TRY_ASSIGN(MappedFile file, MappedFile::create(path, Layout(shape).size));
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
    for (std::uint32_t i = 0; i < shape_.places; ++i) {
        const std::uint32_t length = datagram_length(headers_[i]);
        if (length == 0) continue;
        const std::uint32_t occupied = (kinds_[i] & kind_long) != 0 ? places_of(length) : 1;
        if (i >= trusted || occupied > shape_.places - i) {
            headers_[i] = {};
            continue;
        }
        used = i + occupied;
    }
    filled_ = used;
    publish();
}

void Segment::begin(std::uint64_t number, std::string_view boot_id) noexcept {
    Head& at = head();
    at.number = unused;
    std::memset(headers_.data(), 0, headers_.size_bytes());
    std::memset(kinds_.data(), 0, kinds_.size_bytes());
    at.synced = 0;
    at.boot_id = {};
    std::memcpy(at.boot_id.data(), boot_id.data(), std::min(boot_id.size(), at.boot_id.size()));
    filled_ = 0;
    publish();
    closed_.store(false, std::memory_order_release);
    at.number = number;
}

void Segment::retire() noexcept { head().number = unused; }

std::uint64_t Segment::number() const noexcept { return head().number; }

std::size_t Segment::octets_of(const SegmentShape& shape) noexcept { return Layout(shape).size; }

DatagramRoom Segment::room() noexcept {
    const std::size_t count = std::min<std::size_t>(free_places(), datagram_batch);
    return {headers_.subspan(filled_, count), origins_.data() + filled_,
            data_ + std::size_t{filled_} * shape_.slot, shape_.slot};
}

std::uint32_t Segment::places_of(std::uint32_t length) const noexcept {
    return length / shape_.slot + (length % shape_.slot == 0 ? 0U : 1U);
}

bool Segment::append(ByteSpan octets, const Address& sender, UtcTime received,
                     Transport transport) noexcept {
    const auto length = static_cast<std::uint32_t>(octets.size());
    const std::uint32_t wanted = places_of(length);
    if (wanted > free_places()) return false;
    if (wanted == 0) return true;
    std::memcpy(data_ + std::size_t{filled_} * shape_.slot, octets.data(), octets.size());
    kinds_[filled_] = static_cast<std::uint8_t>(
        (transport == Transport::stream ? kind_stream : 0U) | (wanted > 1 ? kind_long : 0U));
    write_datagram(headers_[filled_], origins_[filled_], length, sender, received);
    fill(wanted);
    return true;
}

void Segment::mark_moved(std::uint32_t place) noexcept { kinds_[place] |= kind_moved; }

Segment::Found Segment::at(std::uint32_t place, Message& out, std::uint32_t& taken) const noexcept {
    const std::uint32_t length = datagram_length(headers_[place]);
    const std::uint8_t kind = kinds_[place];
    taken = 1;
    if (length == 0 || (kind & kind_moved) != 0) return Found::nothing;
    if (length > shape_.slot && (kind & kind_long) == 0) return Found::cut;
    taken = places_of(length);
    out.octets = {data_ + std::size_t{place} * shape_.slot, length};
    out.sender = datagram_sender(origins_[place]);
    out.received = {origins_[place].received_ns};
    out.transport = (kind & kind_stream) != 0 ? Transport::stream : Transport::datagram;
    return Found::message;
}

bool Segment::synced() const noexcept { return head().synced == used(); }

Status Segment::sync() {
    const std::uint64_t of = number();
    const std::uint32_t published = used();
    TRY(file_.sync());
    if (number() == of) head().synced = published;  // else it was filled anew meanwhile
    return {};
}

}  // namespace octroi::collector
