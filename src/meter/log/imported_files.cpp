// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/imported_files.hpp"

#include <algorithm>
#include <utility>

#include "meter/file/recognise.hpp"
#include "meter/file/stream.hpp"
#include "meter/log/log_file_meter.hpp"

namespace octroi::logs {

ImportedFiles::ImportedFiles(std::vector<Cursor> cursors, std::uint64_t seed)
    : cursors_(std::move(cursors)), seed_(seed) {
    std::erase_if(cursors_, [](const Cursor& cursor) {
        return !cursor.source.starts_with(log_source_prefix);
    });
}

Result<ImportedPart> ImportedFiles::find(const std::string& path) const {
    if (cursors_.empty()) return ImportedPart{};
    TRY_ASSIGN(file::Stream stream, file::Stream::open(path));
    TRY(stream.fill(file::Stream::head_length));
    const ByteSpan head = stream.unread();
    const auto line_end = std::ranges::find(head, std::byte{'\n'});
    const auto first_line_end =
        line_end == head.end() ? 0 : static_cast<std::size_t>(line_end - head.begin()) + 1;
    TRY_ASSIGN(const file::KnownFile found,
               file::recognise(stream, log_source_prefix, cursors_, first_line_end, seed_));
    if (found.as == file::KnownFile::As::unknown) return ImportedPart{};
    if (found.as == file::KnownFile::As::itself)
        return ImportedPart{counted_octets(found.position), found.position.frames};
    // The ledger has all of its lines, and later ones.
    while (!stream.ended() || !stream.unread().empty()) {
        stream.consume(stream.unread().size());
        TRY(stream.fill(1));
    }
    return ImportedPart{stream.position(), 0};
}

}  // namespace octroi::logs
