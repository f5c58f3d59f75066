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

#include "base/address.hpp"
#include "base/byte_cursor.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "host/datagrams.hpp"
#include "host/mapped_file.hpp"

namespace octroi::collector {

// How a message came in. The numbers are stored in journals: do not change them, only add.
enum class Transport : std::uint8_t { datagram = 0, stream = 1 };

// A message in the journal. Valid until its place is released.
struct Message {
    ByteSpan octets;
    Address sender;
    UtcTime received;
    Transport transport = Transport::datagram;
};

struct SegmentShape {
    std::uint32_t slot = 2048;  // octets of a place; a longer message takes several
    std::uint32_t places = 2048;
};

class Segment {
public:
    static constexpr std::uint64_t unused = 0;  // its number while it holds nothing

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
    [[nodiscard]] std::size_t octets() const noexcept { return file_.octets().size(); }

    [[nodiscard]] static std::size_t octets_of(const SegmentShape& shape) noexcept;

    // ---- the filling thread

    // The places that are free, at most datagram_batch. None: the segment is full.
    [[nodiscard]] DatagramRoom room() noexcept;
    // The first `count` places of the room are filled.
    void fill(std::size_t count) noexcept { filled_ += static_cast<std::uint32_t>(count); }
    // A message that the kernel did not receive into its place. false: it does not fit here.
    [[nodiscard]] bool append(ByteSpan octets, const Address& sender, UtcTime received,
                              Transport transport) noexcept;
    // The datagram in a place that is not published yet was longer than its slot: it stands whole
    // elsewhere now.
    void mark_moved(std::uint32_t place) noexcept;
    [[nodiscard]] std::uint32_t filled() const noexcept { return filled_; }
    [[nodiscard]] std::uint32_t free_places() const noexcept { return shape_.places - filled_; }
    // All that is filled may be read.
    void publish() noexcept { used_.store(filled_, std::memory_order_release); }
    // Publishes, and nothing will come behind it.
    void close() noexcept {
        publish();
        closed_.store(true, std::memory_order_release);
    }

    // ---- the reading thread

    // Places [0, used) are filled and will not change.
    [[nodiscard]] std::uint32_t used() const noexcept {
        return used_.load(std::memory_order_acquire);
    }
    // To be asked before used().
    [[nodiscard]] bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }
    enum class Found : std::uint8_t {
        message,
        nothing,  // the place is empty
        cut,      // the message is not whole: the process was killed while it was moved
    };
    // What begins at a used place, and how many places it takes.
    [[nodiscard]] Found at(std::uint32_t place, Message& out, std::uint32_t& taken) const noexcept;

    // ---- any thread

    // All that is published at the call is on the disk when it returns.
    [[nodiscard]] Status sync();
    [[nodiscard]] bool synced() const noexcept;

private:
    struct Head;
    Segment(MappedFile file, const SegmentShape& shape) noexcept;
    [[nodiscard]] Head& head() const noexcept;
    [[nodiscard]] std::uint32_t places_of(std::uint32_t length) const noexcept;
    void recover(bool same_boot) noexcept;

    MappedFile file_;
    SegmentShape shape_;
    std::span<DatagramHeader> headers_;
    std::span<DatagramOrigin> origins_;
    std::span<std::uint8_t> kinds_;
    std::byte* data_ = nullptr;
    std::uint32_t filled_ = 0;
    std::atomic<std::uint32_t> used_{0};
    std::atomic<bool> closed_{true};
};

}  // namespace octroi::collector
