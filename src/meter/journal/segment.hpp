// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// One file of the journal: slots for messages, filled in order. docs/format/journal.md describes
// the format.
//
// The file is memory-mapped, and the kernel receives datagrams directly into the slots. One thread
// writes, one thread reads the published slots, and one may sync; none waits for another.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "host/datagrams.hpp"
#include "host/mapped_file.hpp"
#include "meter/journal/message.hpp"

namespace octroi::journal {

struct SegmentShape {
    // Octets of a message that its slot holds. Their disk space is allocated with the file. What
    // does not fit (the overflow) has an area of its own, which is allocated when it is needed.
    std::uint32_t slot_octets = 2048;
    std::uint32_t slots = 1944;  // 4 MiB without overflow: whole huge pages
};

class Segment {
public:
    static constexpr std::uint64_t unused = 0;  // the number of a free segment
    // A segment with this many octets of overflow is full, so that the limit of the journal holds.
    static constexpr std::size_t overflow_max = std::size_t{16} << 20U;

    // Makes a free segment. Errors: those of MappedFile::create.
    [[nodiscard]] static Result<std::unique_ptr<Segment>> create(const std::string& path,
                                                                 const SegmentShape& shape,
                                                                 Pages pages = Pages::small);
    // Opens a segment of an earlier process, closed. If it was written in another boot, only its
    // synced slots count: a power cut may have damaged the others. Errors: corrupt (no segment, or
    // not all of one); those of MappedFile::open.
    [[nodiscard]] static Result<std::unique_ptr<Segment>> open(const std::string& path,
                                                               std::string_view boot_id);

    // Makes the segment free, and frees the disk space of its overflow. Not while anybody reads it.
    void retire() noexcept;
    // Empties a free segment and gives it a number. journal: the id of the journal.
    void begin(std::uint64_t number, std::string_view boot_id, std::string_view journal) noexcept;
    [[nodiscard]] std::uint64_t number() const noexcept;  // any thread
    // The journal that it was begun for; empty: an earlier Octroi has begun it, or nobody.
    [[nodiscard]] std::string_view journal() const noexcept;
    // Another program has neither removed nor cut the file. Any thread.
    [[nodiscard]] bool is_whole() const noexcept { return file_.is_whole(); }
    [[nodiscard]] const std::string& path() const noexcept { return file_.path(); }
    [[nodiscard]] Pages pages() const noexcept { return file_.pages(); }
    // Disk space of the slots (constant), and of the overflow.
    [[nodiscard]] std::size_t octets() const noexcept { return octets_of(shape_); }
    [[nodiscard]] std::size_t overflow_octets() const noexcept {
        return overflows_.load(std::memory_order_relaxed) * overflow_stride;
    }

    [[nodiscard]] static std::size_t octets_of(const SegmentShape& shape) noexcept;

    // ---- The writing thread

    // The free slots, at most datagram_batch of them. Empty: the segment is full.
    [[nodiscard]] DatagramBuffers free_slots() noexcept;
    // Makes the first `count` of free_slots() visible to the reader.
    void publish(std::size_t count) noexcept;
    // Copies a message of at most max_datagram octets into the next slot and publishes it. False:
    // the segment is full, or the disk has no space for the overflow.
    [[nodiscard]] bool append(const Message& message) noexcept;
    [[nodiscard]] bool is_full() const noexcept {
        return used_.load(std::memory_order_relaxed) == shape_.slots ||
               overflow_octets() >= overflow_max;
    }
    // No slot will be published after this.
    void close() noexcept { closed_.store(true, std::memory_order_release); }

    // ---- The reading thread

    // Slots [0, used) are published and do not change until the segment is retired.
    [[nodiscard]] std::uint32_t used() const noexcept {
        return used_.load(std::memory_order_acquire);
    }
    // Call it before used(): then `closed` means that used() is final.
    [[nodiscard]] bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }
    // The message in a published slot. False: the slot is empty (its message was not whole when the
    // machine or the process stopped). The octets are valid until the segment is retired, or if the
    // message is longer than a slot, until `whole` changes.
    [[nodiscard]] bool at(std::uint32_t slot, Message& out, std::vector<std::byte>& whole) const;

    // ---- The syncing thread

    // Returns when everything that was published before the call is on the disk.
    [[nodiscard]] Status sync_content() const {
        if (is_full()) file_.release_pages();
        return file_.sync();
    }
    // Records that the first `slots` slots are on the disk. Not while the segment is retired or
    // begun.
    void mark_synced(std::uint32_t slots) noexcept;
    [[nodiscard]] Status sync_mark() const;
    [[nodiscard]] std::uint32_t synced() const noexcept;  // slots that are on the disk

    struct Head;

private:
    Segment(MappedFile file, const SegmentShape& shape) noexcept;
    [[nodiscard]] Head& head() const noexcept;
    void recover(bool same_boot) noexcept;

    MappedFile file_;
    SegmentShape shape_;
    std::span<DatagramHeader> headers_;
    std::span<DatagramOrigin> origins_;
    std::span<std::uint8_t> transports_;
    std::byte* data_ = nullptr;
    std::byte* overflow_ = nullptr;
    std::atomic<std::uint32_t> used_{0};
    std::atomic<std::size_t> overflows_{0};  // messages that are longer than their slot
    std::atomic<bool> closed_{true};
};

// Segment::journal() of a file, without opening it as a segment. Errors: corrupt; those of files.
[[nodiscard]] Result<std::string> read_segment_journal(const std::string& path);

}  // namespace octroi::journal
