// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/routes/prefix_list.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "wire/routes/route_reader.hpp"

namespace octroi {
namespace {

struct Read {
    RouteBatch batch;
    RouteReader reader;
};

Read read(std::string_view text, std::size_t block = 1 << 20) {
    Read r;
    for (std::size_t at = 0; at < text.size(); at += block)
        r.reader.feed(as_octets(text.substr(at, block)), r.batch);
    r.reader.finish(r.batch);
    return r;
}

std::string show(const RouteBatch& batch) {
    std::string text;
    for (const Route& route : batch.routes) {
        text += to_string(route.prefix);
        for (const std::uint32_t as : batch.origins_of(route)) text += fmt::format(" {}", as);
        if (route.label_size > 0) text += fmt::format(" '{}'", batch.label_of(route));
        text += '\n';
    }
    return text;
}

constexpr std::string_view sample =
    "; routing table\n"
    "# another remark\r\n"
    "\n"
    "10.0.0.0/8\tmirror\n"
    "192.0.2.1, 7575   # an address\r\n"
    "  2001:db8::/32 , international\n"
    "198.51.100.0/24 AS64500\n"
    "203.0.113.0/24 {64502, 64501,64502}\n"
    "203.0.113.0/25\n"
    "0.0.0.0/0 rest";

constexpr std::string_view sample_shown =
    "10.0.0.0/8 'mirror'\n192.0.2.1/32 7575\n2001:db8::/32 'international'\n198.51.100.0/24 64500\n"
    "203.0.113.0/24 64501 64502\n203.0.113.0/25\n0.0.0.0/0 'rest'\n";

TEST(PrefixList, ReadsColumnsCommentsAndLineEnds) {
    const Read r = read(sample);
    EXPECT_EQ(show(r.batch), sample_shown);
    EXPECT_EQ(r.reader.format(), RouteFormat::list);
    EXPECT_EQ(r.batch.routes.front().line, 4U);
    EXPECT_EQ(r.batch.routes.back().line, 10U);
    EXPECT_EQ(r.reader.counts().records, 10U);
    EXPECT_EQ(r.reader.counts().ignored, 3U);
    EXPECT_EQ(r.reader.counts().malformed, 0U);
}

TEST(PrefixList, DoesNotDependOnBlocks) {
    for (std::size_t block = 1; block < sample.size(); ++block)
        ASSERT_EQ(show(read(sample, block).batch), sample_shown);
}

TEST(PrefixList, NumbersInvalidLinesAndReadsTheRest) {
    const Read r = read(
        "10.0.0.0/8 a\n"
        "10.0.0.1/8 b\n"
        "10.0.0.0/33 c\n"
        "nonsense\n"
        "11.0.0.0/8 d e\n"
        "12.0.0.0/8 {1,x}\n"
        "13.0.0.0/8 (f)\n"
        "14.0.0.0/8 99999999999\n"
        "15.0.0.0/8 {7\n"
        "16.0.0.0/8 g\n");
    // A number that is not a valid AS number is a label.
    EXPECT_EQ(show(r.batch), "10.0.0.0/8 'a'\n14.0.0.0/8 '99999999999'\n16.0.0.0/8 'g'\n");
    EXPECT_EQ(r.reader.counts().malformed, 7U);
    ASSERT_EQ(r.reader.errors().size(), 7U);
    EXPECT_EQ(r.reader.errors()[0].place, 2U);
    EXPECT_NE(r.reader.errors()[0].text.find("did you mean 10.0.0.0/8"), std::string::npos);
    EXPECT_EQ(r.reader.errors()[6].place, 9U);
    EXPECT_FALSE(r.reader.not_a_table());
}

TEST(PrefixList, ATooLongLineIsOneError) {
    const std::string text = "10.0.0.0/8 a\n" + std::string(20'000, 'x') + "\n11.0.0.0/8 b\n" +
                             std::string(prefix_line_max + 1, ' ') + "\n12.0.0.0/8 c\n" +
                             std::string(9'000, 'y');
    for (const std::size_t block : {std::size_t{1000}, std::size_t{7}, std::size_t{1} << 20U}) {
        const Read r = read(text, block);
        EXPECT_EQ(show(r.batch), "10.0.0.0/8 'a'\n11.0.0.0/8 'b'\n12.0.0.0/8 'c'\n");
        EXPECT_EQ(r.reader.counts().malformed, 3U);
        EXPECT_EQ(r.reader.counts().records, 6U);
    }
}

TEST(PrefixList, KeepsSomeErrorsAndCountsAll) {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "wrong\n";
    const Read r = read(text);
    EXPECT_EQ(r.reader.counts().malformed, 1000U);
    EXPECT_EQ(r.reader.errors().size(), RouteReader::errors_max);
    EXPECT_TRUE(r.reader.not_a_table());
    EXPECT_TRUE(read("").reader.not_a_table());
    EXPECT_FALSE(read("# nothing free\n").reader.not_a_table());
}

}  // namespace
}  // namespace octroi
