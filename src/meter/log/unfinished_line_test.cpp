// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/unfinished_line.hpp"

#include <gtest/gtest.h>

#include <string>

#include "wire/log/formats.hpp"

namespace octroi::logs {
namespace {

struct ReadText {
    UnfinishedRead read;
    std::string domain;
    std::uint64_t out = 0;
};

ReadText unfinished(const std::string& pattern, const std::string& text) {
    auto reader = logline::open_reader("apache", {.pattern = pattern}).value();
    logline::Entry entry;
    ReadText read{.read = read_unfinished(*reader, text, entry), .domain = {}};
    read.domain = entry.domain;
    read.out = entry.out.value;
    return read;
}

const std::string begin = "192.0.2.1 - - [01/May/2024:12:00:01 +0000] \"GET / HTTP/1.1\" 200 ";

// "example.com" of which the server has written a part.
TEST(UnfinishedLine, ANameAtTheEndMayGoOn) {
    const std::string pattern = R"(%h %l %u %t "%r" %>s %b %v)";
    const ReadText part = unfinished(pattern, begin + "1234 exam");
    EXPECT_EQ(part.read.result.kind, logline::LineKind::traffic);
    EXPECT_TRUE(part.read.has_doubtful_name);
    EXPECT_FALSE(part.read.has_doubtful_volume);
    const ReadText no_name = unfinished(pattern, begin + "1234");
    EXPECT_EQ(no_name.read.result.kind, logline::LineKind::bad);
}

TEST(UnfinishedLine, AVolumeAtTheEndIsALowerBound) {
    const ReadText part = unfinished(R"(%h %l %u %t "%r" %>s %b)", begin + "1234");
    EXPECT_EQ(part.read.result.kind, logline::LineKind::traffic);
    EXPECT_FALSE(part.read.has_doubtful_name);
    EXPECT_TRUE(part.read.has_doubtful_volume);
    EXPECT_EQ(part.out, 1234U) << "the entry is that of the line itself";
}

TEST(UnfinishedLine, WhatStandsBehindANameEndsIt) {
    const ReadText part = unfinished(R"(%h %l %u %t "%r" %>s %b %v "%{User-Agent}i")",
                                     begin + "1234 example.com \"curl\"");
    EXPECT_EQ(part.read.result.kind, logline::LineKind::traffic);
    EXPECT_FALSE(part.read.has_doubtful_name);
    EXPECT_FALSE(part.read.has_doubtful_volume);
    EXPECT_EQ(part.domain, "example.com");
}

TEST(UnfinishedLine, TheReaderRemembersTheLineOnce) {
    const auto fresh = logline::open_reader("postfix", {}).value();
    const auto other = logline::open_reader("postfix", {}).value();
    logline::Entry entry;
    const std::string text =
        "May  1 12:00:00 mx postfix/qmgr[7]: 3C8E5A0B1D: from=<a@example.org>, size=1477, nrcpt=1";
    static_cast<void>(fresh->read(text, entry));
    static_cast<void>(read_unfinished(*other, text, entry));
    EXPECT_EQ(other->save(), fresh->save());
}

}  // namespace
}  // namespace octroi::logs
