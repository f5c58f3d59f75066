// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/ftp_logs.hpp"

#include <gtest/gtest.h>

#include "wire/log/testing/read_lines.hpp"

namespace octroi::logline {
namespace {

using testing::Lines;

TEST(Xferlog, HasUploadsAndDownloads) {
    Lines lines("xferlog");
    EXPECT_EQ(
        lines.read("Thu Mar 4 08:12:30 2004 1 192.0.2.9 37 /f a _ o r ann ftp 0 * c"),
        "2004-03-04T08:12:30 for=1s peer=192.0.2.9 user=ann out=37 status=complete service=ftp");
    EXPECT_EQ(
        lines.read("Thu Mar  4 08:12:30 2004 1 ::ffff:192.0.2.9 37 /f a _ i g ann ftp 1 id i"),
        "2004-03-04T08:12:30 for=1s peer=192.0.2.9 user=ann ident=id in=37 status=incomplete "
        "service=ftp");
    EXPECT_EQ(lines.read("Thu Mar  4 08:12:30 2004 1 192.0.2.9 37 /f a _ d r ann ftp 0 * c"),
              "other");
    EXPECT_EQ(lines.read("Thu Mar  4 08:12:30 2004 1 h 37 /f a _ o a guest@x ftp 0 *"),
              "2004-03-04T08:12:30 for=1s peer=h user=guest@x out=37 service=ftp user?");
}

TEST(Xferlog, MayStandBehindAHeaderOfSyslog) {
    Lines lines("xferlog");
    EXPECT_EQ(
        lines.read(
            "<86>Mar  4 08:12:31 h ftpd[3]: Thu Mar  4 08:12:30 2004 1 192.0.2.9 37 /f a _ o "
            "r ann ftp 0 * c"),
        "2004-03-04T08:12:30 for=1s peer=192.0.2.9 user=ann out=37 status=complete service=ftp");
    EXPECT_EQ(lines.read("Mar  4 08:12:31 h ftpd[3]: connect"),
              "bad: the time stamp cannot be read");
}

TEST(Xferlog, FileNamesHaveBlanksAndParentheses) {
    Lines lines("xferlog");
    EXPECT_EQ(lines.read("Thu Mar  4 08:12:30 2004 1 h 37 /a (1) b.txt b _ i r ann ftp 0 * c"),
              "2004-03-04T08:12:30 for=1s peer=h user=ann in=37 status=complete service=ftp");
}

TEST(Xferlog, AFileNameOrPasswordThatImitatesTheEndMakesTheUserUncertain) {
    Lines lines("xferlog");
    EXPECT_EQ(lines.read("Thu Mar  4 08:12:30 2004 1 h 37 /f b _ o r bob b _ o r ann ftp 0 * c"),
              "2004-03-04T08:12:30 for=1s peer=h out=37 status=complete service=ftp ambiguous");
    // An anonymous password, which the line has in the place of the user.
    EXPECT_EQ(lines.read("Thu Mar  4 08:12:30 2004 1 h 37 /f b _ o a x b _ i r ann ftp 0 * c"),
              "2004-03-04T08:12:30 for=1s peer=h both=37 status=complete service=ftp ambiguous");
}

TEST(Xferlog, OtherLinesAreBad) {
    Lines lines("xferlog");
    EXPECT_EQ(lines.read("x"), "bad: the time stamp cannot be read");
    EXPECT_EQ(lines.read("Thu Mar  4 08:12:30 2004 1 h -37 /f a _ o r ann ftp 0 * c"),
              "bad: a volume, count or status is no number");
    EXPECT_EQ(lines.read("Thu Mar  4 08:12:30 2004 1 h 37 /f a _ o r ann ftp 7 * c"),
              "bad: no line of this format");
    EXPECT_EQ(lines.read("Thu Mar  4 08:12:30 2004 1 h 37 a _ o r ann ftp 0 * c"),
              "bad: no line of this format");
}

TEST(Vsftpd, HasTransfersAndTheirFailures) {
    Lines lines("vsftpd");
    EXPECT_EQ(lines.read(R"(Mon Jun  6 18:43:59 2016 [pid 3] [ann] OK UPLOAD: Client "192.0.2.9", )"
                         R"("/a.png", 1884648 bytes, 41264.44Kbyte/sec)"),
              "2016-06-06T18:43:59 peer=192.0.2.9 user=ann in=1884648 status=complete service=ftp");
    EXPECT_EQ(
        lines.read(R"(Mon Jun  6 18:43:59 2016 [pid 3] [ann] FAIL DOWNLOAD: Client "192.0.2.9", )"
                   R"("/a.png", 0.00Kbyte/sec)"),
        "2016-06-06T18:43:59 peer=192.0.2.9 user=ann out=0 status=incomplete service=ftp");
    EXPECT_EQ(
        lines.read(R"(2025-03-04T01:06:36.645577 host vsftpd[16]: [ann] FAIL UPLOAD: Client )"
                   R"("192.0.2.9", "/a", 5 bytes, 1.00Kbyte/sec)"),
        "2025-03-04T01:06:36.645577 peer=192.0.2.9 user=ann in=5 status=incomplete service=ftp");
}

TEST(Vsftpd, AnAnonymousSessionHasNoUser) {
    Lines lines("vsftpd");
    EXPECT_EQ(lines.read(R"(Mon Jun  6 18:43:59 2016 [pid 3] [ftp] OK DOWNLOAD: Client "::1", )"
                         R"("/a", 5 bytes, 1.00Kbyte/sec)"),
              "2016-06-06T18:43:59 peer=::1 user=ftp out=5 status=complete service=ftp user?");
}

TEST(PureFtpd, HasItsMessagesInSyslog) {
    Lines lines("pureftpd");
    EXPECT_EQ(lines.read("Jun 25 12:36:29 h pure-ftpd: (ann@192.0.2.9) [NOTICE] /home/ann//a b "
                         "uploaded  (18 bytes, 5.60KB/sec)"),
              "06-25T12:36:29 peer=192.0.2.9 user=ann in=18 status=complete service=ftp");
    EXPECT_EQ(lines.read("2026-08-31T11:00:41.2-07:00 h pure-ftpd: (bob@a.example@2001:db8::9) "
                         "[NOTICE] /x uploaded  (99 bytes, 1.00KB/sec) downloaded  (7 bytes, "
                         "1.00KB/sec)"),
              "2026-08-31T18:00:41.2Z peer=2001:db8::9 user=bob@a.example out=7 status=complete "
              "service=ftp");
    EXPECT_EQ(lines.read("Jun 25 12:36:29 h pure-ftpd: (ftp@host.example) [NOTICE] /a downloaded  "
                         "(7 bytes, 1.00KB/sec)"),
              "06-25T12:36:29 peer=host.example user=ftp out=7 status=complete service=ftp user?");
    for (const std::string_view message :
         {"(?@192.0.2.9) [WARNING] Authentication failed for user [x uploaded  (9 bytes, 1KB/sec)]",
          "(ann@192.0.2.9) [INFO] Logout.", "(ann@192.0.2.9) [NOTICE] Deleted /a",
          "(?@192.0.2.9) [INFO] New connection from 192.0.2.9"})
        EXPECT_EQ(lines.read("Jun 25 12:36:29 h pure-ftpd: " + std::string(message)), "other");
    EXPECT_EQ(lines.read("Jun 25 12:36:29 h pure-ftpd: (a@192.0.2.9) [NOTICE] /a uploaded  (-7 "
                         "bytes, 1.00KB/sec)"),
              "bad: a volume, count or status is no number");
    EXPECT_EQ(lines.read("Jun 25 12:36:29 h webapp: (a@192.0.2.9) [NOTICE] /a uploaded  (7 bytes, "
                         "1.00KB/sec)"),
              "other");
    EXPECT_EQ(lines.read(R"(192.0.2.1 - ann [29/May/2017:19:02:48 -0000] "PUT /a.txt" 200 18)"),
              "2017-05-29T19:02:48Z peer=192.0.2.1 user=ann in=18 status=200 service=ftp");
}

TEST(Vsftpd, OtherEventsAreNoTraffic) {
    Lines lines("vsftpd");
    EXPECT_EQ(lines.read(R"(Mon Jun 8 12:08:44 2020 [pid 27] CONNECT: Client "192.0.2.9")"),
              "other");
    EXPECT_EQ(lines.read(R"(Mon Jun 8 12:12:43 2020 [pid 27] [ann] OK LOGIN: Client "192.0.2.9")"),
              "other");
    EXPECT_EQ(
        lines.read(R"(Mon Jun 8 12:12:43 2020 [pid 27] [ann] OK DELETE: Client "192.0.2.9", "/x")"),
        "other");
    EXPECT_EQ(lines.read("# comment"), "bad: the time stamp cannot be read");
    EXPECT_EQ(
        lines.read(R"(Jun 25 12:00:04 h webapp[9]: [ann] OK UPLOAD: Client "192.0.2.9", "/a", )"
                   R"(5 bytes, 1.00Kbyte/sec)"),
        "other");
}

TEST(Vsftpd, NamesThatImitateALineChangeNothing) {
    Lines lines("vsftpd");
    EXPECT_EQ(lines.read(R"(Mon Jun  6 18:43:59 2016 [pid 3] [ann] OK UPLOAD: Client "192.0.2.9", )"
                         R"("/x", 99999 bytes, 1.00Kbyte/sec", 5 bytes, 1.00Kbyte/sec)"),
              "2016-06-06T18:43:59 peer=192.0.2.9 user=ann in=5 status=complete service=ftp");
    // A login that fails has the name that the client sent.
    EXPECT_EQ(
        lines.read(R"(Mon Jun  6 18:43:59 2016 [pid 3] [x] OK UPLOAD: Client "192.0.2.9", "/x", )"
                   R"(9 bytes, 1.00Kbyte/sec] FAIL LOGIN: Client "192.0.2.66")"),
        "bad: no line of this format");
}

TEST(Sftp, HasTheSessionOfAFile) {
    Lines lines("sftp-server");
    EXPECT_EQ(
        lines.read("Jun 25 12:00:00 h internal-sftp[12]: session opened for local user ann from "
                   "[192.0.2.9] [postauth]"),
        "other");
    EXPECT_EQ(lines.read(R"(Jun 25 12:00:01 h internal-sftp[12]: open "/f" flags READ mode 0666)"),
              "other");
    EXPECT_EQ(
        lines.read(R"(Jun 25 12:00:02 h internal-sftp[12]: close "/f" bytes read 9 written 9" )"
                   R"(bytes read 70 written 18 [postauth])"),
        "06-25T12:00:02 peer=192.0.2.9 user=ann in=18 out=70 status=complete service=sftp");
    EXPECT_EQ(
        lines.read("Jun 25 12:00:03 h internal-sftp[12]: session closed for local user ann from "
                   "[192.0.2.9]"),
        "other");
    EXPECT_EQ(
        lines.read(
            R"(Jun 25 12:00:04 h internal-sftp[12]: forced close "/f" bytes read 1 written 2)"),
        "06-25T12:00:04 in=2 out=1 status=incomplete service=sftp");
    EXPECT_EQ(lines.read(R"(Jun 25 12:00:04 h internal-sftp[12]: closedir "/")"), "other");
}

// rsyslog writes equal lines as one.
TEST(Sftp, ARepeatedMessageCountsAsOftenAsItCame) {
    Lines lines("sftp-server");
    const std::string header = "Jun 25 12:00:04 h sftp-server[12]: ";
    EXPECT_EQ(
        lines.read(header + R"(message repeated 3 times: [ close "/f" bytes read 5 written 2])"),
        "06-25T12:00:04 in=6 out=15 status=complete service=sftp");
    EXPECT_EQ(lines.read(header + R"(message repeated 1000001 times: [ close "/f" bytes read 5 )"
                                  "written 2]"),
              "bad: a volume is above 2^63 - 1");
    EXPECT_EQ(lines.read(header + R"(message repeated 3 times: [ close "/f" bytes read 0 written )"
                                  "9223372036854775807]"),
              "bad: a volume is above 2^63 - 1");
    EXPECT_EQ(lines.read(header + "message repeated x times: [ close]"), "other");
}

TEST(Sftp, LinesOfOtherProgramsAreNoTraffic) {
    Lines lines("sftp-server");
    const std::string text = R"([12]: close "/f" bytes read 1 written 2)";
    for (const char* const program : {"sshd", "sshd-session", "sftp-server", "internal-sftp"})
        EXPECT_EQ(lines.read("Jun 25 12:00:04 h " + std::string(program) + text),
                  "06-25T12:00:04 in=2 out=1 status=complete service=sftp");
    EXPECT_EQ(lines.read("Jun 25 12:00:04 h webapp" + text), "other");
}

TEST(Rsyncd, LinesOfAClientAreNoTraffic) {
    Lines lines("rsyncd");
    const std::string totals = "sent 1 bytes  received 2 bytes  ";
    EXPECT_EQ(lines.read("Jun 25 12:00:04 h rsyncd[12]: " + totals + "total size 14"),
              "06-25T12:00:04 in=2 out=1 service=rsync");
    EXPECT_EQ(lines.read("Jun 25 12:00:04 h rsync[12]: " + totals + "total size 14"), "other");
    EXPECT_EQ(lines.read("2011/02/22 21:50:34 [82] " + totals + "6.00 bytes/sec"), "other");
}

TEST(Rsyncd, HasOneEntryForASession) {
    Lines lines("rsyncd");
    EXPECT_EQ(lines.read("2011/02/22 21:50:31 [82] connect from host.example.com (192.0.2.9)"),
              "other");
    EXPECT_EQ(lines.read("2011/02/22 21:50:32 [82] rsync on module/a b from ann@host (192.0.2.9)"),
              "other");
    EXPECT_EQ(
        lines.read("2011/02/22 21:50:32 [82] send host [192.0.2.9] module () sent 9 bytes 883"),
        "other");
    EXPECT_EQ(
        lines.read("2011/02/22 21:50:33 [82] sent 1,253 bytes  received 162 bytes  total size 14"),
        "2011-02-22T21:50:33 peer=192.0.2.9 user=ann section=module in=162 out=1253 service=rsync");
    // The process id is used again.
    EXPECT_EQ(lines.read("2011/02/22 21:50:34 [82] sent 1 bytes  received 2 bytes  total size 14"),
              "2011-02-22T21:50:34 in=2 out=1 service=rsync");
    EXPECT_EQ(lines.read("2011/02/22 21:50:34 [82] sent x bytes  received 2 bytes  total size 14"),
              "bad: a volume, count or status is no number");
}

// Everyone can connect; nothing else may follow.
TEST(Rsyncd, AConnectionAloneIsNotKept) {
    Lines lines("rsyncd");
    EXPECT_EQ(lines.read("2011/02/22 21:50:31 [82] connect from host.example.com (192.0.2.9)"),
              "other");
    EXPECT_EQ(lines.reader().save(), "");
}

TEST(Rsyncd, GoesOnAfterARestart) {
    Lines first("rsyncd");
    EXPECT_EQ(first.read("2011/02/22 21:50:31 [82] rsync to m/a from host (192.0.2.9)"), "other");
    Lines second("rsyncd");
    ASSERT_TRUE(second.reader().restore(first.reader().save()).has_value());
    EXPECT_EQ(second.read("2011/02/22 21:50:33 [82] sent 1 bytes  received 2 bytes  total size 14"),
              "2011-02-22T21:50:33 peer=192.0.2.9 section=m in=2 out=1 service=rsync");
    EXPECT_FALSE(second.reader().restore("damaged").has_value());
}

}  // namespace
}  // namespace octroi::logline
