// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/value.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "config/size.hpp"
#include "config/suggest.hpp"

namespace octroi {
namespace {

using testing::ElementsAre;

TEST(Size, HasAWholeNumberAndAUnit) {
    EXPECT_EQ(parse_size("64 MiB").value(), Bytes(67'108'864));
    EXPECT_EQ(parse_size("1kB").value(), Bytes(1'000));
    EXPECT_EQ(parse_size("0 B").value(), Bytes(0));
    EXPECT_EQ(parse_size("16777215 TiB").value(), Bytes(16'777'215ULL << 40U));
    for (const char* wrong : {"", "64", "MiB", "1.5 MiB", "-1 B", "1  B", "1 mib", "1 B ",
                              "16777216 TiB", "99999999999999999999 B"}) {
        EXPECT_FALSE(parse_size(wrong).has_value()) << wrong;
    }
}

TEST(Range, IncludesItsEnds) {
    const Option option{.section = "s",
                        .key = "k",
                        .type = OptionType::duration,
                        .default_text = "\"1m\"",
                        .range = "1s..1h",
                        .help = "h"};
    EXPECT_TRUE(check_range(option, Duration::seconds(1)).has_value());
    EXPECT_TRUE(check_range(option, Duration::hours(1)).has_value());
    EXPECT_FALSE(check_range(option, Duration::milliseconds(999)).has_value());
    EXPECT_FALSE(check_range(option, Duration{Duration::hours(1).ns + 1}).has_value());
}

TEST(Choices, AreDividedByBars) {
    Option option{.section = "s",
                  .key = "k",
                  .type = OptionType::choice,
                  .default_text = "",
                  .range = "a|bc",
                  .help = "h"};
    EXPECT_THAT(choices(option), ElementsAre("a", "bc"));
    option.range = "a";
    EXPECT_THAT(choices(option), ElementsAre("a"));
}

TEST(EditDistance, CountsTypingErrors) {
    EXPECT_EQ(edit_distance("", "abc"), 3U);
    EXPECT_EQ(edit_distance("ring_size", "ring_sise"), 1U);
    EXPECT_EQ(edit_distance("snap-length", "Snap_Length"), 0U);
    EXPECT_EQ(edit_distance("path", "ptah"), 1U);
    EXPECT_EQ(edit_distance("local", "role"), 4U);
}

TEST(Suggestion, NamesTheNearestOrAll) {
    constexpr std::array<std::string_view, 3> known = {"path", "role", "local"};
    EXPECT_EQ(suggestion("pth", known), "; did you mean path?");
    EXPECT_EQ(suggestion("colour", known), "; known are: path, role, local");
    EXPECT_EQ(suggestion("x", {}), "");
    EXPECT_EQ(suggestion(std::string(100'000, 'x'), known), "; known are: path, role, local");
}

}  // namespace
}  // namespace octroi
