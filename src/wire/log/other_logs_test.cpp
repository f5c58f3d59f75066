// SPDX-License-Identifier: GPL-3.0-or-later
// Formats of proxies, clouds, firewalls and accounting programs.
#include <gtest/gtest.h>

#include "wire/log/testing/read_lines.hpp"
#include "wire/log/trafficwatch.hpp"

namespace octroi::logline {
namespace {

using testing::Lines;

TEST(FtpInCommonFormat, HasUploads) {
    Lines lines("proftpd");
    EXPECT_EQ(
        lines.read(R"(192.0.2.1 UNKNOWN ann [29/May/2017:19:02:48 +0000] "STOR a b" 226 18)"),
        "2017-05-29T19:02:48Z peer=192.0.2.1 user=ann ident=UNKNOWN in=18 status=226 service=ftp");
    EXPECT_EQ(
        lines.read(R"(192.0.2.1 UNKNOWN ann [29/May/2017:19:02:48 +0000] "RETR a" 226 18)"),
        "2017-05-29T19:02:48Z peer=192.0.2.1 user=ann ident=UNKNOWN out=18 status=226 service=ftp");
}

TEST(PureFtpdStats, EndWithTheFileName) {
    Lines lines("pureftpd-stats");
    EXPECT_EQ(lines.read("1050942541 3ea3f3cd.1a2b ann 192.0.2.9 U 18 2 /a D 99 1 b"),
              "2003-04-21T16:29:01Z for=2s peer=192.0.2.9 user=ann in=18 service=ftp");
    EXPECT_EQ(lines.read("1050942541 3ea3f3cd.1a2b ftp 2001:db8::1 D 18 0 /a"),
              "2003-04-21T16:29:01Z for=0s peer=2001:db8::1 user=ftp out=18 service=ftp user?");
    EXPECT_EQ(lines.read("1050942541 3ea3f3cd.1a2b ann 192.0.2.9 X 18 2 /a"),
              "bad: no line of this format");
    EXPECT_EQ(lines.read("1050942541 3ea3f3cd.1a2b ann 192.0.2.9 U -1 2 /a"),
              "bad: a volume, count or status is no number");
}

TEST(Haproxy, HasHttpAndTcp) {
    Lines lines("haproxy");
    EXPECT_EQ(
        lines.read("Feb  6 12:14:14 lb haproxy[14]: 192.0.2.1:33317 [06/Feb/2009:12:14:14.655] "
                   "web~ web/s1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 \"GET / HTTP/1.1\""),
        "2009-02-06T12:14:14.655 for=109ms peer=192.0.2.1:33317 section=web out=2750 status=200 "
        "service=http");
    EXPECT_EQ(lines.read("Feb  6 12:12:56 lb haproxy[14]: ::ffff:192.0.2.1:33313 "
                         "[06/Feb/2009:12:12:51.443] fnt bck/s1 0/0/5007 212 -- 0/0/0/0/3 0/0"),
              "2009-02-06T12:12:51.443 for=5s7ms peer=192.0.2.1:33313 section=fnt out=212 "
              "service=tcp");
    EXPECT_EQ(lines.read("Feb  6 12:14:14 lb haproxy[14]: 192.0.2.1:3 [06/Feb/2009:12:14:14.655] "
                         "w w/s 1/0/3/6/+9 200 +27 - - ---- 1/1/1/1/0 0/0 \"x\""),
              "2009-02-06T12:14:14.655 for=9ms peer=192.0.2.1:3 section=w out=27 status=incomplete "
              "service=http");
    EXPECT_EQ(lines.read("Feb  6 12:14:14 lb haproxy[14]: Server web/s1 is DOWN."), "other");
    EXPECT_EQ(lines.read("Feb  6 12:14:14 lb haproxy[14]: 192.0.2.1:3 [06/Feb/2009:12:14:14.655] "
                         "w w/s 1/0/3/6/9 200 -27 - - ---- 1/1/1/1/0 0/0 \"x\""),
              "bad: a volume, count or status is no number");
}

// Otherwise the port is the last group of another address.
TEST(Haproxy, HasAPortBehindAnAddressWithoutBrackets) {
    Lines lines("haproxy");
    EXPECT_EQ(lines.read("Feb  6 12:14:14 lb haproxy[14]: 2001:db8::7:3331 "
                         "[06/Feb/2009:12:14:14.655] web web/s1 0/0/9 212 -- 0/0/0/0/3 0/0"),
              "2009-02-06T12:14:14.655 for=9ms peer=2001:db8::7:3331 section=web out=212 "
              "service=tcp");
    Lines elb("elb");
    EXPECT_EQ(elb.read("https 2024-05-01T12:00:00.5Z app/lb 2001:db8::7:3331 10.0.0.1:80 0.1 0.2 "
                       R"(0.3 200 200 34 366 "GET" "x" c p g "t" "a.example" "-")"),
              "2024-05-01T12:00:00.5Z for=600ms peer=2001:db8::7:3331 domain=a.example "
              "section=app/lb in=34 out=366 status=200 service=http domain?");
}

TEST(W3c, HasTheFieldsThatItNames) {
    Lines lines("w3c");
    const std::string line =
        "2024-05-01 12:00:00 192.0.2.80 GET /a 443 ann 192.0.2.1 a.example 200 1234 300 15";
    EXPECT_EQ(lines.read(line), "bad: the line that names the fields is missing");
    EXPECT_EQ(lines.read("#Software: Microsoft Internet Information Services 10.0"), "other");
    EXPECT_EQ(
        lines.read("#Fields: date time s-ip cs-method cs-uri-stem s-port cs-username c-ip cs-host "
                   "sc-status sc-bytes cs-bytes time-taken"),
        "other");
    const std::string expected =
        "2024-05-01T12:00:00Z for=15ms peer=192.0.2.1 server=192.0.2.80:443 user=ann "
        "domain=a.example "
        "in=300 out=1234 status=200 service=http domain?";
    EXPECT_EQ(lines.read(line), expected);
    EXPECT_EQ(lines.read(line.substr(0, line.size() - 3)), "bad: no line of this format");
    EXPECT_EQ(lines.read(line + " 7"), "bad: no line of this format");
    Lines after_restart("w3c");
    ASSERT_TRUE(after_restart.reader().restore(lines.reader().save()).has_value());
    EXPECT_EQ(after_restart.read(line), expected);
    EXPECT_FALSE(after_restart.reader().restore("\xff").has_value());
}

TEST(W3c, OfCloudFrontHasTabsAndSeconds) {
    Lines lines("w3c");
    (void)lines.read(
        "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) sc-status "
        "x-host-header cs-bytes time-taken");
    EXPECT_EQ(
        lines.read(
            "2019-12-04\t21:02:31\tLAX1\t392\t192.0.2.100\tGET\td1.net\t200\ta.example\t23\t0.5"),
        "2019-12-04T21:02:31Z for=500ms peer=192.0.2.100 domain=a.example in=23 out=392 "
        "status=200 service=http domain?");
}

TEST(W3c, ALineWithoutADateHasThatOfTheFile) {
    Lines lines("w3c");
    EXPECT_EQ(lines.read("#Fields: time c-ip sc-bytes"), "other");
    EXPECT_EQ(lines.read("00:00:01 192.0.2.1 7"), "bad: the time stamp cannot be read");
    EXPECT_EQ(lines.read("#Date: 2013-07-30 00:00:00"), "other");
    EXPECT_EQ(lines.read("00:00:01 192.0.2.1 7"),
              "2013-07-30T00:00:01Z peer=192.0.2.1 out=7 service=http");
    Lines after_restart("w3c");
    ASSERT_TRUE(after_restart.reader().restore(lines.reader().save()).has_value());
    EXPECT_EQ(after_restart.read("00:00:02 192.0.2.1 8"),
              "2013-07-30T00:00:02Z peer=192.0.2.1 out=8 service=http");
}

TEST(W3c, OfExchangeHasTwoBlanksAndZonesOfAddresses) {
    Lines lines("w3c");
    (void)lines.read("#Fields: date time s-ip s-port cs-username c-ip sc-bytes cs-bytes");
    EXPECT_EQ(lines.read("2024-05-01 12:00:00 fe80::1%3 444  dom\\ann 2001:db8::1%2 10 20"),
              "2024-05-01T12:00:00Z peer=2001:db8::1 server=fe80::1:444 user=dom\\ann in=20 "
              "out=10 service=http");
}

TEST(W3c, OfAdvancedLoggingHasQuotesAndLocalTimes) {
    Lines lines("w3c");
    (void)lines.read(
        "#Fields:   date-local time-local c-ip cs(User-Agent) cs(Host) sc-bytes "
        "TimeTakenMS");
    EXPECT_EQ(lines.read(R"(2012-08-15 17:00:00.363 "192.0.2.1" "a ""b"" (c) 9" "a.example" 8 5)"),
              "2012-08-15T17:00:00.363 for=5ms peer=192.0.2.1 domain=a.example out=8 "
              "service=http domain?");
    EXPECT_EQ(lines.read(R"(2012-08-15 17:00:00 "192.0.2.1" - "a.example" 8 5)"),
              "2012-08-15T17:00:00 for=5ms peer=192.0.2.1 domain=a.example out=8 service=http "
              "domain?");
    EXPECT_EQ(lines.read(R"(2012-08-15 17:00:00 192.0.2.1 "a b - 8 5)"),
              "bad: no line of this format");
}

TEST(Clouds, AnAbortedRequestHasNoOctets) {
    Lines elb("elb");
    EXPECT_EQ(elb.read("2015-05-13T23:39:43.9Z lb 192.0.2.1:2817 - -1 -1 -1 - - -1 -1 \"- - - \" "
                       "\"-\" - -"),
              "2015-05-13T23:39:43.9Z peer=192.0.2.1:2817 section=lb in=0 out=0 service=http");
    EXPECT_EQ(elb.read("2015-05-13T23:39:43.9Z lb 192.0.2.1:2817 - -1 -1 -1 - - -2 0 \"- - - \""),
              "bad: a volume, count or status is no number");
    // A damaged trace moves the fields.
    EXPECT_EQ(elb.read("https 2024-05-01T12:00:00Z lb 192.0.2.1:28 - -1 -1 -1 404 - 34 366 "
                       R"("GET" "x" c p - "t HTTP/1.1" "Agent x y" c p "a.example")"),
              "2024-05-01T12:00:00Z peer=192.0.2.1:28 section=lb in=34 out=366 status=404 "
              "service=http");
}

TEST(Clouds, HaveObjectsAndBalancers) {
    Lines s3("s3");
    EXPECT_EQ(
        s3.read(
            R"(79a59d bucket [06/Feb/2019:00:00:38 +0000] 192.0.2.3 arn:ann 3E57 REST.GET.OBJECT )"
            R"(a%20b "GET /\" 200 - 99 HTTP/1.1" 206 - 113 500 7 6 "-" "S3" -)"),
        "2019-02-06T00:00:38Z peer=192.0.2.3 user=arn:ann domain=bucket out=113 status=206 "
        "service=http");
    EXPECT_EQ(s3.read("79a59d bucket [06/Feb/2019:00:00:38 +0000] 192.0.2.3 - 3E57 OP k \"x"),
              "bad: no line of this format");
    Lines elb("elb");
    EXPECT_EQ(
        elb.read(
            R"(2015-05-13T23:39:43.945958Z lb 192.0.2.1:2817 10.0.0.1:80 0.1 0.2 0.3 200 200 34 )"
            R"(366 )"
            R"("GET http://a/ HTTP/1.1" "curl" - -)"),
        "2015-05-13T23:39:43.945958Z for=600ms peer=192.0.2.1:2817 section=lb in=34 out=366 "
        "status=200 service=http");
    EXPECT_EQ(
        elb.read(
            R"(https 2018-07-02T22:23:00.186641Z app/lb 192.0.2.1:2817 10.0.0.1:80 0.1 -1 0.3 200 )"
            R"(200 34 366 "GET \"9\" HTTP/1.1" "x 7" ECDHE TLSv1.2 arn "Root=1" "a.example" "-")"),
        "2018-07-02T22:23:00.186641Z peer=192.0.2.1:2817 domain=a.example section=app/lb in=34 "
        "out=366 status=200 service=http domain?");
}

TEST(Netfilter, HasOnePacketForALine) {
    Lines lines("netfilter");
    EXPECT_EQ(
        lines.read(
            "Jun 25 12:36:29 gw kernel: [12.3] drop IN=eth0 OUT=eth1 MAC=00:11 SRC=192.0.2.1 "
            "DST=198.51.100.1 LEN=60 TOS=0x00 TTL=64 ID=0 DF PROTO=UDP SPT=1024 DPT=53 LEN=40"),
        "06-25T12:36:29 peer=192.0.2.1:1024 server=198.51.100.1:53 section=eth0 proto=17 packets=1 "
        "in=60");
    EXPECT_EQ(
        lines.read(
            "Jun 25 12:36:29 gw kernel: IN= OUT=eth1 SRC=2001:db8::1 DST=2001:db8::2 LEN=1280 "
            "HOPLIMIT=64 PROTO=ICMPv6 TYPE=1 CODE=0 [SRC=192.0.2.9 DST=192.0.2.8 LEN=9999 PROTO=6 "
            "]"),
        "06-25T12:36:29 peer=2001:db8::1 server=2001:db8::2 section=eth1 proto=58 packets=1 "
        "in=1280");
    EXPECT_EQ(lines.read("Jun 25 12:36:29 gw kernel: eth0: link up"), "other");
    EXPECT_EQ(
        lines.read(
            "Jun 25 12:36:29 gw cron[5]: IN=eth0 SRC=192.0.2.1 DST=192.0.2.2 LEN=60 PROTO=TCP"),
        "other");
    EXPECT_EQ(lines.read("Jun 25 12:36:29 gw kernel: IN=eth0 OUT= SRC=192.0.2.1 DST=198.51.100.1 "
                         "LEN=9999999 PROTO=TCP"),
              "bad: a volume is above 2^63 - 1");
    EXPECT_EQ(
        lines.read("Jun 25 12:36:29 gw kernel: IN=eth0 OUT= SRC=192.0.2.1 DST=x LEN=60 PROTO=TCP"),
        "bad: an address is none");
}

TEST(Netfilter, ThePrefixOfTheRuleMayStandWhereTheHostDoes) {
    Lines lines("netfilter");
    EXPECT_EQ(lines.read("Jan  8 03:37:09 DENY: IN=eth0 OUT= MAC=00:11 SRC=192.0.2.1 DST=192.0.2.2 "
                         "LEN=88 PROTO=ICMP TYPE=3 CODE=3 [SRC=192.0.2.2 DST=192.0.2.9 LEN=60 ]"),
              "01-08T03:37:09 peer=192.0.2.1 server=192.0.2.2 section=eth0 proto=1 packets=1 "
              "in=88");
    EXPECT_EQ(lines.read("Jan  8 03:37:09 cron[5]: IN=eth0 OUT= SRC=192.0.2.1 DST=192.0.2.2 LEN=88 "
                         "PROTO=TCP"),
              "other");
    EXPECT_EQ(lines.read("Jan  8 03:37:09 gw kernel: CHAIN=IN=x IN=eth1 OUT= SRC=192.0.2.1 "
                         "DST=192.0.2.2 LEN=88 PROTO=TCP SPT=1 DPT=2"),
              "01-08T03:37:09 peer=192.0.2.1:1 server=192.0.2.2:2 section=eth1 proto=6 packets=1 "
              "in=88");
}

TEST(AccountingFiles, HaveRowsOfOldPrograms) {
    Lines nacctd("nacctd");
    EXPECT_EQ(
        nacctd.read("983460480\t6\t192.0.2.1\t1024\t198.51.100.1\t80\t12\t1234\teth0\tann"),
        "2001-03-01T15:28:00Z peer=192.0.2.1:1024 server=198.51.100.1:80 user=ann section=eth0 "
        "proto=6 packets=12 in=1234");
    EXPECT_EQ(nacctd.read("983460480 6 192.0.2.1 1024 198.51.100.1 80 12 -1"),
              "bad: a volume, count or status is no number");
    Lines dated("dated-bytes");
    EXPECT_EQ(dated.read("2017-01-03 06:25:03: 12345"), "2017-01-03T06:25:03 both=12345");
    EXPECT_EQ(dated.read("03/Jan/2017:06:25:03 +0100 12345"), "2017-01-03T05:25:03Z both=12345");
    EXPECT_EQ(dated.read("2017-01-03 06:25:03: -5"), "bad: a volume, count or status is no number");
    EXPECT_EQ(dated.read("03 06:25:03: 5"), "bad: the time stamp cannot be read");
}

TEST(TrafficWatch, IsReadAndWrittenWithTheSameOctets) {
    for (const std::string_view line : {"1026864622 - 0:30:ca:b8:d9:bc 192.0.2.7 198.51.100.1 41 0",
                                        "1026864622 ann - 192.0.2.7 198.51.100.1 18446744 7"}) {
        TrafficWatchTraffic traffic;
        ASSERT_EQ(read_trafficwatch(line, traffic), BadReason::none);
        EXPECT_EQ(write_trafficwatch(traffic), line);
    }
    constexpr std::string_view line = "1026864600 - 0:30:ca:b8:d9:bc 192.0.2.7";
    TrafficWatchIdentity identity;
    ASSERT_EQ(read_trafficwatch(line, identity), BadReason::none);
    EXPECT_EQ(identity.mac, "0:30:ca:b8:d9:bc");
    EXPECT_EQ(write_trafficwatch(identity), line);
    Lines lines("trafficwatch");
    EXPECT_EQ(lines.read("1026864622 ann 0:30:ca:b8:d9:bc 192.0.2.7 198.51.100.1 41 7"),
              "2002-07-17T00:10:22Z peer=192.0.2.7 server=198.51.100.1 user=ann "
              "mac=0:30:ca:b8:d9:bc in=7 out=41");
}

TEST(TrafficWatch, RefusesOtherLines) {
    TrafficWatchTraffic traffic;
    EXPECT_EQ(read_trafficwatch("1026864622 - - 192.0.2.7 198.51.100.1 41", traffic),
              BadReason::number);
    EXPECT_EQ(read_trafficwatch("1026864622 - - 192.0.2.7 198.51.100.1 41 0 1", traffic),
              BadReason::number);
    EXPECT_EQ(read_trafficwatch("1026864622.5 - - 192.0.2.7 198.51.100.1 41 0", traffic),
              BadReason::time);
    EXPECT_EQ(read_trafficwatch("1026864622 - zz 192.0.2.7 198.51.100.1 41 0", traffic),
              BadReason::address);
    EXPECT_EQ(read_trafficwatch("1026864622 - - 192.0.2.7  41 0", traffic), BadReason::shape);
    TrafficWatchIdentity identity;
    EXPECT_EQ(read_trafficwatch("1026864600 - - 192.0.2.7 ", identity), BadReason::shape);
    EXPECT_EQ(read_trafficwatch("1026864600 - - 192.0.2.7 x", identity), BadReason::shape);
}

TEST(JsonLogs, HaveNestedMembersAndEscapes) {
    Lines caddy("caddy");
    EXPECT_EQ(
        caddy.read(
            R"({"level":"info","ts":1646861401.52,"logger":"http.log.access","request":)"
            R"({"remote_ip":)"
            R"("192.0.2.1","remote_port":"41342","host":"a.example:443","uri":"/\",\"size\":7",)"
            R"("headers":{"User-Agent":["x","size"]}},"bytes_read":3,"user_id":)"
            R"("\u0061nn\ud83d\ude00",)"
            R"("duration":0.25,"size":9,"status":200})"),
        "2022-03-09T21:30:01.52Z for=250ms peer=192.0.2.1:41342 user=ann\xf0\x9f\x98\x80 "
        "domain=a.example in=3 out=9 "
        "status=200 service=http domain?");
    EXPECT_EQ(caddy.read(R"({"level":"info","ts":1646861401.52,"msg":"serving"})"), "other");
    EXPECT_EQ(caddy.read(R"({"ts":1646861401.52,"size":9)"), "bad: no line of this format");
    EXPECT_EQ(caddy.read(R"({"ts":1646861401.52,"size":-9})"),
              "bad: a volume, count or status is no number");
    EXPECT_EQ(caddy.read(R"({"ts":"x","size":9})"), "bad: the time stamp cannot be read");
    EXPECT_EQ(caddy.read(R"({"size":9})"), "bad: the time stamp cannot be read");
    EXPECT_EQ(caddy.read(std::string(100'000, '[')), "bad: no line of this format");
    std::string deep = "{\"a\":";
    for (int i = 0; i < 100; ++i) deep += "{\"a\":";
    EXPECT_EQ(caddy.read(deep), "bad: no line of this format");
    Lines traefik("traefik-json");
    EXPECT_EQ(
        traefik.read(R"({"ClientHost":"192.0.2.1","ClientUsername":"-","RequestHost":"a.example",)"
                     R"("DownstreamContentSize":9,"RequestContentSize":3,"DownstreamStatus":200,)"
                     R"("Duration":1500000,"StartUTC":"2024-05-01T12:00:00.5Z","time":"x"})"),
        "2024-05-01T12:00:00.5Z for=1ms500us peer=192.0.2.1 domain=a.example in=3 out=9 status=200 "
        "service=http domain?");
}

TEST(JsonLogs, OfCaddyHaveOtherFormsOfTimes) {
    Lines caddy("caddy");
    EXPECT_EQ(caddy.read(R"({"ts":1646861401523.25,"duration":"12.5ms","size":9})"),
              "2022-03-09T21:30:01.523Z for=12ms500us out=9 service=http");
    EXPECT_EQ(caddy.read(R"({"ts":1646861401,"duration":"1m2.5s","size":9})"),
              "2022-03-09T21:30:01Z out=9 service=http");
}

TEST(MappedLogs, AreReadByTheNamesThatTheUserStates) {
    Lines json("json", "time=ts user=who in=rx out=tx client=src layer=7");
    EXPECT_EQ(
        json.read(
            R"({"ts":"2024-05-01 12:00:00","who":"ann","rx":1,"tx":"2","src":"192.0.2.1:80"})"),
        "2024-05-01T12:00:00 peer=192.0.2.1:80 user=ann in=1 out=2");
    Lines csv("csv", "time=date user=who in=rx out=tx separator=;");
    EXPECT_EQ(csv.read("2024-05-01 12:00:00;ann;1;2"),
              "bad: the line that names the fields is missing");
    EXPECT_EQ(csv.read("date;tx;who;rx"), "other");
    EXPECT_EQ(csv.read("2024-05-01 12:00:00;2;\"a;\"\"nn\";1\r"),
              "2024-05-01T12:00:00 user=a;\"nn in=1 out=2");
    EXPECT_EQ(csv.read("2024-05-01 12:00:00;2"), "bad: no line of this format");
    EXPECT_EQ(csv.read("2024-05-01 12:00:00;2;\"ann;1"), "bad: no line of this format");
    Lines again("csv", "time=date user=who in=rx out=tx separator=;");
    ASSERT_TRUE(again.reader().restore(csv.reader().save()).has_value());
    EXPECT_EQ(again.read("2024-05-01 12:00:00;2;ann;1"), "2024-05-01T12:00:00 user=ann in=1 out=2");
    EXPECT_FALSE(again.reader().restore("x").has_value());
    Lines total("csv", "time=1 both=2 in=3");
    EXPECT_EQ(total.read("2024-05-01 12:00:00,70,30"), "2024-05-01T12:00:00 in=30 out=40");
    EXPECT_EQ(total.read("2024-05-01 12:00:00,30,70"),
              "bad: a volume, count or status is no number");
    Lines numbers("csv", "time=1 both=2");
    EXPECT_EQ(numbers.read("2024-05-01 12:00:00,7,x"), "2024-05-01T12:00:00 both=7");
    EXPECT_FALSE(open_reader("csv", {"time=1"}).has_value());
    EXPECT_FALSE(open_reader("csv", {"time=1 in=2 nothing=3"}).has_value());
    EXPECT_FALSE(open_reader("json", {"in"}).has_value());
    EXPECT_FALSE(open_reader("csv", {"in=1 separator=ab"}).has_value());
    EXPECT_FALSE(open_reader("csv", {"in=1 layer=4"}).has_value());
}

TEST(MappedLogs, OfPmacctAndUlogdHavePackets) {
    Lines csv("pmacct-csv");
    EXPECT_EQ(csv.read("SRC_IP,DST_IP,SRC_PORT,DST_PORT,PROTOCOL,PACKETS,BYTES"), "other");
    EXPECT_EQ(csv.read("192.0.2.1,198.51.100.1,1024,80,tcp,12,1234"),
              "no time peer=192.0.2.1:1024 server=198.51.100.1:80 proto=6 packets=12 in=1234");
    Lines json("pmacct-json");
    EXPECT_EQ(json.read(R"({"event_type":"purge_init","writer_pid":7})"), "other");
    EXPECT_EQ(
        json.read(
            R"({"ip_src":"192.0.2.1","ip_dst":"198.51.100.1","ip_proto":"UDP","port_src":5,)"
            R"("port_dst":53,"stamp_inserted":"2024-05-01 12:05:00","packets":12,"bytes":1234})"),
        "2024-05-01T12:05:00 peer=192.0.2.1:5 server=198.51.100.1:53 proto=17 packets=12 in=1234");
    Lines ulogd("ulogd-gprint");
    EXPECT_EQ(
        ulogd.read(
            "timestamp=2024/05/01-12:00:00,orig.ip.saddr=192.0.2.1,orig.ip.daddr=198.51.100.1,"
            "orig.ip.protocol=6,orig.l4.sport=5,orig.l4.dport=80,orig.raw.pktlen=1234,"
            "orig.raw.pktcount=3,reply.raw.pktlen=99"),
        "2024-05-01T12:00:00 peer=192.0.2.1:5 server=198.51.100.1:80 proto=6 in=1234 out=99");
}

}  // namespace
}  // namespace octroi::logline
