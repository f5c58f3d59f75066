// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "wire/log/access_format.hpp"
#include "wire/log/testing/read_lines.hpp"

namespace octroi::logline {
namespace {

using testing::Lines;

TEST(ApacheFormat, CountsAllOctetsIfTheFormatStatesThem) {
    Lines lines("apache", R"(%v:%p %h %l %u %t "%r" %>s %b %I %O "%{User-Agent}i" %D)");
    EXPECT_EQ(lines.read(R"(example.com:443 192.0.2.1 - ann [29/May/2017:19:02:48 +0000] )"
                         R"("GET / HTTP/1.1" 200 612 300 900 "a \"b\" 5" 1500)"),
              "2017-05-29T19:02:48Z for=1ms500us peer=192.0.2.1 server=:443 user=ann "
              "domain=example.com in=300 out=900 status=200 service=http");
}

TEST(ApacheFormat, TheBodyCountsWithoutThem) {
    Lines lines("apache", R"(%h %l %u %t \"%r\" %>s %B)");
    EXPECT_EQ(lines.read(R"(192.0.2.1 - - [29/May/2017:19:02:48 +0000] "GET / HTTP/1.1" 200 612)"),
              "2017-05-29T19:02:48Z peer=192.0.2.1 out=612 status=200 service=http");
}

TEST(ApacheFormat, TheSumOfBothDirectionsIsDividedIfOneIsKnown) {
    Lines sum("apache", "%h %t %S");
    EXPECT_EQ(sum.read("192.0.2.1 [29/May/2017:19:02:48 +0000] 1000"),
              "2017-05-29T19:02:48Z peer=192.0.2.1 both=1000 service=http");
    Lines divided("apache", "%h %t %I %S");
    EXPECT_EQ(divided.read("192.0.2.1 [29/May/2017:19:02:48 +0000] 400 1000"),
              "2017-05-29T19:02:48Z peer=192.0.2.1 in=400 out=600 service=http");
    EXPECT_EQ(divided.read("192.0.2.1 [29/May/2017:19:02:48 +0000] 1001 1000"),
              "bad: a volume, count or status is no number");
    Lines body("apache", "%h %t %b %S");
    EXPECT_EQ(body.read("192.0.2.1 [29/May/2017:19:02:48 +0000] 400 1000"),
              "2017-05-29T19:02:48Z peer=192.0.2.1 both=1000 service=http");
}

TEST(ApacheFormat, PartsOfTheRequestMayTouch) {
    Lines lines("apache", R"(%a %u %t "%m %U%q %H" %s %b %^FB %{x}^ti)");
    EXPECT_EQ(lines.read(R"(192.0.2.1 ann [29/May/2017:19:02:48 +0000] "GET /a?b HTTP/1.1" 200 61 )"
                         "15 -"),
              "2017-05-29T19:02:48Z peer=192.0.2.1 user=ann out=61 status=200 service=http");
}

// Apache escapes the quotes in a path.
TEST(ApacheFormat, APathThatImitatesTheEndOfTheRequestChangesNothing) {
    Lines lines("apache", R"(%a %t "%m %U %H" %s %b %{Referer}i)");
    EXPECT_EQ(
        lines.read(
            R"(192.0.2.1 [29/May/2017:19:02:48 +0000] "GET /a x\" 200 9999 - HTTP/1.1" 404 61 -)"),
        "2017-05-29T19:02:48Z peer=192.0.2.1 out=61 status=404 service=http");
}

TEST(ApacheFormat, ThePeerIsTheClientIfThereIsNoOther) {
    Lines peer("apache", "%{c}a %t %O");
    EXPECT_EQ(peer.read("192.0.2.1 [29/May/2017:19:02:48 +0000] 5"),
              "2017-05-29T19:02:48Z peer=192.0.2.1 out=5 service=http");
    Lines both("apache", "%{c}a %a %t %O");
    EXPECT_EQ(both.read("192.0.2.1 192.0.2.2 [29/May/2017:19:02:48 +0000] 5"),
              "2017-05-29T19:02:48Z peer=192.0.2.2 out=5 service=http");
}

TEST(ApacheFormat, HasTimesInEveryForm) {
    Lines parts("apache", "%{%Y-%m-%dT%H:%M:%S}t.%{msec_frac}t%{%z}t %h %O");
    EXPECT_EQ(parts.read("2017-05-29T19:02:48.123-0200 h 5"),
              "2017-05-29T21:02:48.123Z peer=h out=5 service=http");
    Lines names("apache", "%{%d %b %Y %T}t %h %O");
    EXPECT_EQ(names.read("29 May 2017 19:02:48 h 5"),
              "2017-05-29T19:02:48 peer=h out=5 service=http");
    EXPECT_EQ(names.read("31 Jun 2017 19:02:48 h 5"), "bad: the time stamp cannot be read");
    Lines micro("apache", "%{usec}t %h %O");
    EXPECT_EQ(micro.read("1496084568123456 h 5"),
              "2017-05-29T19:02:48.123456Z peer=h out=5 service=http");
}

TEST(ApacheFormat, ANameInJsonEndsAtItsQuote) {
    Lines lines("apache",
                R"({"time":"%{%s}t","host":"%{Host}i","agent":"%{User-Agent}i","out":%O})");
    EXPECT_EQ(
        lines.read(
            R"({"time":"1496084568","host":"a.example:80","agent":"\",\"out\":99}","out":5})"),
        "2017-05-29T19:02:48Z domain=a.example out=5 service=http domain?");
}

TEST(ApacheFormat, TheNameOfTheServerIsPreferred) {
    Lines lines("apache", R"(%{Host}i %v %t %O)");
    EXPECT_EQ(lines.read("forged.example real.example [29/May/2017:19:02:48 +0000] 7"),
              "2017-05-29T19:02:48Z domain=real.example out=7 service=http");
}

TEST(ApacheFormat, TextWithBlanksEndsWhereTheRestFits) {
    Lines lines("apache", "%h %u %t %{User-Agent}i %O %D");
    EXPECT_EQ(lines.read("h ann b [29/May/2017:19:02:48 +0000] Mozilla 5 6 (X11 8) 900 1"),
              "2017-05-29T19:02:48Z for=1us peer=h user=ann b out=900 service=http");
}

TEST(ApacheFormat, ALineThatFitsNowhereEndsSoon) {
    Lines lines("apache", "%a %u %{x}i %{y}i %{z}i %t %O");
    EXPECT_EQ(lines.read(std::string(200'000, ' ') + "x"), "bad: no line of this format");
}

TEST(ApacheFormat, MistakesAreNamed) {
    const auto error = [](std::string_view pattern) {
        const auto compiled = compile_apache(pattern);
        return compiled ? std::string("none") : compiled.error().text;
    };
    EXPECT_TRUE(error("%h %t").contains("no field states octets"));
    EXPECT_TRUE(error("%h %O").contains("no field states the time"));
    EXPECT_TRUE(error("%h%u %t %O").contains("nothing between them"));
    EXPECT_TRUE(error("%h %t %O %{x").contains("incomplete"));
    EXPECT_TRUE(error("%h %{%Q}t %O").contains("'%Q'"));
    EXPECT_EQ(error("%h %t %O"), "none");
}

TEST(NginxFormat, HasVariablesOfBothDirections) {
    Lines lines("nginx",
                R"($remote_addr $server_name [$time_local] "$request" ${status} $bytes_sent )"
                R"($request_length "$http_user_agent" rt=$request_time u="$upstream_addr")");
    EXPECT_EQ(
        lines.read(R"(192.0.2.1 example.com [29/May/2017:19:02:48 +0000] "GET / HTTP/1.1" 200 )"
                   R"(900 300 "x" rt=0.250 u="10.0.0.1:80, 10.0.0.2:80")"),
        "2017-05-29T19:02:48Z for=250ms peer=192.0.2.1 domain=example.com in=300 out=900 "
        "status=200 service=http");
}

TEST(NginxFormat, AHostEndsWhereThePathBegins) {
    Lines lines("nginx",
                R"($time_iso8601 "$scheme://$host$request_uri" $status $bytes_sent $remote_addr)");
    EXPECT_EQ(lines.read("2017-05-29T19:02:48+02:00 "
                         R"("https://a.example:8443/b/c?d=e//f" 200 1234 192.0.2.1)"),
              "2017-05-29T17:02:48Z peer=192.0.2.1 domain=a.example out=1234 status=200 "
              "service=http domain?");
    EXPECT_EQ(lines.read(R"(2017-05-29T19:02:48+02:00 "http://" 400 0 192.0.2.1)"),
              "2017-05-29T17:02:48Z peer=192.0.2.1 out=0 status=400 service=http");
}

TEST(NginxFormat, IsAlsoReadAsADirective) {
    Lines lines("nginx",
                "log_format main escape=default '$remote_addr - $remote_user [$time_iso8601] '\n"
                "  '\"$request\" $status $body_bytes_sent $host';");
    EXPECT_EQ(lines.read(R"(192.0.2.1 - ann [2017-05-29T19:02:48+02:00] "G" 200 5 a.example)"),
              "2017-05-29T17:02:48Z peer=192.0.2.1 user=ann domain=a.example out=5 status=200 "
              "service=http domain?");
}

TEST(SquidFormat, HasTheNativeFormat) {
    Lines lines("squid");
    EXPECT_EQ(lines.read("1259844091.407    307 192.0.2.1 TCP_MISS/200 1015 GET http://e.org/ ann "
                         "DIRECT/192.0.2.80 text/css"),
              "2009-12-03T12:41:31.407Z for=307ms peer=192.0.2.1 user=ann out=1015 status=200 "
              "service=proxy");
    EXPECT_EQ(lines.read("<40>Dec 21 07:49:02 host squid[54]: 1259844091.407    -3 192.0.2.1 "
                         "TCP_DENIED/407 99 CONNECT e.org:443 bob HIER_NONE/- -"),
              "2009-12-03T12:41:31.407Z for=0s peer=192.0.2.1 user=bob out=99 status=407 "
              "service=proxy user?");
    EXPECT_EQ(lines.read("1259844091.407 307 192.0.2.1 TCP_MISS/200 1015 GET"),
              "bad: no line of this format");
}

TEST(SquidFormat, CountsBothDirectionsIfTheFormatDoes) {
    Lines lines("squid-format",
                R"([%tl] %>a:%>p "%[un" %>Hs/%Ss %>st %<st %{5}tr "%{User-Agent}>h")");
    EXPECT_EQ(
        lines.read(
            R"([29/May/2017:19:02:48 +0000] 192.0.2.1:4711 "ann" 200/TCP_MISS 300 900 5 "x")"),
        "2017-05-29T19:02:48Z for=5ms peer=192.0.2.1:4711 user=ann in=300 out=900 status=200 "
        "service=proxy");
    EXPECT_FALSE(compile_squid("%ts %Q %<st").has_value());
}

TEST(SquidFormat, HasCodesOfGroups) {
    Lines lines("squid-format",
                "%ts.%03tu %>a %http::<st %un %ssl::>sni %ssl::bump_mode/%icap::tt "
                "%{x}adapt::<last_h %credentials");
    EXPECT_EQ(lines.read("1259844091.407 192.0.2.1 900 ann a.example peek/5 - x"),
              "2009-12-03T12:41:31.407Z peer=192.0.2.1 user=ann out=900 service=proxy");
}

TEST(HaproxyFormat, HasBothDirectionsAndTheListener) {
    Lines lines("haproxy-format",
                R"(%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %U %fi:%fp )"
                R"(%{+Q}[req.hdr(host)] %{+Q}r)");
    EXPECT_EQ(lines.read("Feb  6 12:14:14 lb haproxy[14]: 192.0.2.1:33317 "
                         "[06/Feb/2009:12:14:14.655] web~ web/s1 10/0/30/69/109 200 2750 310 "
                         R"(198.51.100.7:443 "a.example" "GET / HTTP/1.1")"),
              "2009-02-06T12:14:14.655 for=109ms peer=192.0.2.1:33317 "
              "server=198.51.100.7:443 domain=a.example section=web~ in=310 out=2750 status=200 "
              "service=http domain?");
    EXPECT_EQ(lines.read("Proxy web started."), "bad: no line of this format");
}

TEST(HaproxyFormat, OfTcpHasNoStatus) {
    Lines lines("haproxy-format", R"(%ci\ [%Tl]\ %B\ %U\ %Tt)");
    EXPECT_EQ(lines.read("2001:db8::1 [06/Feb/2009:12:14:14 +0100] 99 7 1000"),
              "2009-02-06T11:14:14Z for=1s peer=2001:db8::1 in=7 out=99 service=tcp");
    // The line came before the end of the answer.
    EXPECT_EQ(lines.read("2001:db8::1 [06/Feb/2009:12:14:14 +0100] +99 7 1000"),
              "bad: a volume, count or status is no number");
}

TEST(HaproxyFormat, IsRefusedWhereItCannotBeRead) {
    EXPECT_FALSE(compile_haproxy("%ci [%t] %ST").has_value()) << "no volume";
    EXPECT_FALSE(compile_haproxy("%ci %B").has_value()) << "no time";
    EXPECT_FALSE(compile_haproxy("%{+Q}o %ci [%t] %B").has_value());
    EXPECT_FALSE(compile_haproxy("%ci [%t] %B %zz").has_value());
    EXPECT_FALSE(compile_haproxy("%ci%b [%t] %B").has_value()) << "nothing between two texts";
    EXPECT_TRUE(
        compile_haproxy("%ci [%t] %B %[capture.req.hdr(0)] %{-Q}[src,map(a[1])] %%").has_value());
}

TEST(Lighttpd, HasTheHostBehindTheClient) {
    Lines lines("lighttpd");
    EXPECT_EQ(lines.read(
                  R"(192.0.2.1 example.com - [29/May/2017:19:02:48 +0000] "GET /" 200 61 "-" "x")"),
              "2017-05-29T19:02:48Z peer=192.0.2.1 domain=example.com out=61 status=200 "
              "service=http domain?");
}

}  // namespace
}  // namespace octroi::logline
