// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/capture_stream.hpp"

#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "base/check.hpp"
#include "host/inflate.hpp"
#include "wire/pcap/reader.hpp"

namespace octroi::capture {
namespace {

// One read(2). Fits the second-level cache, so that decoding finds it there.
constexpr std::size_t block = 256 * 1024;
constexpr std::size_t window_length = CaptureStream::tail_length + pcap::max_needed + block;

// The first octet of every capture file: pcap of both byte orders and resolutions, pcapng. No
// compressed format begins so.
[[nodiscard]] bool begins_plain(ByteSpan octets) {
    if (octets.size() < 4) return true;
    const std::uint32_t magic = load_be32(octets.data());
    return magic == 0xa1b2c3d4U || magic == 0xd4c3b2a1U || magic == 0xa1b23c4dU ||
           magic == 0x4d3cb2a1U || magic == 0xa1b2cd34U || magic == 0x34cdb2a1U ||
           magic == 0x0a0d0d0aU;
}

}  // namespace

Digest digest(ByteSpan octets) {
    Digest out;
    CHECK(sodium_init() >= 0);
    const void* const begin = octets.data();
    CHECK(crypto_generichash(out.data(), out.size(), static_cast<const unsigned char*>(begin),
                             octets.size(), nullptr, 0) == 0);
    return out;
}

CaptureStream::CaptureStream(std::string path) : path_(std::move(path)), window_(window_length) {}

Result<CaptureStream> CaptureStream::open(const std::string& path) {
    CaptureStream stream(path);
    TRY(stream.open_source());
    return stream;
}

Status CaptureStream::open_source() {
    TRY_ASSIGN(auto file, File::open(path_));
    TRY_ASSIGN(status_, file->status());
    plain_.reset();
    inflated_.reset();
    forget_window(0);
    if (status_.regular && path_ != "-") {
        std::array<std::byte, 4> magic{};
        TRY_ASSIGN(const std::size_t got, file->read(magic));
        TRY(file->seek(0));
        if (begins_plain(std::span(magic).first(got))) {
            plain_ = std::move(file);
            return {};
        }
    }
    TRY_ASSIGN(inflated_, inflate(std::move(file)));
    return {};
}

void CaptureStream::forget_window(std::uint64_t position) noexcept {
    base_ = position;
    at_ = 0;
    filled_ = 0;
    ended_ = false;
    damage_.clear();
}

Status CaptureStream::fill(std::size_t least) {
    least = std::min(least, pcap::max_needed);
    if (filled_ - at_ >= least || ended_) return {};
    // Move what is still needed to the front: the octets before the position, and the unread ones.
    const std::size_t keep = at_ - std::min(at_, tail_length);
    if (keep > 0) {
        std::memmove(window_.data(), window_.data() + keep, filled_ - keep);
        base_ += keep;
        at_ -= keep;
        filled_ -= keep;
    }
    while (!ended_ && filled_ - at_ < least) {
        const auto room =
            std::span(window_).subspan(filled_, std::min(block, window_.size() - filled_));
        auto got = plain_ ? plain_->read(room) : inflated_->read(room);
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

Result<bool> CaptureStream::move_to(std::uint64_t target) {
    const std::uint64_t tail_begin = target - std::min<std::uint64_t>(target, tail_length);
    if (tail_begin < base_ || (plain_ && target > base_ + filled_)) {
        if (plain_) {
            TRY(plain_->seek(tail_begin));
            forget_window(tail_begin);
        } else if (path_ != "-" && status_.regular) {
            TRY(open_source());
        } else {
            return fail(ErrorCode::unsupported,
                        "a stream that can be read only once cannot go back");
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

Digest CaptureStream::tail() const {
    const std::size_t length = std::min(at_, tail_length);
    return digest(ByteSpan(window_).subspan(at_ - length, length));
}

}  // namespace octroi::capture
