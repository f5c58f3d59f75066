// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The octets of a file (decompressed) as a window that moves forward. The last octets before the
// position stay in the window, for their digest. It uses read(2) and not mmap(2): if a file is
// truncated while it is read, that is an end of file and not a SIGBUS. One thread.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_cursor.hpp"
#include "base/result.hpp"
#include "host/file.hpp"
#include "meter/file/content_marks.hpp"

namespace octroi::file {

// BLAKE2b, 128 bits.
[[nodiscard]] Digest digest(ByteSpan octets);

class Stream {
public:
    // The octets that identify a file: from its beginning, and before a position.
    static constexpr std::size_t head_length = 64 * 1024;
    static constexpr std::size_t tail_length = 4 * 1024;

    // path: "-" is standard input. Compressed files are recognised by their content. keep: of input
    // that can be read only once, this many octets stay in memory, so that move_to() can go back as
    // long as no more were read. Errors: those of files; corrupt (compressed data).
    [[nodiscard]] static Result<Stream> open(const std::string& path, std::size_t keep = 0);
    // The same of a regular file only: another path, for example a FIFO, is refused at once.
    // Errors: also failed (no regular file).
    [[nodiscard]] static Result<Stream> open_regular(const std::string& path);
    // A stream without octets: read_plain() gives it some.
    Stream() : Stream("", 0) {}
    // From now on the stream is that of another file, at its beginning: of its octets as they are,
    // also if they are compressed. The memory stays the same. file: supports seek(). Errors: those
    // of File.
    [[nodiscard]] Status read_plain(std::unique_ptr<File> file);

    [[nodiscard]] std::uint64_t position() const noexcept { return base_ + at_; }
    [[nodiscard]] ByteSpan unread() const noexcept {
        return ByteSpan(window_).subspan(at_, filled_ - at_);
    }
    void consume(std::size_t octets) {
        if (content_) content_->add(unread().first(octets));
        at_ += octets;
    }
    // Reads until unread() has at least `least` octets (at most pcap::max_needed), or the stream
    // ends. Invalidates what unread() gave before.
    [[nodiscard]] Status fill(std::size_t least);
    // fill() has reached the end of the stream.
    [[nodiscard]] bool ended() const noexcept { return ended_; }
    // Why a compressed file ended early; "": it did not.
    [[nodiscard]] const std::string& damage() const noexcept { return damage_; }

    // From now on the octets before the position are hashed with this key. Call it at position 0;
    // move_to(0) begins once more.
    void hash_content(const ContentMarks::Key& key) { content_.emplace(key); }
    // Of all octets before the position. Only with hash_content().
    [[nodiscard]] const ContentMarks& content() const noexcept { return *content_; }
    // From now on they are not, so that move_to() may pass over octets.
    void hash_nothing() noexcept { content_.reset(); }

    // Moves to a position, also backwards. False: the stream ends before it. Errors: unsupported
    // (back, in a stream that can be read only once and was not kept).
    [[nodiscard]] Result<bool> move_to(std::uint64_t position);
    // The digest of the last tail_length octets before the position, or of all there are.
    [[nodiscard]] Digest tail() const;

    [[nodiscard]] const FileStatus& status() const noexcept { return status_; }
    // Whether the path can be opened again and gives the same octets: not a pipe.
    [[nodiscard]] bool reopens() const noexcept { return path_ != "-" && status_.regular; }
    // move_to() seeks in the file: a regular file that is not compressed.
    [[nodiscard]] bool seeks() const noexcept { return plain_ != nullptr; }

private:
    class Kept;
    Stream(std::string path, std::size_t keep);
    [[nodiscard]] Status open_source();
    void clear_window(std::uint64_t position) noexcept;

    std::string path_;
    std::size_t keep_;
    bool is_regular_only_ = false;
    FileStatus status_;
    std::unique_ptr<File> plain_;           // a file that supports seek(), or
    std::unique_ptr<ByteSource> inflated_;  // a stream that can only be read forwards
    Kept* kept_ = nullptr;                  // inflated_, if it keeps its beginning; else null
    std::vector<std::byte> window_;
    std::uint64_t base_ = 0;  // position of window_[0]
    std::size_t at_ = 0;
    std::size_t filled_ = 0;
    bool ended_ = false;
    std::string damage_;
    std::optional<ContentMarks> content_;
};

}  // namespace octroi::file
