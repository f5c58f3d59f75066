// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/journal/segment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace octroi::journal {
namespace {

// DO NOT CHANGE: journals on disk contain these values.
constexpr std::array<char, 8> magic = {'o', 'c', 't', 'r', 'o', 'i', 'J', '1'};
constexpr std::size_t head_octets = 4096;

// Limits of a head that is believed: a damaged one must not make us map terabytes.
constexpr std::uint32_t slot_octets_min = 512;
constexpr std::uint32_t slot_octets_max = 1U << 17U;
constexpr std::uint32_t slots_max = 1U << 20U;

constexpr std::size_t whole_pages(std::size_t octets) noexcept {
    return (octets + head_octets - 1) / head_octets * head_octets;
}

// The offsets of the arrays in the file, in octets.
struct Layout {
    explicit Layout(const SegmentShape& shape) noexcept
        : origins(head_octets + whole_pages(shape.slots * sizeof(DatagramHeader))),
          transports(origins + whole_pages(shape.slots * sizeof(DatagramOrigin))),
          data(transports + whole_pages(shape.slots)),
          overflow(data + whole_pages(std::size_t{shape.slot_octets} * shape.slots)),
          size(overflow + overflow_stride * shape.slots) {}
    std::size_t origins;
    std::size_t transports;
    std::size_t data;
    std::size_t overflow;  // disk space is allocated up to here; behind it the file has holes
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
    std::uint32_t slot_octets;
    std::uint32_t slots;
    // Slots that are certainly on the disk. It is written after a sync, so it reaches the disk with
    // sync_mark() or with the next sync.
    std::uint32_t synced;
    std::uint32_t reserved;
    std::array<char, 64> boot_id;
    std::array<char, 32> journal;
};

Segment::Segment(MappedFile file, const SegmentShape& shape) noexcept
    : file_(std::move(file)), shape_(shape) {
    const Layout layout(shape);
    headers_ = array_at<DatagramHeader>(file_.octets(), head_octets, shape.slots);
    origins_ = array_at<DatagramOrigin>(file_.octets(), layout.origins, shape.slots);
    transports_ = array_at<std::uint8_t>(file_.octets(), layout.transports, shape.slots);
    data_ = file_.octets().data() + layout.data;
    overflow_ = file_.octets().data() + layout.overflow;
}

Segment::Head& Segment::head() const noexcept {
    static_assert(sizeof(Head) <= head_octets);
    void* const at = file_.octets().data();
    return *static_cast<Head*>(at);
}

Result<std::unique_ptr<Segment>> Segment::create(const std::string& path, const SegmentShape& shape,
                                                 Pages pages) {
    const Layout layout(shape);
    TRY_ASSIGN(MappedFile file, MappedFile::create(path, layout.overflow, layout.size, pages));
    auto segment = std::unique_ptr<Segment>(new Segment(std::move(file), shape));
    Head& head = segment->head();
    head.magic = magic;
    head.slot_octets = shape.slot_octets;
    head.slots = shape.slots;
    return segment;
}

Result<std::unique_ptr<Segment>> Segment::open(const std::string& path, std::string_view boot_id) {
    TRY_ASSIGN(MappedFile file, MappedFile::open(path));
    const auto damaged = [&] {
        return fail(ErrorCode::corrupt, fmt::format("{}: not a whole segment of a journal", path));
    };
    if (file.octets().size() < head_octets) return damaged();
    // A copy: the file may be damaged, so nothing in it is used before it is checked.
    Head head{};
    std::memcpy(&head, file.octets().data(), sizeof head);
    const SegmentShape shape{head.slot_octets, head.slots};
    if (head.magic != magic || shape.slot_octets < slot_octets_min ||
        shape.slot_octets > slot_octets_max || shape.slots == 0 || shape.slots > slots_max ||
        Layout(shape).size != file.octets().size())
        return damaged();
    auto segment = std::unique_ptr<Segment>(new Segment(std::move(file), shape));
    const std::size_t length = std::min(boot_id.size(), head.boot_id.size());
    segment->recover(std::string_view(head.boot_id.data(), length) == boot_id.substr(0, length));
    return segment;
}

Result<std::string> read_segment_journal(const std::string& path) {
    TRY_ASSIGN(const auto file, File::open_own(path));
    std::array<std::byte, sizeof(Segment::Head)> octets{};
    TRY_ASSIGN(const std::size_t got, file->read(octets));
    Segment::Head head{};
    std::memcpy(&head, octets.data(), sizeof head);
    if (got < sizeof head || head.magic != magic)
        return fail(ErrorCode::corrupt, fmt::format("{}: not a segment of a journal", path));
    const auto end = std::ranges::find(head.journal, '\0');
    return std::string(head.journal.begin(), end);
}

// The process that wrote it may have been killed at any moment, also inside recvmmsg(2). The kernel
// writes the length of a datagram last, so a slot with a length holds a whole datagram, whether the
// process has published it or not. Slots without a length stay empty. That is no damage: the reader
// skips them.
//
// Slots have no checksum. Within one boot the page cache keeps all that the process wrote. After
// another boot any page that was not synced may be missing, in any order, so only slots below the
// mark count; they are whole.
void Segment::recover(bool same_boot) noexcept {
    const std::uint32_t trusted = same_boot ? shape_.slots : std::min(head().synced, shape_.slots);
    std::uint32_t used = 0;
    std::size_t overflows = 0;
    for (std::uint32_t i = 0; i < shape_.slots; ++i) {
        const std::uint32_t length = datagram_length(headers_[i]);
        if (length == 0) continue;
        if (i >= trusted || length > max_datagram) {
            headers_[i] = {};
            continue;
        }
        used = i + 1;
        if (length > shape_.slot_octets) ++overflows;
    }
    used_.store(used, std::memory_order_release);
    overflows_.store(overflows, std::memory_order_relaxed);
}

void Segment::retire() noexcept {
    std::atomic_ref(head().number).store(unused, std::memory_order_relaxed);
    if (overflows_.exchange(0, std::memory_order_relaxed) == 0) return;
    const std::size_t offset = Layout(shape_).overflow;
    file_.punch_hole(offset, file_.octets().size() - offset);
}

void Segment::begin(std::uint64_t number, std::string_view boot_id,
                    std::string_view journal) noexcept {
    Head& at = head();
    // A kill in the middle leaves a free segment, and not one with the messages of an earlier use.
    std::atomic_ref(at.number).store(unused, std::memory_order_relaxed);
    std::memset(headers_.data(), 0, headers_.size_bytes());
    // The kernel fills slots without touching this array: what it receives is a datagram.
    std::memset(transports_.data(), static_cast<int>(Transport::datagram),
                transports_.size_bytes());
    at.synced = 0;
    at.boot_id = {};
    std::memcpy(at.boot_id.data(), boot_id.data(), std::min(boot_id.size(), at.boot_id.size()));
    at.journal = {};
    std::memcpy(at.journal.data(), journal.data(), std::min(journal.size(), at.journal.size()));
    used_.store(0, std::memory_order_release);
    closed_.store(false, std::memory_order_release);
    std::atomic_ref(at.number).store(number, std::memory_order_relaxed);
}

// The syncing thread reads it while the reading thread may retire the segment.
std::uint64_t Segment::number() const noexcept {
    return std::atomic_ref(head().number).load(std::memory_order_relaxed);
}

std::string_view Segment::journal() const noexcept {
    const auto& text = head().journal;
    const auto end = std::find(text.begin(), text.end(), '\0');
    return {text.data(), static_cast<std::size_t>(end - text.begin())};
}

std::size_t Segment::octets_of(const SegmentShape& shape) noexcept {
    return Layout(shape).overflow;
}

DatagramBuffers Segment::free_slots() noexcept {
    const std::uint32_t used = used_.load(std::memory_order_relaxed);
    const std::size_t count = std::min<std::size_t>(shape_.slots - used, datagram_batch);
    return {headers_.subspan(used, count), origins_.data() + used,
            data_ + std::size_t{used} * shape_.slot_octets, shape_.slot_octets,
            overflow_ + used * overflow_stride};
}

void Segment::publish(std::size_t count) noexcept {
    const std::uint32_t used = used_.load(std::memory_order_relaxed);
    std::size_t overflows = 0;
    for (std::size_t i = used; i < used + count; ++i)
        if (datagram_length(headers_[i]) > shape_.slot_octets) ++overflows;
    if (overflows > 0) overflows_.fetch_add(overflows, std::memory_order_relaxed);
    used_.store(used + static_cast<std::uint32_t>(count), std::memory_order_release);
}

bool Segment::append(const Message& message) noexcept {
    const std::uint32_t used = used_.load(std::memory_order_relaxed);
    if (is_full()) return false;
    const ByteSpan octets = message.octets;
    const std::size_t first = std::min<std::size_t>(octets.size(), shape_.slot_octets);
    if (first > 0)
        std::memcpy(data_ + std::size_t{used} * shape_.slot_octets, octets.data(), first);
    if (octets.size() > first) {
        const std::size_t at = Layout(shape_).overflow + used * overflow_stride;
        // Without this, writing into a hole of the file on a full disk would be a SIGBUS.
        if (!file_.allocate(at, octets.size() - first)) return false;
        std::memcpy(overflow_ + used * overflow_stride, octets.data() + first,
                    octets.size() - first);
    }
    transports_[used] = static_cast<std::uint8_t>(message.transport);
    write_datagram(headers_[used], origins_[used], static_cast<std::uint32_t>(octets.size()),
                   message.sender, message.port, message.received);
    publish(1);
    return true;
}

bool Segment::at(std::uint32_t slot, Message& out, std::vector<std::byte>& whole) const {
    const std::uint32_t length = datagram_length(headers_[slot]);
    if (length == 0) return false;
    const std::byte* const first = data_ + std::size_t{slot} * shape_.slot_octets;
    if (length <= shape_.slot_octets) {
        out.octets = {first, length};
    } else {
        const std::byte* const overflow = overflow_ + slot * overflow_stride;
        whole.assign(first, first + shape_.slot_octets);
        whole.insert(whole.end(), overflow, overflow + (length - shape_.slot_octets));
        out.octets = whole;
    }
    out.sender = datagram_sender(origins_[slot]);
    out.received = {origins_[slot].received_ns};
    out.port = datagram_port(origins_[slot]);
    // A number that this version does not know can only be damage.
    const std::uint8_t transport = transports_[slot];
    out.transport = transport <= static_cast<std::uint8_t>(Transport::stream_end)
                        ? Transport{transport}
                        : Transport::datagram;
    return true;
}

std::uint32_t Segment::synced() const noexcept { return head().synced; }

void Segment::mark_synced(std::uint32_t slots) noexcept { head().synced = slots; }

Status Segment::sync_mark() const { return file_.sync_first(head_octets); }

}  // namespace octroi::journal
