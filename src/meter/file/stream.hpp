// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The octets of a file (decompressed) as a window that moves forward. Keeps the last octets
// before its position, so that a position can be recognised later. Reads by read(2) and
// not by mmap: a file that is cut while it is read is an end, not a SIGBUS.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/byte_cursor.hpp"
#include "base/result.hpp"
#include "host/file.hpp"

namespace octroi::file {

using Digest = std::array<std::uint8_t, 16>;  // BLAKE2b, 128 bits
[[nodiscard]] Digest digest(ByteSpan octets);

class Stream {
public:
    // What is looked at to recognise a file: so many octets from its beginning, and so many before
    // a position.
    static constexpr std::size_t head_length = 64 * 1024;
    static constexpr std::size_t tail_length = 4 * 1024;

    // "-" is standard input. Compressed files are recognised by their content. Of what can be read
    // only once the first `keep` octets are kept, so that move_to can go back as long as no more
    // were read.
    [[nodiscard]] static Result<Stream> open(const std::string& path, std::size_t keep = 0);

    [[nodiscard]] std::uint64_t position() const noexcept { return base_ + at_; }
    [[nodiscard]] ByteSpan unread() const noexcept {
        return ByteSpan(window_).subspan(at_, filled_ - at_);
    }
    void consume(std::size_t octets) noexcept { at_ += octets; }
    // Makes unread() at least so long, or as long as the stream goes.
    [[nodiscard]] Status fill(std::size_t least);
    // unread() goes to the end of the stream, as far as fill() has seen.
    [[nodiscard]] bool ended() const noexcept { return ended_; }
    // A compressed file ended because it is damaged: what it says; else "".
    [[nodiscard]] const std::string& damage() const noexcept { return damage_; }

    // Moves to a position, also backwards. false: the stream ends before it. unsupported: it lies
    // behind in a stream that can be read once only, and was not kept.
    [[nodiscard]] Result<bool> move_to(std::uint64_t position);
    // Of the last tail_length octets before the position, or of all there are.
    [[nodiscard]] Digest tail() const;

    [[nodiscard]] const FileStatus& status() const noexcept { return status_; }
    // Whether the path can be opened again and is the same: no pipe.
    [[nodiscard]] bool reopens() const noexcept { return path_ != "-" && status_.regular; }

private:
    class Kept;
    Stream(std::string path, std::size_t keep);
    [[nodiscard]] Status open_source();
    void forget_window(std::uint64_t position) noexcept;

    std::string path_;
    std::size_t keep_;
    FileStatus status_;
    std::unique_ptr<File> plain_;           // either a file that can be sought in
    std::unique_ptr<ByteSource> inflated_;  // or something that can only be read on
    Kept* kept_ = nullptr;                  // inflated_, where it keeps its beginning
    std::vector<std::byte> window_;
    std::uint64_t base_ = 0;  // position of window_[0]
    std::size_t at_ = 0;
    std::size_t filled_ = 0;
    bool ended_ = false;
    std::string damage_;
};

}  // namespace octroi::file
