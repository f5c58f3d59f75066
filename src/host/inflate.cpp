// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/inflate.hpp"

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "base/byte_cursor.hpp"
#include "base/check.hpp"

namespace octroi {
namespace {

// Compressed octets that are read at once. Larger blocks are not faster; smaller ones cost system
// calls.
constexpr std::size_t input_block = 256 * 1024;

enum class Step { going, stream_end, damaged };
// One compressed format.
class Codec {
public:
    virtual ~Codec() = default;
    // Decompresses from `in` to `out`. Removes from both spans the octets that were used.
    virtual Step step(ByteSpan& in, std::span<std::byte>& out) = 0;
    // Prepares for another stream after one that ended.
    virtual void restart() = 0;
};

class GzipCodec final : public Codec {
public:
    // 15: the largest window; + 16: a gzip header, not a zlib header (zlib.h, inflateInit2).
    GzipCodec() { CHECK(inflateInit2(&stream_, 15 + 16) == Z_OK); }
    ~GzipCodec() override { inflateEnd(&stream_); }
    Step step(ByteSpan& in, std::span<std::byte>& out) override {
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data()));
        stream_.avail_in = static_cast<uInt>(in.size());
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = static_cast<uInt>(out.size());
        const int code = ::inflate(&stream_, Z_NO_FLUSH);
        in = in.last(stream_.avail_in);
        out = out.last(stream_.avail_out);
        if (code == Z_STREAM_END) return Step::stream_end;
        // Z_BUF_ERROR: no progress without more input or output. It is not damage.
        return code == Z_OK || code == Z_BUF_ERROR ? Step::going : Step::damaged;
    }
    void restart() override { CHECK(inflateReset(&stream_) == Z_OK); }

private:
    z_stream stream_{};
};

class Bzip2Codec final : public Codec {
public:
    Bzip2Codec() { CHECK(BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK); }
    ~Bzip2Codec() override { BZ2_bzDecompressEnd(&stream_); }
    Step step(ByteSpan& in, std::span<std::byte>& out) override {
        stream_.next_in = reinterpret_cast<char*>(const_cast<std::byte*>(in.data()));
        stream_.avail_in = static_cast<unsigned>(in.size());
        stream_.next_out = reinterpret_cast<char*>(out.data());
        stream_.avail_out = static_cast<unsigned>(out.size());
        const int code = BZ2_bzDecompress(&stream_);
        in = in.last(stream_.avail_in);
        out = out.last(stream_.avail_out);
        if (code == BZ_STREAM_END) return Step::stream_end;
        return code == BZ_OK ? Step::going : Step::damaged;
    }
    // libbz2 has no reset.
    void restart() override {
        BZ2_bzDecompressEnd(&stream_);
        stream_ = {};
        CHECK(BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK);
    }

private:
    bz_stream stream_{};
};

class ZstdCodec final : public Codec {
public:
    ZstdCodec() : stream_(ZSTD_createDStream()) { CHECK(stream_ != nullptr); }
    ~ZstdCodec() override { ZSTD_freeDStream(stream_); }
    Step step(ByteSpan& in, std::span<std::byte>& out) override {
        ZSTD_inBuffer input{in.data(), in.size(), 0};
        ZSTD_outBuffer output{out.data(), out.size(), 0};
        const std::size_t code = ZSTD_decompressStream(stream_, &output, &input);
        in = in.subspan(input.pos);
        out = out.subspan(output.pos);
        if (ZSTD_isError(code) != 0) return Step::damaged;
        return code == 0 ? Step::stream_end : Step::going;
    }
    void restart() override { ZSTD_DCtx_reset(stream_, ZSTD_reset_session_only); }

private:
    ZSTD_DStream* stream_;
};

class XzCodec final : public Codec {
public:
    XzCodec() { start(); }
    ~XzCodec() override { lzma_end(&stream_); }
    Step step(ByteSpan& in, std::span<std::byte>& out) override {
        stream_.next_in = reinterpret_cast<const std::uint8_t*>(in.data());
        stream_.avail_in = in.size();
        stream_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
        stream_.avail_out = out.size();
        const lzma_ret code = lzma_code(&stream_, LZMA_RUN);
        in = in.last(stream_.avail_in);
        out = out.last(stream_.avail_out);
        if (code == LZMA_STREAM_END) return Step::stream_end;
        // LZMA_BUF_ERROR: no progress without more input or output. It is not damage.
        return code == LZMA_OK || code == LZMA_BUF_ERROR ? Step::going : Step::damaged;
    }
    void restart() override { start(); }

private:
    // The file says how large its dictionary is, up to 4 GiB. `xz -9` makes 64 MiB.
    static constexpr std::uint64_t memory_max = std::uint64_t{128} << 20U;
    void start() { CHECK(lzma_stream_decoder(&stream_, memory_max, 0) == LZMA_OK); }

    lzma_stream stream_ = LZMA_STREAM_INIT;
};

// The magic numbers: RFC 1952 section 2.3.1 (with the method "deflate"), bzip2, RFC 8878
// section 3.1.1, and section 2.1.1.1 of the format of .xz files.
enum class Compression { none, gzip, bzip2, zstd, xz };
Compression compression_of(ByteSpan head) {
    const auto begins = [head](std::initializer_list<unsigned> magic) {
        return head.size() >= magic.size() &&
               std::equal(magic.begin(), magic.end(), head.begin(),
                          [](unsigned want, std::byte have) {
                              return want == std::to_integer<unsigned>(have);
                          });
    };
    if (begins({0x1f, 0x8b, 8})) return Compression::gzip;
    if (begins({'B', 'Z', 'h'})) return Compression::bzip2;
    if (begins({0x28, 0xb5, 0x2f, 0xfd})) return Compression::zstd;
    if (begins({0xfd, '7', 'z', 'X', 'Z', 0})) return Compression::xz;
    return Compression::none;
}

std::unique_ptr<Codec> codec_for(ByteSpan head) {
    switch (compression_of(head)) {
        case Compression::gzip:
            return std::make_unique<GzipCodec>();
        case Compression::bzip2:
            return std::make_unique<Bzip2Codec>();
        case Compression::zstd:
            return std::make_unique<ZstdCodec>();
        case Compression::xz:
            return std::make_unique<XzCodec>();
        case Compression::none:
            break;
    }
    return nullptr;
}

// Returns the octets that were read to recognise the format, then the rest of the source.
class Rewound final : public ByteSource {
public:
    Rewound(std::vector<std::byte> head, std::unique_ptr<ByteSource> rest)
        : head_(std::move(head)), rest_(std::move(rest)) {}
    Result<std::size_t> read(std::span<std::byte> into) override {
        const std::size_t from_head = std::min(into.size(), head_.size() - at_);
        std::copy_n(head_.begin() + static_cast<std::ptrdiff_t>(at_), from_head, into.begin());
        at_ += from_head;
        if (from_head == into.size()) return from_head;
        TRY_ASSIGN(const std::size_t more, rest_->read(into.subspan(from_head)));
        return from_head + more;
    }

private:
    std::vector<std::byte> head_;
    std::size_t at_ = 0;
    std::unique_ptr<ByteSource> rest_;
};

class Inflater final : public ByteSource {
public:
    Inflater(std::unique_ptr<ByteSource> source, std::unique_ptr<Codec> codec)
        : source_(std::move(source)), codec_(std::move(codec)), block_(input_block) {}

    Result<std::size_t> read(std::span<std::byte> into) override {
        std::span<std::byte> left = into;
        while (!left.empty() && !ended_) {
            if (in_.empty()) {
                TRY_ASSIGN(const std::size_t got, source_->read(block_));
                in_ = ByteSpan(block_).first(got);
                if (got == 0) {
                    end(between_streams_ ? nullptr : "the compressed data is truncated");
                    break;
                }
            }
            decode_some(left);
        }
        const std::size_t given = into.size() - left.size();
        // Octets that were decompressed before the damage are returned first; the next call returns
        // the error.
        if (given == 0 && damage_ != nullptr) return fail(ErrorCode::corrupt, damage_);
        return given;
    }

private:
    void decode_some(std::span<std::byte>& left) {
        if (between_streams_) {
            // Zero octets after a stream are padding, as tape and block devices add it. Other
            // octets are another stream.
            while (!in_.empty() && in_.front() == std::byte{0}) in_ = in_.subspan(1);
            if (in_.empty()) return;
            codec_->restart();
            between_streams_ = false;
        }
        const Step step = codec_->step(in_, left);
        if (step == Step::damaged) end("the compressed data is damaged");
        between_streams_ = step == Step::stream_end;
    }
    void end(const char* damage) {
        ended_ = true;
        damage_ = damage;
    }

    std::unique_ptr<ByteSource> source_;
    std::unique_ptr<Codec> codec_;
    std::vector<std::byte> block_;
    ByteSpan in_;
    bool between_streams_ = false;
    bool ended_ = false;
    const char* damage_ = nullptr;
};

}  // namespace

bool is_compressed(ByteSpan head) { return compression_of(head) != Compression::none; }

Result<std::unique_ptr<ByteSource>> inflate(std::unique_ptr<ByteSource> source) {
    std::vector<std::byte> head(compressed_magic_octets);
    TRY_ASSIGN(const std::size_t got, source->read(head));
    head.resize(got);
    auto codec = codec_for(head);
    std::unique_ptr<ByteSource> rewound =
        std::make_unique<Rewound>(std::move(head), std::move(source));
    if (codec == nullptr) return rewound;
    return std::unique_ptr<ByteSource>(
        std::make_unique<Inflater>(std::move(rewound), std::move(codec)));
}

}  // namespace octroi
