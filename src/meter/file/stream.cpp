// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/file/stream.hpp"

#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "base/check.hpp"
#include "host/inflate.hpp"
#include "wire/pcap/reader.hpp"

namespace octroi::file {
namespace {

// The size of one read(2): it fits the second-level cache, so that decoding finds it there.
constexpr std::size_t block = 256 * 1024;
constexpr std::size_t window_length = Stream::tail_length + pcap::max_needed + block;

}  // namespace

Digest digest(ByteSpan octets) {
    Digest out;
    CHECK(sodium_init() >= 0);
    const void* const begin = octets.data();
    CHECK(crypto_generichash(out.data(), out.size(), static_cast<const unsigned char*>(begin),
                             octets.size(), nullptr, 0) == 0);
    return out;
}

// Keeps the octets that it has given, until they are more than `most`.
class Stream::Kept final : public ByteSource {
public:
    Kept(std::unique_ptr<ByteSource> source, std::size_t most)
        : source_(std::move(source)), most_(most) {}

    Result<std::size_t> read(std::span<std::byte> into) override {
        if (at_ < octets_.size()) {
            const std::size_t count = std::min(into.size(), octets_.size() - at_);
            std::memcpy(into.data(), octets_.data() + at_, count);
            at_ += count;
            return count;
        }
        TRY_ASSIGN(const std::size_t got, source_->read(into));
        if (got > most_ - octets_.size()) {
            octets_ = {};
            at_ = most_ = 0;
            overflowed_ = true;
        }
        if (overflowed_) return got;
        octets_.insert(octets_.end(), into.begin(),
                       into.begin() + static_cast<std::ptrdiff_t>(got));
        at_ = octets_.size();
        return got;
    }
    [[nodiscard]] bool rewind() noexcept {
        at_ = 0;
        return !overflowed_;
    }

private:
    std::unique_ptr<ByteSource> source_;
    std::size_t most_;
    std::vector<std::byte> octets_;
    std::size_t at_ = 0;
    bool overflowed_ = false;
};

Stream::Stream(std::string path, std::size_t keep)
    : path_(std::move(path)), keep_(keep), window_(window_length) {}

Result<Stream> Stream::open(const std::string& path, std::size_t keep) {
    Stream stream(path, keep);
    TRY(stream.open_source());
    return stream;
}

Result<Stream> Stream::open_regular(const std::string& path) {
    Stream stream(path, 0);
    stream.is_regular_only_ = true;
    TRY(stream.open_source());
    return stream;
}

Status Stream::open_source() {
    TRY_ASSIGN(auto file, is_regular_only_ ? File::open_regular(path_) : File::open(path_));
    TRY_ASSIGN(status_, file->status());
    plain_.reset();
    inflated_.reset();
    clear_window(0);
    // Others are read without the layer for compressed files: it would copy every octet, and could
    // not seek.
    if (reopens()) {
        std::array<std::byte, compressed_magic_octets> magic{};
        TRY_ASSIGN(const std::size_t got, file->read(magic));
        TRY(file->seek(0));
        if (!is_compressed(std::span(magic).first(got))) {
            plain_ = std::move(file);
            return {};
        }
    }
    TRY_ASSIGN(inflated_, inflate(std::move(file)));
    if (keep_ == 0 || reopens()) return {};
    auto kept = std::make_unique<Kept>(std::move(inflated_), keep_);
    kept_ = kept.get();
    inflated_ = std::move(kept);
    return {};
}

Status Stream::read_plain(std::unique_ptr<File> file) {
    TRY_ASSIGN(status_, file->status());
    TRY(file->seek(0));
    plain_ = std::move(file);
    inflated_.reset();
    kept_ = nullptr;
    content_.reset();
    clear_window(0);
    return {};
}

void Stream::clear_window(std::uint64_t position) noexcept {
    base_ = position;
    at_ = 0;
    filled_ = 0;
    ended_ = false;
    damage_.clear();
}

Status Stream::fill(std::size_t least) {
    least = std::min(least, pcap::max_needed);
    if (filled_ - at_ >= least || ended_) return {};
    // Move the octets that are still needed to the front: the tail before the position, and the
    // unread ones.
    const std::size_t keep = at_ - std::min(at_, tail_length);
    if (keep > 0) {
        std::memmove(window_.data(), window_.data() + keep, filled_ - keep);
        base_ += keep;
        at_ -= keep;
        filled_ -= keep;
    }
    while (!ended_ && filled_ - at_ < least) {
        const auto free =
            std::span(window_).subspan(filled_, std::min(block, window_.size() - filled_));
        auto got = plain_ ? plain_->read(free) : inflated_->read(free);
        // Damaged compressed data ends the stream. The octets before it count.
        if (!got.has_value() && got.error().code == ErrorCode::corrupt) {
            damage_ = got.error().text;
            got = 0;
        }
        if (!got.has_value()) return std::unexpected(std::move(got.error()));
        filled_ += *got;
        ended_ = *got == 0;
    }
    return {};
}

Result<bool> Stream::move_to(std::uint64_t target) {
    if (target == 0 && content_) content_.emplace(ContentMarks::Key(content_->key()));
    // The window must contain the tail before the target, for its digest.
    const std::uint64_t tail_begin = target - std::min<std::uint64_t>(target, tail_length);
    if (tail_begin < base_ || (plain_ && target > base_ + filled_)) {
        if (plain_) {
            TRY(plain_->seek(tail_begin));
            clear_window(tail_begin);
        } else if (reopens()) {
            TRY(open_source());
        } else if (kept_ != nullptr && kept_->rewind()) {
            clear_window(0);
        } else {
            return fail(ErrorCode::unsupported,
                        "the input is a pipe and cannot be read again from an earlier place; next: "
                        "give a file");
        }
    }
    if (target < base_ + at_) at_ = static_cast<std::size_t>(std::max(target, base_) - base_);
    while (position() < target) {
        TRY(fill(1));
        const std::uint64_t step = std::min<std::uint64_t>(target - position(), filled_ - at_);
        if (step == 0) return false;
        consume(static_cast<std::size_t>(step));
    }
    return true;
}

Digest Stream::tail() const {
    const std::size_t length = std::min(at_, tail_length);
    return digest(ByteSpan(window_).subspan(at_ - length, length));
}

}  // namespace octroi::file
