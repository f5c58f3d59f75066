// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/log_lines.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <vector>

#include "host/testing/folder.hpp"
#include "meter/log/options.hpp"
#include "wire/log/formats.hpp"

namespace octroi::logs {
namespace {

TEST(LogLines, HaveABound) {
    const octroi::testing::Folder folder;
    const std::string path = folder.file("log");
    const std::string longest(logline::line_octets_max, 'a');
    std::ofstream(path, std::ios::binary) << "\n"
                                          << longest << "\n"
                                          << longest << "b\nc\n"
                                          << std::string(5'000'000, 'd') << "\nlast";
    auto stream = file::Stream::open(path).value();
    LogLines lines(stream);
    std::vector<std::size_t> sizes;
    std::size_t too_long = 0;
    for (;;) {
        const auto line = lines.next().value();
        ASSERT_TRUE(line.has_value());
        too_long += line->is_too_long ? 1 : 0;
        sizes.push_back(line->text.size());
        if (line->has_end) continue;
        EXPECT_EQ(line->text, "last");
        break;
    }
    EXPECT_EQ(too_long, 2U);
    EXPECT_EQ(sizes, (std::vector<std::size_t>{0, longest.size(), 4096, 1, 4096, 4}));
}

// Both ways of reading give the same lines in the same order, and the stream ends at the same
// place.
TEST(LogLines, InTheWindowAreThoseOfNext) {
    const octroi::testing::Folder folder;
    const std::string path = folder.file("log");
    {
        std::ofstream out(path, std::ios::binary);
        for (int i = 0; i < 30'000; ++i)
            out << std::string(static_cast<std::size_t>(i % 300), 'a') << i << "\n";
        out << std::string(2 * logline::line_octets_max, 'b') << "\nlast\nopen";
    }
    auto one = file::Stream::open(path).value();
    auto other = file::Stream::open(path).value();
    one.hash_content({1, 2});
    other.hash_content({1, 2});
    LogLines by_next(one);
    LogLines in_window(other);
    std::uint64_t fast = 0;
    for (;;) {
        const auto expected = by_next.next().value();
        ASSERT_TRUE(expected.has_value());
        std::string_view line;
        if (in_window.next_in_window(line)) {
            ++fast;
            ASSERT_EQ(line, expected->text);
            if (fast % 1000 == 0) in_window.settle();
        } else {
            const auto slow = in_window.next().value();
            ASSERT_EQ(slow->text, expected->text);
            ASSERT_EQ(slow->has_end, expected->has_end);
            ASSERT_EQ(other.position(), one.position());
        }
        if (!expected->has_end) break;
    }
    EXPECT_GT(fast, 29'000U);
    EXPECT_EQ(other.content().digest(), one.content().digest());
}

TEST(LogOptions, NameAllFormats) {
    std::string names;
    for (const logline::Format& format : logline::formats())
        names += (names.empty() ? "" : "|") + std::string(format.name);
    EXPECT_EQ(format_option.range, names);
}

}  // namespace
}  // namespace octroi::logs
