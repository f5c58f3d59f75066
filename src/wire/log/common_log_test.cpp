// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/common_log.hpp"

#include <gtest/gtest.h>

#include "wire/log/testing/read_lines.hpp"

namespace octroi::logline {
namespace {

using testing::Lines;

// A text that may contain NUL.
template <std::size_t size>
std::string octets(const char (&text)[size]) {
    return {text, size - 1};
}

TEST(CommonLog, HasClientUserTimeStatusAndOctets) {
    Lines lines("clf");
    EXPECT_EQ(
        lines.read(R"(192.0.2.1 id ann [29/May/2017:19:02:48 +0200] "GET / HTTP/1.1" 200 612)"),
        "2017-05-29T17:02:48Z peer=192.0.2.1 user=ann ident=id out=612 status=200 service=http");
    EXPECT_EQ(lines.read("::1 - - [26/Dec/2016:16:16:48 +0000] \"-\" 408 -\r"),
              "2016-12-26T16:16:48Z peer=::1 out=0 status=408 service=http");
    // A request may be empty or no request.
    EXPECT_EQ(lines.read(R"(unix: - - [26/Feb/2019:15:39:42 +0100] "" 400 173 "-" "-")"),
              "2019-02-26T14:39:42Z peer=unix: out=173 status=400 service=http");
}

TEST(CommonLog, ReadsWhatBeginsLikeItWhateverFollows) {
    Lines lines("combined");
    EXPECT_EQ(lines.read(R"(h - - [29/May/2017:19:02:48 +0000] "GET / HTTP/1.1" 200 6 "-" "a " 9)"),
              "2017-05-29T19:02:48Z peer=h out=6 status=200 service=http");
}

TEST(CommonLog, SuccessiveLinesHaveTheirOwnTimes) {
    Lines lines("clf");
    const auto at = [&](std::string_view time) {
        return lines.read("h - - [" + std::string(time) + "] \"-\" 200 1").substr(0, 20);
    };
    EXPECT_EQ(at("31/Dec/2019:23:59:59 +0000"), "2019-12-31T23:59:59Z");
    EXPECT_EQ(at("31/Dec/2019:00:00:00 +0000"), "2019-12-31T00:00:00Z");
    EXPECT_EQ(at("31/Dec/2019:20:30:00 -0330"), "2020-01-01T00:00:00Z");
    EXPECT_EQ(at("01/Jan/2020:00:00:01 +0000"), "2020-01-01T00:00:01Z");
    EXPECT_EQ(at("01/Jan/1960:01:00:01 +0000"), "1960-01-01T01:00:01Z");
    EXPECT_EQ(at("01/Jan/1960:02:00:01 +0000"), "1960-01-01T02:00:01Z");
    EXPECT_EQ(at("01/Jan/1960:24:00:01 +0000"), "bad: the time stamp ");
    EXPECT_EQ(at("30/Feb/2020:00:00:01 +0000"), "bad: the time stamp ");
}

TEST(CommonLog, HasTheVirtualHostWithoutItsPort) {
    Lines lines("vhost-combined");
    const std::string rest =
        R"( 192.0.2.1 - - [29/May/2017:19:02:48 +0000] "GET / HTTP/1.1" 200 612 "-" "x")";
    EXPECT_EQ(lines.read("example.com:80" + rest),
              "2017-05-29T19:02:48Z peer=192.0.2.1 server=:80 domain=example.com out=612 "
              "status=200 service=http");
    EXPECT_EQ(lines.read("example.com" + rest),
              "2017-05-29T19:02:48Z peer=192.0.2.1 domain=example.com out=612 status=200 "
              "service=http");
    EXPECT_EQ(lines.read("[2001:db8::1]:443" + rest).substr(21, 54),
              "peer=192.0.2.1 server=:443 domain=[2001:db8::1] out=61");
}

TEST(CommonLog, ANameOfAUserThatImitatesALineChangesNothing) {
    Lines lines("clf");
    // Apache writes the quote of a user name as \".
    EXPECT_EQ(
        lines.read(R"(192.0.2.1 - x [01/Jan/2000:00:00:00 +0000] \"GET\" 200 999 )"
                   R"([29/May/2017:19:02:48 +0000] "GET / HTTP/1.1" 401 5)"),
        R"(2017-05-29T19:02:48Z peer=192.0.2.1 user=x [01/Jan/2000:00:00:00 +0000] \"GET\" 200 )"
        "999 out=5 status=401 service=http user?");
}

TEST(CommonLog, BracketsInANameAreNoTime) {
    Lines lines("clf");
    const std::string end = R"( [29/May/2017:19:02:48 +0000] "GET / HTTP/1.1" 200 6)";
    for (const std::string user : {"a[b", "[", "[29/May/2017", "[01/Jan/2001:00:00:00 +0000]"})
        EXPECT_EQ(
            lines.read("192.0.2.1 - " + user + end),
            "2017-05-29T19:02:48Z peer=192.0.2.1 user=" + user + " out=6 status=200 service=http");
    // A time of another length, and one with a bracket in front.
    EXPECT_EQ(lines.read(R"(h - - [1/May/2017:19:02:48 +0000] "-" 200 6)"),
              "2017-05-01T19:02:48Z peer=h out=6 status=200 service=http");
    EXPECT_EQ(lines.read(R"(h - - [[29/May/2017:19:02:48 +0000] "-" 200 6)").substr(0, 4), "bad:");
    EXPECT_EQ(lines.read(R"([29/May/2017:19:02:48 +0000] "-" 200 6)").substr(0, 4), "bad:");
}

TEST(CommonLog, ARequestThatImitatesALineChangesNothing) {
    Lines lines("clf");
    EXPECT_EQ(lines.read(R"(192.0.2.1 - - [29/May/2017:19:02:48 +0000] "GET /\" 200 999999 \")"
                         R"( 192.0.2.9 - - [29/May/2017:19:02:48 +0000] \"x\\" 404 7 "-" "-")"),
              "2017-05-29T19:02:48Z peer=192.0.2.1 out=7 status=404 service=http");
    EXPECT_EQ(lines.read(R"(192.0.2.1 - - [29/May/2017:19:02:48 +0000] "\x22 200 99" 404 7)"),
              "2017-05-29T19:02:48Z peer=192.0.2.1 out=7 status=404 service=http");
}

// Apache and nginx write a quote of the request with a backslash or in hexadecimal digits.
TEST(CommonLog, ReadsARequestWithQuotesAsTheyAre) {
    Lines lines("combined");
    const std::string begin = R"(192.0.2.1 - - [29/May/2017:19:02:48 +0000] ")";
    const std::string wanted =
        "2017-05-29T19:02:48Z peer=192.0.2.1 out=1164 status=404 service=http";
    EXPECT_EQ(lines.read(begin + R"x(GET /?q=<b onclick="f("x")"> HTTP/1.0" 404 1164)x"), wanted);
    EXPECT_EQ(lines.read(begin + R"(GET /" a" HTTP/1.0" 404 1164 "-" "an agent")"), wanted);
    // What the client wrote never counts behind the end.
    EXPECT_EQ(lines.read(begin + R"(GET / HTTP/1.0" 404 1164 "x" 200 999999 "y" 200 99)"), wanted);
    EXPECT_EQ(lines.read(begin + R"(GET /" HTTP/1.0)"),
              "bad: a volume, count or status is no number");
}

TEST(CommonLog, OtherLinesAreBadAndHaveAReason) {
    Lines lines("clf");
    EXPECT_EQ(lines.read(""), "other");
    EXPECT_EQ(lines.read("[Thu Oct 13 12:24:49 2022] [error] [client 192.0.2.1] \"x\" not found"),
              "bad: the time stamp cannot be read");
    EXPECT_EQ(lines.read(R"(a - - [29/May/2017:19:02:48 +0000] "GET / HTTP/1.1)"),
              "bad: no line of this format");
    EXPECT_EQ(lines.read(R"(a - - [29/May/2017:19:02:48 +0000] "-" 200 -5)"),
              "bad: a volume, count or status is no number");
    EXPECT_EQ(
        lines.read(R"(a - - [29/May/2017:19:02:48 +0000] "-" 200 9223372036854775807)").back(),
        'p');
    EXPECT_EQ(lines.read(R"(a - - [29/May/2017:19:02:48 +0000] "-" 200 9223372036854775808)"),
              "bad: a volume is above 2^63 - 1");
    EXPECT_EQ(lines.read(R"(a - - [29/May/2017:19:02:48 +0000] "-" 200 99999999999999999999)"),
              "bad: a volume is above 2^63 - 1");
    EXPECT_EQ(lines.read(R"(a - - [29/May/2017:19:02:48 +0000] "-" 200 12kB)"),
              "bad: a volume, count or status is no number");
    // Lists of addresses and hosts in front are other formats.
    EXPECT_EQ(lines.read(R"(192.0.2.1, 192.0.2.2 - - [29/May/2017:19:02:48 +0000] "-" 200 1)"),
              "bad: no line of this format");
    EXPECT_EQ(lines.read(R"(host 192.0.2.2 - - [29/May/2017:19:02:48 +0000] "-" 200 1)"),
              "bad: no line of this format");
    EXPECT_EQ(lines.read(std::string(line_octets_max + 1, 'x')), "bad: the line is too long");
}

TEST(CommonLog, AcceptsAnyOctets) {
    Lines lines("clf");
    EXPECT_EQ(lines.read(octets("h - \xff\x00[ [29/May/2017:19:02:48 +0000] \"\xc3(\x00\" 200 1")),
              octets("2017-05-29T19:02:48Z peer=h user=\xff\x00[ out=1 status=200 service=http"));
}

}  // namespace
}  // namespace octroi::logline
