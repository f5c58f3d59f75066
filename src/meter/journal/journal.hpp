// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The intake journal: messages that were received and are not in the ledger yet. It is a ring of
// segment files in a folder; docs/format/journal.md describes them.
//
// Exactly once: a message is in the journal from the moment when the kernel hands it over. It stays
// until the batch with its traffic is committed, together with the position behind it. After a
// kill -9, reading continues at the committed position: no message is missing, none comes twice.
// After a power cut the messages that were not synced are missing; gaps in the exporters' sequence
// numbers show how many.
//
// Four threads may use a journal at a time: one the writer, one the reader and release(), one
// sync(), one prepare(). They wait for one another only while a segment is begun or released.

#include <memory>
#include <span>
#include <stop_token>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "host/folder.hpp"
#include "meter/journal/position.hpp"
#include "meter/journal/reader.hpp"
#include "meter/journal/segment_ring.hpp"
#include "meter/journal/writer.hpp"

namespace octroi::journal {

class Journal {
public:
    // from: the position in the ledger; the reader starts there, and segments before it are free.
    // The folder belongs to the journal alone and must outlive it. Errors: those of files; damaged
    // segments are no error (lost()).
    [[nodiscard]] static Result<std::unique_ptr<Journal>> open(const OwnFolder& folder,
                                                               const Options& options,
                                                               Position from);

    [[nodiscard]] Writer& writer() noexcept { return writer_; }
    [[nodiscard]] Reader& reader() noexcept { return reader_; }

    // The messages before the position are in the ledger: their segments may be used again. The
    // reading thread calls it.
    void release(Position before) { ring_.release_before(before.segment); }
    // What the writer has published by now, for sync().
    [[nodiscard]] std::vector<SegmentRing::Written> written() const { return ring_.written(); }
    // Returns when all of `written` that is not released is on the disk. Error: corrupt (another
    // program has removed or cut a segment that is in use).
    [[nodiscard]] Status sync(std::span<const SegmentRing::Written> written);
    [[nodiscard]] Status sync() { return sync(written()); }
    // Until `stop`: makes free segments before the writer needs them, because making one takes
    // longer than the buffers of sockets last in a burst.
    void prepare(const std::stop_token& stop) { ring_.prepare(stop); }

    // Whether this process received the message that the reader gave last. Messages of earlier
    // processes come first.
    [[nodiscard]] bool reads_own_messages() const noexcept {
        return reader_.position().segment >= ring_.first_of_process();
    }
    // Disk space of the segments that the reader has finished since that position.
    [[nodiscard]] std::uint64_t read_octets_since(Position from) const noexcept {
        return (reader_.position().segment - from.segment) * ring_.octets_of_a_segment();
    }
    // Disk space of the segments that are not released.
    [[nodiscard]] std::uint64_t held_octets() const { return ring_.held_octets(); }
    [[nodiscard]] std::uint64_t limit_octets() const noexcept { return ring_.limit_octets(); }
    // Segments that were missing or could not be read when the journal was opened, and which the
    // ledger has no loss for.
    [[nodiscard]] std::uint64_t lost() const noexcept { return ring_.lost(); }
    // The ledger has a loss for them. The reading thread calls it.
    [[nodiscard]] Status confirm_lost() { return ring_.confirm_lost(); }

private:
    Journal(const OwnFolder& folder, const Options& options, Position from)
        : ring_(folder, options), writer_(ring_), reader_(ring_, from) {}

    SegmentRing ring_;
    Writer writer_;
    Reader reader_;
};

// The messages of a journal that no process uses, from that position on. Error: those of files.
[[nodiscard]] Result<std::uint64_t> count_messages(const OwnFolder& folder,
                                                   std::string_view boot_id, Position from);

}  // namespace octroi::journal
