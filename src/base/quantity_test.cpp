// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/quantity.hpp"

#include <gtest/gtest.h>

#include "base/byte_cursor.hpp"
#include "base/id.hpp"
#include "base/narrow.hpp"

namespace octroi {
namespace {

TEST(Quantity, AddsAndAbortsOnOverflow) {
    EXPECT_EQ((Bytes(40) + Bytes(2)).value(), 42U);
    EXPECT_FALSE(checked_add(UINT64_MAX, 1).has_value());
    EXPECT_EQ(checked_add(UINT64_MAX, 0), UINT64_MAX);
    EXPECT_DEATH({ Bytes(UINT64_MAX) += Bytes(1); }, "internal error");
    EXPECT_DEATH({ [[maybe_unused]] auto d = Bytes(1) - Bytes(2); }, "internal error");
    EXPECT_DEATH({ [[maybe_unused]] auto n = narrow<std::uint8_t>(256); }, "internal error");
}

TEST(ByteCursor, ReadsWhatTheWriterWroteAndNothingMore) {
    ByteWriter writer;
    writer.u8(1);
    writer.be16(0x0203);
    writer.be32(0x04050607);
    writer.be64(0x08090a0b0c0d0e0fU);
    writer.text("octets");
    const std::string octets = writer.drain();
    EXPECT_TRUE(writer.octets().empty());
    ByteCursor cursor(as_octets(octets));
    std::uint8_t a = 0;
    std::uint16_t b = 0;
    std::uint32_t c = 0;
    std::uint64_t d = 0;
    std::string text;
    ASSERT_TRUE(cursor.u8(a) && cursor.be16(b) && cursor.be32(c) && cursor.be64(d) &&
                cursor.text(text));
    EXPECT_EQ(d, 0x08090a0b0c0d0e0fU);
    EXPECT_EQ(text, "octets");
    EXPECT_FALSE(cursor.u8(a));

    ByteCursor short_text(as_octets(octets).subspan(15, 7));
    EXPECT_FALSE(short_text.text(text));
    EXPECT_EQ(short_text.left(), 7U) << "a read that does not fit does not move";
}

TEST(Hex, HasTwoLowerCaseDigitsForEachOctet) {
    EXPECT_EQ(to_hex(std::string("\x00\xff\x1a", 3)), "00ff1a");
}

}  // namespace
}  // namespace octroi
