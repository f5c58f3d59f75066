// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The intake journal: what was received and is not yet in the ledger. A ring of segments in a
// folder; docs/format/journal.md describes the files.
//
// Exactly once: a message is in the journal from the moment the kernel hands it over, and stays
// there until the batch that holds its traffic is committed with the position behind it. After a
// kill -9 reading goes on at the committed position: nothing is missing and nothing comes twice.
// After a power cut what had not been synced is gone; the exporters' sequence numbers tell.
//
// One thread fills it, one reads and releases, one may sync; they do not wait for one another
// except for the moment in which a segment changes hands.

#include <atomic>
#include <compare>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "host/folder.hpp"
#include "meter/journal/segment.hpp"

namespace octroi::journal {

// A place between two messages. Grows for ever.
struct JournalPosition {
    std::uint64_t segment = 1;
    std::uint32_t place = 0;

    auto operator<=>(const JournalPosition&) const noexcept = default;
};

struct JournalOptions {
    SegmentShape shape;
    // Room that is made at once, so that a burst need not wait for it; less where the disk has
    // less than four times as much.
    std::uint64_t ready_octets = std::uint64_t{64} << 20U;
    // Bound of all its files. When it is reached nothing is taken from the sockets any more: what
    // their buffers cannot hold then, the kernel drops and counts.
    std::uint64_t limit_octets = std::uint64_t{1} << 30U;
    std::string boot_id;
};

class Journal {
public:
    // from: where the ledger says that reading goes on; segments before it are free. The folder is
    // the journal's alone and must outlive it. Files that are damaged are set aside under another
    // name and counted in damaged().
    [[nodiscard]] static Result<std::unique_ptr<Journal>> open(const OwnFolder& folder,
                                                               const JournalOptions& options,
                                                               JournalPosition from);

    // ---- the filling thread

    // Receives what the source has, as much as one call can give. 0: there was nothing, or no room
    // (full()). Errors: those of the source, and no_space or others when a new segment is needed.
    [[nodiscard]] Result<std::size_t> receive(DatagramSource& source, UtcTime now);
    // A message of a stream. false: there is no room.
    [[nodiscard]] Result<bool> append(const Message& message);
    // The bound was reached, and not enough has been released since.
    [[nodiscard]] bool full() const noexcept { return full_.load(std::memory_order_relaxed); }

    // The first segment that this process fills: what stands before is of those before it.
    [[nodiscard]] std::uint64_t first_of_process() const noexcept { return first_of_process_; }

    // ---- the reading thread

    // The next message, if one is there. Valid until its place is released.
    [[nodiscard]] bool next(Message& out);
    // Behind the last message that next() gave.
    [[nodiscard]] JournalPosition position() const noexcept { return at_; }
    // What stands before the position is in the ledger: its segments may be filled anew.
    void release(JournalPosition before);
    // Octets of the segments that hold what is not released.
    [[nodiscard]] std::uint64_t held_octets() const;
    [[nodiscard]] std::uint64_t limit_octets() const noexcept { return options_.limit_octets; }
    [[nodiscard]] std::uint64_t damaged() const noexcept { return damaged_; }

    // ---- any one thread

    // What was published before the call is on the disk when it returns.
    [[nodiscard]] Status sync();

private:
    Journal(const OwnFolder& folder, JournalOptions options)
        : folder_(&folder), options_(std::move(options)) {}
    [[nodiscard]] Status recover(JournalPosition from);
    [[nodiscard]] bool has_spare() const;
    [[nodiscard]] std::uint64_t held() const;
    [[nodiscard]] Status add_free_segment();
    [[nodiscard]] Status begin_segment();
    // Makes sure that a place is free in filling_. false: there is none to be had.
    [[nodiscard]] Result<bool> make_room();
    [[nodiscard]] bool read_from(std::uint64_t number);

    const OwnFolder* folder_;
    JournalOptions options_;

    mutable std::mutex mutex_;  // guards the three below; what segments hold is theirs
    std::deque<std::shared_ptr<Segment>> live_;   // in the order of their numbers, without gaps
    std::vector<std::shared_ptr<Segment>> free_;  // the one freed last is taken first: it is warm
    std::uint64_t octets_ = 0;                    // of all files

    std::uint64_t first_of_process_ = 1;
    std::uint64_t next_number_ = 1;
    std::uint64_t next_file_ = 0;
    Segment* filling_ = nullptr;  // the filling thread's: live_.back()
    std::atomic<bool> full_{false};

    JournalPosition at_;            // the reading thread's
    Segment* reading_ = nullptr;    // of number at_.segment; null: it does not exist yet
    std::vector<std::byte> whole_;  // of the message before, if it was longer than its slot
    std::uint64_t damaged_ = 0;
};

}  // namespace octroi::journal
