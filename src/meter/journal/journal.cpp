// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/journal/journal.hpp"

#include <fmt/format.h>

namespace octroi::journal {

Result<std::unique_ptr<Journal>> Journal::open(const OwnFolder& folder, const Options& options,
                                               Position from) {
    auto journal = std::unique_ptr<Journal>(new Journal(folder, options, from));
    TRY(journal->ring_.recover(from));
    journal->reader_ = Reader(journal->ring_, journal->ring_.first_position());
    return journal;
}

Result<std::uint64_t> count_messages(const OwnFolder& folder, std::string_view boot_id,
                                     Position from) {
    TRY_ASSIGN(const auto names, folder.names());
    std::uint64_t count = 0;
    Message message;
    std::vector<std::byte> whole;
    for (const std::string& name : names) {
        if (!name.ends_with(".journal")) continue;
        const auto segment = Segment::open(folder.path_of(name), boot_id);
        if (!segment) continue;
        const std::uint64_t number = (*segment)->number();
        if (number == Segment::unused) continue;
        for (std::uint32_t slot = 0; slot < (*segment)->used(); ++slot)
            if (Position{number, slot} >= from && (*segment)->at(slot, message, whole)) ++count;
    }
    return count;
}

// First the content, then the mark that states how many slots are safe: after a power cut a mark
// that is on the disk never covers slots that are not.
Status Journal::sync(std::span<const SegmentRing::Written> written) {
    for (const SegmentRing::Written& part : ring_.written())
        if (!part.segment->is_whole())
            return fail(ErrorCode::corrupt,
                        fmt::format("{}: another program has removed or cut it while it was in "
                                    "use, so messages are lost; next: keep others away from the "
                                    "folder, and start octroi again: it records the loss",
                                    part.segment->path()));
    for (const auto& [segment, number, slots] : written) {
        if (!ring_.needs_sync(*segment, number, slots)) continue;
        // Also what was written since.
        const std::uint32_t published = segment->used();
        TRY(segment->sync_content());
        // Meanwhile it may have been released, or begun again with other messages.
        if (ring_.mark_synced(*segment, number, published)) TRY(segment->sync_mark());
    }
    return {};
}

}  // namespace octroi::journal
