// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/inflate.hpp"

#include <bzlib.h>
#include <gtest/gtest.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cstring>
#include <memory>
#include <string>

namespace octroi {
namespace {

class Memory final : public ByteSource {
public:
    explicit Memory(std::string octets) : octets_(std::move(octets)) {}
    Result<std::size_t> read(std::span<std::byte> into) override {
        const std::size_t count = std::min(into.size(), octets_.size() - at_);
        std::memcpy(into.data(), octets_.data() + at_, count);
        at_ += count;
        return count;
    }

private:
    std::string octets_;
    std::size_t at_ = 0;
};

std::string gzip(const std::string& plain) {
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    std::string packed(deflateBound(&stream, plain.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
    stream.avail_in = static_cast<uInt>(plain.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

std::string bzip2(std::string plain) {
    std::string packed(plain.size() * 2 + 1000, '\0');
    auto size = static_cast<unsigned>(packed.size());
    BZ2_bzBuffToBuffCompress(packed.data(), &size, plain.data(),
                             static_cast<unsigned>(plain.size()), 9, 0, 0);
    packed.resize(size);
    return packed;
}

std::string zstd(const std::string& plain) {
    std::string packed(ZSTD_compressBound(plain.size()), '\0');
    packed.resize(ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), 3));
    return packed;
}

std::string xz(const std::string& plain) {
    std::string packed(lzma_stream_buffer_bound(plain.size()), '\0');
    std::size_t size = 0;
    EXPECT_EQ(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, nullptr,
                                      reinterpret_cast<const std::uint8_t*>(plain.data()),
                                      plain.size(), reinterpret_cast<std::uint8_t*>(packed.data()),
                                      &size, packed.size()),
              LZMA_OK);
    packed.resize(size);
    return packed;
}

struct Outcome {
    std::string octets;
    std::string error;
};

Outcome unpack(std::string octets, std::size_t step) {
    Outcome outcome;
    auto source = inflate(std::make_unique<Memory>(std::move(octets)));
    if (!source) return {{}, source.error().text};
    std::vector<std::byte> block(step);
    for (;;) {
        const auto got = (*source)->read(block);
        if (!got) {
            outcome.error = got.error().text;
            return outcome;
        }
        if (*got == 0) return outcome;
        outcome.octets.append(reinterpret_cast<const char*>(block.data()), *got);
    }
}

std::string sample() {
    std::string text;
    for (int i = 0; i < 50'000; ++i) text += std::to_string(i * 7919) + (i % 3 == 0 ? "\n" : " ");
    return text;
}

TEST(Inflate, DecompressesEveryFormatInBlocksOfAnySize) {
    const std::string plain = sample();
    for (const std::size_t step : {1000UL, 65536UL, 1'000'000UL}) {
        EXPECT_EQ(unpack(plain, step).octets, plain);
        EXPECT_EQ(unpack(gzip(plain), step).octets, plain);
        EXPECT_EQ(unpack(bzip2(plain), step).octets, plain);
        EXPECT_EQ(unpack(zstd(plain), step).octets, plain);
        EXPECT_EQ(unpack(xz(plain), step).octets, plain);
    }
}

TEST(Inflate, ReadsConcatenatedAndPaddedStreams) {
    EXPECT_EQ(unpack(gzip("one ") + gzip("two") + std::string(512, '\0'), 100).octets, "one two");
    EXPECT_EQ(unpack(bzip2("one ") + bzip2("two"), 100).octets, "one two");
    EXPECT_EQ(unpack(zstd("one ") + zstd("two"), 100).octets, "one two");
    EXPECT_EQ(unpack(xz("one ") + xz("two"), 100).octets, "one two");
    EXPECT_EQ(unpack("", 100).octets, "");
    EXPECT_EQ(unpack("ab", 100).octets, "ab");
}

TEST(Inflate, ReturnsTheContentOfATruncatedStreamAndThenAnError) {
    const std::string plain = sample();
    for (const std::string& packed :
         {gzip(plain), bzip2(plain + plain + plain), zstd(plain), xz(plain)}) {
        const Outcome outcome = unpack(packed.substr(0, packed.size() * 9 / 10), 4096);
        EXPECT_EQ(outcome.error, "the compressed data is truncated");
        EXPECT_GT(outcome.octets.size(), plain.size() / 2);
        EXPECT_EQ((plain + plain + plain).substr(0, outcome.octets.size()), outcome.octets);
    }
    EXPECT_EQ(unpack(gzip("one") + "garbage", 100).error, "the compressed data is damaged");
    std::string flipped = xz(plain);
    flipped[flipped.size() / 2] = static_cast<char>(~flipped[flipped.size() / 2]);
    EXPECT_EQ(unpack(flipped, 4096).error, "the compressed data is damaged");
}

// "hello" without compression. dictionary: its size as the header of a block states it (section
// 5.3.1 of the format of .xz files).
std::string xz_with_dictionary(char dictionary) {
    using namespace std::string_literals;
    const auto with_crc = [](const std::string& octets) {
        const std::uint32_t crc =
            lzma_crc32(reinterpret_cast<const std::uint8_t*>(octets.data()), octets.size(), 0);
        std::string out = octets;
        for (unsigned i = 0; i < 4; ++i) out += static_cast<char>(crc >> (8 * i));
        return out;
    };
    return "\xfd"s + "7zXZ\0"s + with_crc("\0\0"s) +
           with_crc("\x02\0\x21\x01"s + dictionary + "\0\0\0"s) + "\x01\0\x04hello\0"s;
}

// A frame of zstd with "hello" in a raw block (RFC 8878 section 3.1.1). window: the exponent of its
// size, less 10.
std::string zstd_with_window(unsigned window) {
    using namespace std::string_literals;
    return "\x28\xb5\x2f\xfd\0"s + static_cast<char>(window << 3U) + "\x29\0\0hello"s;
}

// The memory for the dictionary is that of the file's word, up to 4 GiB.
TEST(Inflate, ADictionaryOfAnySizeIsNotAllocated) {
    const auto beginning = [](std::string packed) {
        const auto source = inflate(std::make_unique<Memory>(std::move(packed)));
        EXPECT_TRUE(source.has_value());
        std::array<std::byte, 5> plain{};
        const auto got = (*source)->read(plain);
        return got ? std::string(reinterpret_cast<const char*>(plain.data()), *got)
                   : std::string(got.error().code == ErrorCode::corrupt ? "refused" : "failed");
    };
    constexpr char smallest = 0;
    constexpr char largest = 40;  // 4 GiB - 1
    EXPECT_EQ(beginning(xz_with_dictionary(smallest)), "hello");
    EXPECT_EQ(beginning(xz_with_dictionary(largest)), "refused");
    EXPECT_EQ(beginning(zstd_with_window(0)), "hello");
    EXPECT_EQ(beginning(zstd_with_window(21)), "refused");
}

}  // namespace
}  // namespace octroi
