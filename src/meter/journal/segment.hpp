// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A file of the intake journal: places for messages, filled in order. The format is described in
// docs/format/journal.md.
//
// One thread fills it another reads what is published; neither
// waits for the other. The kernel receives datagrams directly into the places.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "host/datagrams.hpp"
#include "host/mapped_file.hpp"

namespace octroi::journal {

// How a message came in. The numbers are stored in journals: do not change them, only add.
enum class Transport : std::uint8_t {
    datagram = 0,
    stream = 1,
    stream_end = 2,  // the session has ended; one octet, without meaning
};

// A message in the journal. Valid until the next one is read, or its place is released.
struct Message {
    ByteSpan octets;
    Address sender;
    std::uint16_t port = 0;  // the sender's
    UtcTime received;
    Transport transport = Transport::datagram;
};

struct SegmentShape {
    // Octets of a place whose room is taken beforehand; a longer message has its rest elsewhere in
    // the file, where it takes room only when it comes.
    std::uint32_t slot = 2048;
    std::uint32_t places = 2048;
};

class Segment {
public:
    static constexpr std::uint64_t unused = 0;  // its number while it holds nothing
    // With more of long messages a segment is full, so that the journal's bound is kept.
    static constexpr std::size_t rests_max = std::size_t{16} << 20U;

    [[nodiscard]] static Result<std::unique_ptr<Segment>> create(const std::string& path,
                                                                 const SegmentShape& shape);
    // A segment of an earlier process. What the machine's power may have taken is left out: of
    // another boot only what had been synced stands. Errors: corrupt, unsupported.
    [[nodiscard]] static Result<std::unique_ptr<Segment>> open(const std::string& path,
                                                               std::string_view boot_id);

    // What it holds is in the ledger: it stands for nothing any more.
    void retire() noexcept;
    // Empties it and gives it a number.
    void begin(std::uint64_t number, std::string_view boot_id) noexcept;
    [[nodiscard]] std::uint64_t number() const noexcept;
    [[nodiscard]] const std::string& path() const noexcept { return file_.path(); }
    // Room that it takes on the disk: always, and for the rests of long messages.
    [[nodiscard]] std::size_t octets() const noexcept { return octets_of(shape_); }
    [[nodiscard]] std::size_t rest_octets() const noexcept {
        return rests_.load(std::memory_order_relaxed) * overflow_stride;
    }

    [[nodiscard]] static std::size_t octets_of(const SegmentShape& shape) noexcept;

    // ---- the filling thread

    // The places that are free, at most datagram_batch. None: the segment is full.
    [[nodiscard]] DatagramBuffers room() noexcept;
    // The first `count` places of the room are filled.
    void publish(std::size_t count) noexcept;
    // A message that the kernel did not receive into its place, at most max_datagram octets. false:
    // the segment is full.
    [[nodiscard]] bool append(const Message& message) noexcept;
    [[nodiscard]] bool is_full() const noexcept {
        return used_.load(std::memory_order_relaxed) == shape_.places || rest_octets() >= rests_max;
    }
    // Nothing will come behind what is published.
    void close() noexcept { closed_.store(true, std::memory_order_release); }

    // ---- the reading thread

    // Places [0, used) are filled and will not change.
    [[nodiscard]] std::uint32_t used() const noexcept {
        return used_.load(std::memory_order_acquire);
    }
    // To be asked before used().
    [[nodiscard]] bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }
    // The message in a used place; false: it is empty. whole: keeps the octets of a message that
    // is longer than its slot.
    [[nodiscard]] bool at(std::uint32_t place, Message& out, std::vector<std::byte>& whole) const;

    // ---- any thread

    // All that was published before the call is on the disk when it returns.
    [[nodiscard]] Status sync_content() const {
        if (is_full()) file_.release_pages();
        return file_.sync();
    }
    // So many places are on the disk. Not while it is retired or begun.
    void mark_synced(std::uint32_t places) noexcept;
    [[nodiscard]] Status sync_mark() const;
    [[nodiscard]] bool is_synced() const noexcept;

private:
    struct Head;
    Segment(MappedFile file, const SegmentShape& shape) noexcept;
    [[nodiscard]] Head& head() const noexcept;
    void recover(bool same_boot) noexcept;

    MappedFile file_;
    SegmentShape shape_;
    std::span<DatagramHeader> headers_;
    std::span<DatagramOrigin> origins_;
    std::span<std::uint8_t> kinds_;
    std::byte* data_ = nullptr;
    std::byte* rest_ = nullptr;
    std::atomic<std::uint32_t> used_{0};
    std::atomic<std::size_t> rests_{0};  // messages with a rest
    std::atomic<bool> closed_{true};
};

}  // namespace octroi::journal
