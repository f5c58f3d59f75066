// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/journal_export.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace octroi::logline {
namespace {

using ::testing::ElementsAre;

// The lines of the entries, read in parts of this size.
std::vector<std::string> lines_of(const std::string& octets, std::size_t part) {
    JournalExport decoder;
    JournalEntry entry;
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < octets.size(); at += part) {
        std::string_view rest = std::string_view(octets).substr(at, part);
        while (decoder.read(rest, entry)) lines.push_back(entry.cursor + " " + entry.as_line());
    }
    return lines;
}

std::string binary(const std::string& name, const std::string& value) {
    std::string field = name + "\n";
    for (unsigned i = 0; i < 8; ++i) field += static_cast<char>((value.size() >> (8U * i)) & 0xFFU);
    return field + value + "\n";
}

TEST(JournalExport, GivesLinesOfSyslogWhereverItIsCut) {
    const std::string octets =
        "__CURSOR=s=1;i=a\n__REALTIME_TIMESTAMP=1714564800123456\n_HOSTNAME=mail\n_COMM=qmgr\n"
        "SYSLOG_IDENTIFIER=postfix/qmgr\n_PID=23\nMESSAGE=A01: from=<a@b.example>, size=7\n\n"
        "__CURSOR=s=1;i=b\n__REALTIME_TIMESTAMP=1714564801000000\n" +
        binary("MESSAGE", "one\ntwo=3\n\n") + binary("OTHER", "") +
        "_COMM=x\nSYSLOG_PID=7\n_PID=8\n\n\n"
        "MESSAGE=without a cursor\n\n__CURSOR=s=1;i=c\n\n__CURSOR=cut off";
    for (std::size_t part = 1; part <= octets.size(); ++part)
        EXPECT_THAT(lines_of(octets, part),
                    ElementsAre("s=1;i=a 2024-05-01T12:00:00.123456Z mail postfix/qmgr[23]: A01: "
                                "from=<a@b.example>, size=7",
                                "s=1;i=b 2024-05-01T12:00:01.000000Z - x[7]: one two=3  ",
                                "s=1;i=c 1970-01-01T00:00:00.000000Z - -: "))
            << part;
}

TEST(JournalExport, IsBounded) {
    JournalExport decoder;
    JournalEntry entry;
    const std::string begin = "__CURSOR=c\nMESSAGE=";
    const std::string long_text(line_octets_max + 1, 'x');
    const std::string octets = begin + long_text + "\n" + std::string(100'000, 'n') + "=v\n" +
                               binary("MESSAGE_ID", long_text) + "\n";
    std::string_view rest = octets;
    ASSERT_TRUE(decoder.read(rest, entry));
    EXPECT_TRUE(entry.is_cut);
    EXPECT_EQ(entry.message.size(), line_octets_max);
    EXPECT_TRUE(rest.empty());
    // A length that is not there.
    const std::string endless =
        "__CURSOR=d\nMESSAGE\n" + std::string(8, '\xff') + std::string(1'000'000, 'y');
    rest = endless;
    EXPECT_FALSE(decoder.read(rest, entry));
}

}  // namespace
}  // namespace octroi::logline
