// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The segments of one journal: those in use, in order, and the free ones. A segment goes round:
// free, written, read, released, free again.
//
// Every member function may be called from any thread, where none says otherwise. The mutex guards
// the lists only; messages in a segment need no lock (segment.hpp).

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "host/folder.hpp"
#include "meter/journal/position.hpp"
#include "meter/journal/segment.hpp"

namespace octroi::journal {

struct Options {
    SegmentShape shape;
    // Disk space that is allocated at the start, so that a burst need not wait for it. Less where
    // the disk has less than four times as much.
    std::uint64_t ready_octets = std::uint64_t{32} << 20U;
    // Limit of all files together. When it is reached, nothing is read from the sockets: the kernel
    // then drops what their buffers cannot hold, and counts it.
    std::uint64_t limit_octets = std::uint64_t{1} << 30U;
    std::string boot_id;  // of this boot of the machine (host/boot_id.hpp)
    std::string id;       // of the journal (identity.hpp). Empty: segments of any one count
};

class SegmentRing {
public:
    // The folder must outlive the ring.
    SegmentRing(const OwnFolder& folder, Options options)
        : folder_(&folder), options_(std::move(options)) {}

    // Opens the files of earlier processes and allocates ready_octets. Segments before `from` are
    // free. Files that are damaged or of another journal are renamed (OwnFolder::set_aside). Called
    // once, before everything else. Errors: those of the folder and of new segments.
    [[nodiscard]] Status recover(Position from);
    // Where reading begins: the position that recover() got, or behind its segment if that is gone.
    [[nodiscard]] Position first_position() const noexcept { return first_position_; }
    // The ledger has a loss for lost(): the next process does not report them again.
    [[nodiscard]] Status confirm_lost();

    // Begins the next segment, for the writing thread. Null: the limit is reached, the disk is
    // full, or no file can be made while others are in use. Errors: others of creating a file.
    // Valid until a release() of a later position.
    [[nodiscard]] Result<Segment*> begin_next();
    // The segment of that number, or the next later one. Null: none has begun. Valid as above.
    [[nodiscard]] Segment* find(std::uint64_t number) const;
    // The segments before that number are free from now on. The reading thread calls it, and reads
    // none of them any more.
    void release_before(std::uint64_t number);

    // Until `stop`: makes free segments, with huge pages, so that begin_next() finds some.
    void prepare(const std::stop_token& stop);

    // The slots of a segment that were published at some time.
    struct Written {
        std::shared_ptr<Segment> segment;  // retiring does not unmap it
        std::uint64_t number = 0;          // that it had then
        std::uint32_t slots = 0;
    };
    // Of the segments in use, for the syncing thread.
    [[nodiscard]] std::vector<Written> written() const;
    // These slots are neither released nor on the disk.
    [[nodiscard]] bool needs_sync(const Segment& segment, std::uint64_t number,
                                  std::uint32_t slots) const;
    // Segment::mark_synced, unless the segment has another number by now. False: it has.
    [[nodiscard]] bool mark_synced(Segment& segment, std::uint64_t number, std::uint32_t slots);

    [[nodiscard]] std::uint64_t octets_of_a_segment() const noexcept {
        return Segment::octets_of(options_.shape);
    }
    // Disk space of the segments in use.
    [[nodiscard]] std::uint64_t held_octets() const;
    [[nodiscard]] std::uint64_t limit_octets() const noexcept { return options_.limit_octets; }
    // Numbers below this one are of earlier processes.
    [[nodiscard]] std::uint64_t first_of_process() const noexcept { return first_of_process_; }
    // Segments that recover() did not find, or could not read, though messages may have been in
    // them. Until confirm_lost(), also those of earlier processes.
    [[nodiscard]] std::uint64_t lost() const noexcept { return lost_.size() + gaps_; }

private:
    [[nodiscard]] Status recover_file(const std::string& name, Position from);
    void recover_order(Position from);
    [[nodiscard]] Status set_aside(const std::string& name, std::uint64_t number);
    [[nodiscard]] Status write_list() const;
    [[nodiscard]] Status allocate_ready();
    [[nodiscard]] Result<std::shared_ptr<Segment>> make_segment(std::uint64_t file,
                                                                Pages pages) const;
    [[nodiscard]] Result<std::shared_ptr<Segment>> make_spare(std::uint64_t file) const;
    // Under the lock.
    [[nodiscard]] std::uint64_t reserve_file();
    void cancel_file(std::uint64_t file);
    [[nodiscard]] Status add_free_segment();
    [[nodiscard]] bool may_grow() const;
    [[nodiscard]] bool may_begin() const;
    [[nodiscard]] std::uint64_t held() const;

    const OwnFolder* folder_;
    Options options_;

    mutable std::mutex mutex_;                   // guards the members below
    std::condition_variable_any begun_;          // wakes prepare()
    std::deque<std::shared_ptr<Segment>> live_;  // ascending numbers
    // Used from the back: those were used last, and their pages are still mapped.
    std::vector<std::shared_ptr<Segment>> free_;
    std::vector<std::shared_ptr<Segment>> free_huge_;
    std::uint64_t octets_ = 0;  // of all files, without overflow

    std::uint64_t next_number_ = 1;
    std::uint64_t next_file_ = 0;
    std::uint64_t first_of_process_ = 1;  // by recover()
    Position first_position_;             // by recover()

    // By number in the file name. The list of files (file_list) has both until confirm_lost().
    std::set<std::uint64_t> found_;
    std::set<std::uint64_t> lost_;
    std::uint64_t gaps_ = 0;  // in the numbers of segments
};

}  // namespace octroi::journal
