// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "wire/log/testing/read_lines.hpp"

namespace octroi::logline {
namespace {

using testing::Lines;

TEST(UlogdSql, HasTheColumnsOfTheLine) {
    Lines lines("ulogd-sql");
    EXPECT_EQ(lines.read("INSERT INTO public.ulog2 (_id, oob_time_sec, oob_in, ip_saddr, ip_daddr, "
                         "ip_protocol, ip_totlen, tcp_sport, tcp_dport) VALUES (1, 1714564800, "
                         "'eth0', '192.0.2.1', '2001:db8::1', 6, 1234, 1024, 80);"),
              "2024-05-01T12:00:00Z peer=192.0.2.1:1024 server=2001:db8::1:80 section=eth0 proto=6 "
              "in=1234");
    // ulogd 1: addresses are numbers; NULL and other tables.
    EXPECT_EQ(lines.read("INSERT INTO `ulog` (`oob_time_sec`,`oob_prefix`,`ip_saddr`,`ip_daddr`,"
                         "`ip_totlen`,`udp_dport`) VALUES (1714564800,'it''s \\'a\\', (x)',"
                         "3221225985,NULL,60,NULL);"),
              "2024-05-01T12:00:00Z peer=192.0.2.1 in=60");
    EXPECT_EQ(lines.read("INSERT INTO `users` (`id`,`name`) VALUES (1,'ann');"), "other");
    EXPECT_EQ(lines.read("/*!40000 ALTER TABLE `ulog` DISABLE KEYS */;"), "other");
}

TEST(UlogdSql, HasTheColumnsOfTheTable) {
    Lines lines("ulogd-sql");
    const std::string row =
        "INSERT INTO `conntrack` VALUES (7,0x00000000000000000000FFFFC0000201,"
        "0x20010DB8000000000000000000000001,6,1000,5,200,1714564800);";
    EXPECT_EQ(lines.read(row), "bad: the line that names the fields is missing");
    for (const char* line :
         {"CREATE TABLE `conntrack` (", "  `_ct_id` bigint(20) NOT NULL,",
          "  `orig_ip_saddr` binary(16) DEFAULT NULL,", "  `orig_ip_daddr` binary(16),",
          "  `orig_ip_protocol` tinyint(3),", "  `orig_raw_pktlen` bigint(20) DEFAULT 0,",
          "  `orig_raw_pktcount` int(10),", "  `reply_raw_pktlen` bigint(20),",
          "  `flow_end_sec` int(10),", "  PRIMARY KEY (`_ct_id`)", ") ENGINE=InnoDB;"})
        EXPECT_EQ(lines.read(line), "other") << line;
    EXPECT_EQ(lines.read(row),
              "2024-05-01T12:00:00Z peer=192.0.2.1 server=2001:db8::1 proto=6 in=1000 out=200");
}

// An entry of a log is one line.
TEST(UlogdSql, RefusesWhatItCannotReadAsOneRow) {
    Lines lines("ulogd-sql");
    const std::string begin = "INSERT INTO ulog (oob_time_sec,ip_totlen) VALUES ";
    EXPECT_EQ(lines.read(begin + "(1714564800,60),(1714564800,70);"),
              "bad: no line of this format");
    EXPECT_EQ(lines.read(begin + "(1714564800);"), "bad: no line of this format");
    EXPECT_EQ(lines.read(begin + "(1714564800,'60"), "bad: no line of this format");
    EXPECT_EQ(lines.read(begin + "(NULL,60);"), "bad: the time stamp cannot be read");
    EXPECT_EQ(lines.read(begin + "(1714564800,-60);"),
              "bad: a volume, count or status is no number");
}

TEST(UlogdSql, KeepsTheColumnsOverARestart) {
    const auto first = open_reader("ulogd-sql", {}).value();
    Entry entry;
    (void)first->read("CREATE TABLE public.ulog (", entry);
    (void)first->read("    ip_totlen integer,", entry);
    const auto second = open_reader("ulogd-sql", {}).value();
    ASSERT_TRUE(second->restore(first->save()).has_value());
    (void)second->read("    oob_time_sec integer", entry);
    (void)second->read(");", entry);
    const std::string row = "INSERT INTO public.ulog VALUES (60, 1714564800);";
    EXPECT_EQ(second->read(row, entry).kind, LineKind::traffic);
    EXPECT_EQ(entry.in.value, 60U);
    for (const char* damaged : {"\x01", "\x01\xff\xff", "\x01\x00\x01"})
        EXPECT_FALSE(second->restore(damaged).has_value());
}

// Dumps of other databases have any number of tables and columns.
TEST(UlogdSql, IsBounded) {
    const auto reader = open_reader("ulogd-sql", {}).value();
    Entry entry;
    for (int table = 0; table < 1000; ++table) {
        (void)reader->read("CREATE TABLE t" + std::to_string(table) + " (", entry);
        for (int column = 0; column < 300; ++column)
            (void)reader->read("  c" + std::to_string(column) + " integer,", entry);
        (void)reader->read(");", entry);
    }
    EXPECT_LT(reader->save().size(), 64'000U);
}

}  // namespace
}  // namespace octroi::logline
