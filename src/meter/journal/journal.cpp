// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/journal/journal.hpp"

namespace octroi::journal {

Result<std::unique_ptr<Journal>> Journal::open(const OwnFolder& folder, const Options& options,
                                               Position from) {
    auto journal = std::unique_ptr<Journal>(new Journal(folder, options, from));
    TRY(journal->ring_.recover(from));
    return journal;
}

// First the content, then the mark that states how many slots are safe: after a power cut a mark
// that is on the disk never covers slots that are not.
Status Journal::sync() {
    for (const auto& segment : ring_.in_use()) {
        if (segment->is_synced()) continue;
        const std::uint64_t number = segment->number();
        const std::uint32_t published = segment->used();
        TRY(segment->sync_content());
        // Meanwhile it may have been released, or begun again with other messages.
        if (ring_.mark_synced(*segment, number, published)) TRY(segment->sync_mark());
    }
    return {};
}

}  // namespace octroi::journal
