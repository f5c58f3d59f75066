// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/mail_logs.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "wire/log/testing/read_lines.hpp"

namespace octroi::logline {
namespace {

using testing::Lines;

std::string postfix_line(std::string_view program, std::string_view text) {
    return fmt::format("Jun 25 12:36:29 mail postfix/{}[23]: {}", program, text);
}

TEST(Postfix, AMailIsInOnceAndOutAtEachDelivery) {
    Lines lines("postfix");
    EXPECT_EQ(lines.read(postfix_line("smtpd",
                                      "A01234: client=host.example[192.0.2.9], "
                                      "sasl_method=PLAIN, sasl_username=ann")),
              "other");
    EXPECT_EQ(lines.read(postfix_line("cleanup", "A01234: message-id=<1@example.com>")), "other");
    const std::string active =
        postfix_line("qmgr", "A01234: from=<ann@example.com>, size=1234, nrcpt=3 (queue active)");
    EXPECT_EQ(lines.read(active),
              "06-25T12:36:29 peer=192.0.2.9 user=ann@example.com login=ann domain=example.com "
              "in=1234 status=queued service=smtp");
    EXPECT_EQ(
        lines.read(postfix_line("smtp",
                                "A01234: to=<bob@example.org>, relay=mx[192.0.2.25]:25, "
                                "delay=1, dsn=2.0.0, status=sent (250 ok)")),
        "06-25T12:36:29 server=192.0.2.25:25 user=bob@example.org domain=example.org out=1234 "
        "status=sent service=smtp");
    EXPECT_EQ(
        lines.read(postfix_line("lmtp",
                                "A01234: to=<eve@example.com>, orig_to=<e>, "
                                "relay=mail[private/dovecot-lmtp], delay=1, status=sent (x)")),
        "06-25T12:36:29 server=private/dovecot-lmtp user=eve@example.com domain=example.com "
        "out=1234 status=sent service=smtp");
    EXPECT_EQ(lines.read(postfix_line("smtp",
                                      "A01234: to=<x@example.net>, relay=none, delay=1, "
                                      "dsn=4.4.1, status=deferred (timeout)")),
              "other");
    // The deferred recipient makes it active once more.
    EXPECT_EQ(lines.read(active), "other");
    EXPECT_EQ(lines.read(postfix_line("smtp",
                                      "A01234: to=<x@example.net>, relay=none, delay=1, "
                                      "dsn=5.4.1, status=bounced (no)")),
              "other");
    EXPECT_EQ(lines.read(postfix_line("qmgr", "A01234: removed")), "other");
    // The queue id is used again.
    EXPECT_EQ(lines.read(postfix_line("qmgr", "A01234: from=<>, size=7, nrcpt=1 (queue active)")),
              "06-25T12:36:29 in=7 status=queued service=smtp");
}

TEST(Postfix, IsReadBehindTheHeadersOfOtherSystems) {
    Lines lines("postfix");
    const std::string text = "A01234: from=<a@x>, size=7, nrcpt=1 (queue active)";
    const std::string expected = "user=a@x domain=x in=7 status=queued service=smtp user?";
    EXPECT_EQ(lines.read("Nov 13 12:00:00 sun postfix/qmgr[1]: [ID 197553 mail.info] " + text),
              "11-13T12:00:00 " + expected);
    EXPECT_EQ(lines.read("Feb 17 19:30:42 <mail.info> bsd postfix/qmgr[1]: " + text),
              "02-17T19:30:42 " + expected);
    EXPECT_EQ(lines.read("Feb 17 19:30:42 <2.6> vv postfix/qmgr[1]: " + text),
              "02-17T19:30:42 " + expected);
    EXPECT_EQ(lines.read("@400000004c91b04405f5e100 tai postfix/qmgr[1]: " + text),
              "2010-09-16T05:50:50.100000000Z " + expected);
}

TEST(Postfix, ADeliveryOfAnUnknownMailIsBad) {
    Lines lines("postfix");
    EXPECT_EQ(
        lines.read(postfix_line("smtp", "A01234: to=<b@x>, relay=none, delay=1, status=sent (ok)")),
        "bad: the size of the mail is not known: its line is missing");
    // The queues of two hosts in one log are two.
    EXPECT_EQ(lines.read(postfix_line("qmgr", "A01234: from=<a@x>, size=7, nrcpt=1 (queue active)"))
                  .substr(15, 8),
              "user=a@x");
    EXPECT_EQ(lines.read("Jun 25 12:36:29 other postfix/smtp[23]: A01234: to=<b@x>, relay=none, "
                         "delay=1, status=sent (ok)"),
              "bad: the size of the mail is not known: its line is missing");
}

TEST(Postfix, AddressesThatImitateALineChangeNothing) {
    Lines lines("postfix");
    EXPECT_EQ(lines.read(postfix_line("qmgr",
                                      "A01234: from=<\"x>, size=99, nrcpt=1 (queue active)\"@a.b>, "
                                      "size=5, nrcpt=1 (queue active)")),
              "06-25T12:36:29 user=\"x>, size=99, nrcpt=1 (queue active)\"@a.b domain=a.b in=5 "
              "status=queued service=smtp user?");
    EXPECT_EQ(
        lines.read(postfix_line("smtp",
                                "A01234: to=<\"v@w>, relay=x, status=sent (\"@a.b>, "
                                "relay=none, delay=1, status=sent (250 status=bounced)")),
        "06-25T12:36:29 user=\"v@w>, relay=x, status=sent (\"@a.b domain=a.b out=5 status=sent "
        "service=smtp");
    // Only the queue manager states sizes.
    EXPECT_EQ(
        lines.read(postfix_line("smtpd", "B01234: from=<a@x>, size=7, nrcpt=1 (queue active)")),
        "other");
}

TEST(Postfix, GoesOnAfterARestart) {
    Lines first("postfix");
    (void)first.read(postfix_line("qmgr", "A01234: from=<a@x>, size=7, nrcpt=1 (queue active)"));
    Lines second("postfix");
    ASSERT_TRUE(second.reader().restore(first.reader().save()).has_value());
    EXPECT_EQ(second.read(
                  postfix_line("smtp", "A01234: to=<b@x>, relay=none, delay=1, status=sent (ok)")),
              "06-25T12:36:29 user=b@x domain=x out=7 status=sent service=smtp");
}

TEST(Exim, AMailIsInOnceAndOutAtEachDelivery) {
    Lines lines("exim");
    EXPECT_EQ(
        lines.read(
            "2024-05-01 12:00:00 1s2BQ4-000abC-2d <= ann@example.com H=h (S=99) [192.0.2.9]:25 "
            "P=esmtpsa X=TLS1.3 DN=\"CN=x S=98\" A=plain:ann S=1234 id=1@x T=\"S=97\""),
        "2024-05-01T12:00:00 peer=192.0.2.9 user=ann@example.com login=ann domain=example.com "
        "in=1234 status=queued service=smtp");
    EXPECT_EQ(lines.read("2024-05-01 12:00:01 +0200 [77] 1s2BQ4-000abC-2d => bob@example.org R=dns "
                         "T=smtp H=mx [192.0.2.25] C=\"250 S=96\""),
              "2024-05-01T10:00:01Z server=192.0.2.25 user=bob@example.org domain=example.org "
              "out=1234 status=sent service=smtp");
    EXPECT_EQ(
        lines.read(
            "2024-05-01 12:00:01 1s2BQ4-000abC-2d -> eve <eve@example.com> R=local T=lmtp S=1300"),
        "2024-05-01T12:00:01 user=eve@example.com domain=example.com out=1300 status=sent "
        "service=smtp");
    EXPECT_EQ(lines.read("2024-05-01 12:00:01 1s2BQ4-000abC-2d == x@y R=dns T=smtp defer (110)"),
              "other");
    EXPECT_EQ(lines.read("2024-05-01 12:00:01 1s2BQ4-000abC-2d ** x@y: unknown user"), "other");
    EXPECT_EQ(lines.read("2024-05-01 12:00:01 1s2BQ4-000abC-2d Completed"), "other");
    EXPECT_EQ(lines.read("2024-05-01 12:00:01 1s2BQ4-000abC-2d => bob@example.org R=dns T=smtp"),
              "bad: the size of the mail is not known: its line is missing");
    EXPECT_EQ(lines.read("2024-05-01 12:00:01 no IP address found for host x (S=9)"), "other");
    EXPECT_EQ(
        lines.read(
            "2024-05-01 12:00:00 1rT0Jx-000000001Ab-3cde <= <> R=1s2BQ4-000abC-2d P=local S=5"),
        "2024-05-01T12:00:00 in=5 status=queued service=smtp");
}

TEST(Exim, LinesOfOtherProgramsAreNoTraffic) {
    Lines lines("exim");
    const std::string text = "1s2BQ4-000abC-2d <= a@x P=local S=7";
    const std::string expected =
        "05-01T12:00:00 user=a@x domain=x in=7 status=queued service=smtp user?";
    EXPECT_EQ(lines.read("May  1 12:00:00 mx exim[12]: " + text), expected);
    EXPECT_EQ(lines.read("May  1 12:00:00 mx exim4[12]: " + text), expected);
    EXPECT_EQ(lines.read("May  1 12:00:00 mx webapp[12]: " + text), "other");
}

std::string dovecot_line(std::string_view text) {
    return fmt::format("Jun 25 12:36:29 mail dovecot: {}", text);
}

TEST(Dovecot, HasEveryFormOfTheEndOfASession) {
    Lines lines("dovecot");
    EXPECT_EQ(lines.read(dovecot_line("imap(ann@example.com): Logged out in=93 out=1020")),
              "06-25T12:36:29 user=ann@example.com domain=example.com in=93 out=1020 "
              "status=complete service=imap");
    EXPECT_EQ(
        lines.read(dovecot_line("imap(ann)<12><s>: Info: Disconnected: Logged out in=93, out=1020, "
                                "deleted=0, bytes=5/6")),
        "06-25T12:36:29 user=ann in=93 out=1020 status=complete service=imap");
    EXPECT_EQ(lines.read(dovecot_line("IMAP(ann): Disconnected: Logged out bytes=93/1020")),
              "06-25T12:36:29 user=ann in=93 out=1020 status=complete service=imap");
    EXPECT_EQ(lines.read(dovecot_line("pop3(ann): Disconnected: Logged out top=1/10, retr=2/1020, "
                                      "del=0/1, size=4321")),
              "06-25T12:36:29 user=ann out=1030 status=complete service=pop3");
    EXPECT_EQ(
        lines.read(
            "Jun 25 12:36:29 imap(ann)<12><s>: Info: Connection closed (NOOP finished) in=9 out=8"),
        "06-25T12:36:29 user=ann in=9 out=8 status=complete service=imap");
    EXPECT_EQ(
        lines.read("2024-12-31T06:56:17+01:00 mail dovecot[7]: managesieve(ann): Disconnected: "
                   "Logged out bytes=9/8"),
        "2024-12-31T05:56:17Z user=ann in=9 out=8 status=complete service=managesieve");
}

TEST(Dovecot, ASessionMayEndWhileItWaits) {
    Lines lines("dovecot");
    EXPECT_EQ(lines.read(dovecot_line("imap-hibernate(ann)<12><s>: Connection closed (IDLE running "
                                      "for 0.001 secs, 2 B in + 10 B out) in=93 out=1020")),
              "06-25T12:36:29 user=ann in=93 out=1020 status=complete service=imap");
}

TEST(Dovecot, HasLinesOfItsOwnFiles) {
    Lines lines("dovecot");
    const std::string expected = " user=ann in=93 out=1020 status=complete service=imap";
    EXPECT_EQ(lines.read("dovecot: Jun 25 12:36:29 Info: IMAP(ann): Disconnected: Logged out "
                         "bytes=93/1020"),
              "06-25T12:36:29" + expected);
    EXPECT_EQ(
        lines.read("dovecot: 2009-06-25 12:36:29 Info: IMAP(ann): Disconnected bytes=93/1020"),
        "2009-06-25T12:36:29" + expected);
    EXPECT_EQ(lines.read("@400000004c91b04405f5e100 imap(ann): Info: Logged out in=93 out=1020"),
              "2010-09-16T05:50:50.100000000Z" + expected);
}

TEST(Dovecot, ARepeatedMessageCountsAsOftenAsItCame) {
    Lines lines("dovecot");
    EXPECT_EQ(lines.read(dovecot_line("message repeated 2 times: [ imap(ann): Logged out in=93 "
                                      "out=1020]")),
              "06-25T12:36:29 user=ann in=186 out=2040 status=complete service=imap");
}

TEST(Dovecot, HasTheAddressOfTheLogin) {
    Lines lines("dovecot");
    EXPECT_EQ(lines.read(dovecot_line("imap-login: Login: user=<ann>, method=PLAIN, rip=192.0.2.9, "
                                      "lip=192.0.2.1, mpid=18, TLS, session=<abc>")),
              "other");
    EXPECT_EQ(lines.read(dovecot_line("imap(ann)<18><abc>: Disconnected: Logged out in=1 out=2")),
              "06-25T12:36:29 peer=192.0.2.9 user=ann in=1 out=2 status=complete service=imap");
}

TEST(Dovecot, HasDeliveriesIfTheirFormatHasTheSize) {
    Lines lines("dovecot");
    EXPECT_EQ(lines.read(dovecot_line("lmtp(12, ann@x): s: msgid=<1@y>: saved mail to INBOX")),
              "other");
    EXPECT_EQ(
        lines.read(dovecot_line("lmtp(ann@x)<12><s>: msgid=<1@y>, size=77: saved mail to INBOX")),
        "06-25T12:36:29 user=ann@x domain=x in=77 status=complete service=lmtp");
    EXPECT_EQ(lines.read(dovecot_line(
                  "lmtp(ann@x)<12><s>: subject=hi, size=99, size=77: saved mail to INBOX")),
              "bad: two readings with different volumes are possible");
}

TEST(Dovecot, NamesOfMailboxesAndLoginsAreNoTraffic) {
    Lines lines("dovecot");
    EXPECT_EQ(lines.read(dovecot_line("imap(ann): delete: box=in=1 out=99999, uid=1")), "other");
    EXPECT_EQ(lines.read(dovecot_line("imap(ann): expunge: box=INBOX, uid=1, msgid=<x>, size=9")),
              "other");
    EXPECT_EQ(
        lines.read(dovecot_line("imap-login: Disconnected: user=<x in=1 out=9>, rip=192.0.2.9")),
        "other");
    EXPECT_EQ(lines.read(dovecot_line("auth-worker(24): pam(in=1 out=2,192.0.2.9): unknown user")),
              "other");
    EXPECT_EQ(lines.read(dovecot_line("imap(ann): Logged out in=1 out=2 in=3")), "other");
}

}  // namespace
}  // namespace octroi::logline
