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

TEST(LogOptions, NameAllFormats) {
    std::string names;
    for (const logline::Format& format : logline::formats())
        names += (names.empty() ? "" : "|") + std::string(format.name);
    EXPECT_EQ(format_option.range, names);
}

}  // namespace
}  // namespace octroi::logs
