// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/fields.hpp"

#include <gtest/gtest.h>

#include <string>

namespace octroi::logline {
namespace {

TEST(Fields, ACharacterIsFoundAtEachOffset) {
    for (std::size_t size = 0; size < 80; ++size) {
        // Octets that differ from a blank in one bit, or by one.
        std::string text(size, '!');
        for (std::size_t i = 0; i < size; ++i) text[i] = "!\x1f\xa0\x00\x21"[i % 5];
        EXPECT_EQ(find_near_char(text, ' '), std::string::npos);
        for (std::size_t at = 0; at < size; ++at) {
            std::string with = text;
            with[at] = ' ';
            EXPECT_EQ(find_near_char(with, ' '), at) << size;
            EXPECT_EQ(find_char(with, ' '), at) << size;
            EXPECT_EQ(find_char(with, ' ', at + 1), std::string::npos);
            with.back() = ' ';
            EXPECT_EQ(find_near_char(with, ' '), at) << size << ": the first one";
        }
    }
}

TEST(Fields, NumbersHaveABound) {
    Count count;
    EXPECT_EQ(parse_count("0", count), BadReason::none);
    EXPECT_EQ(count.value, 0U);
    EXPECT_EQ(parse_count("999999999999999999", count), BadReason::none);
    EXPECT_EQ(count.value, 999'999'999'999'999'999U);
    EXPECT_EQ(parse_count("9223372036854775807", count), BadReason::none);
    EXPECT_EQ(count.value, volume_max);
    EXPECT_EQ(parse_count("9223372036854775808", count), BadReason::over_limit);
    EXPECT_EQ(parse_count("18446744073709551616", count), BadReason::over_limit);
    EXPECT_EQ(parse_count("0000000000000000000000007", count), BadReason::none);
    EXPECT_EQ(count.value, 7U);
    for (const std::string_view text : {"", "-", "-1", "+1", "1a", "a", " 1", "1 ", "1.5"})
        EXPECT_EQ(parse_count(text, count), BadReason::number) << text;
    EXPECT_EQ(parse_count_or_dash("-", count), BadReason::none);
    EXPECT_EQ(count.value, 0U);
    EXPECT_TRUE(count.stated);
}

TEST(Fields, AddressesAreThoseOfBase) {
    for (const std::string_view text :
         {"0.0.0.0", "255.255.255.255", "1.2.3.4", "10.20.30.40", "192.0.2.199"})
        EXPECT_EQ(make_end(text).address, parse_address(text).value()) << text;
    for (const std::string_view text :
         {"", "1", "1.2.3", "1.2.3.", "1.2.3.4.", "1.2.3.4.5", ".1.2.3", "1..2.3", "256.1.1.1",
          "1.1.1.256", "1.1.1.1000", "01.2.3.4", "1.2.3.00", "1.2.3.4a", "a.b.c.d", "1,2,3,4"}) {
        const End end = make_end(text);
        EXPECT_EQ(end.address.family, Family::none) << text;
        EXPECT_EQ(end.text, text);
    }
}

TEST(Fields, APortIsCutOffANameOnly) {
    EXPECT_EQ(without_port("example.org:80"), "example.org");
    EXPECT_EQ(without_port("[2001:db8::1]:80"), "[2001:db8::1]");
    for (const std::string_view text :
         {"", ":", "80", "example.org", "example.org:", "example.org:a8", "2001:db8::1", "a:b:80"})
        EXPECT_EQ(without_port(text), text);
    EXPECT_EQ(without_port(":80"), "");
}

}  // namespace
}  // namespace octroi::logline
