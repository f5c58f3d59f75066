// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/listen.hpp"

#include <gtest/gtest.h>

namespace octroi {
namespace {

std::string again(std::string_view text) {
    const auto listen = parse_listen(text);
    return listen ? to_string(*listen) : "refused";
}

TEST(Listen, HasSeveralForms) {
    EXPECT_EQ(again("2055"), "udp/2055");
    EXPECT_EQ(again("udp/6343"), "udp/6343");
    EXPECT_EQ(again("tcp/4739"), "tcp/4739");
    EXPECT_EQ(again("tls/4740"), "tls/4740");
    EXPECT_EQ(again("192.0.2.1:2055"), "udp/192.0.2.1:2055");
    EXPECT_EQ(again("udp/[2001:db8::1]:2055"), "udp/[2001:db8::1]:2055");
}

TEST(Listen, RefusesOtherTexts) {
    for (const char* text : {"", "0", "65536", "udp", "sctp/4739", "udp/x:2055", "20 55", "2055 "})
        EXPECT_EQ(again(text), "refused") << text;
}

TEST(HttpListen, IsAnAddressAndAPort) {
    const auto again_http = [](std::string_view text) {
        const auto listen = parse_http_listen(text);
        return listen ? to_string(*listen) : "refused";
    };
    EXPECT_EQ(again_http("127.0.0.1:9465"), "tcp/127.0.0.1:9465");
    EXPECT_EQ(again_http("[::1]:9465"), "tcp/[::1]:9465");
    EXPECT_EQ(again_http(":9465"), "tcp/9465");
    for (const char* text : {"", "9465", "tcp/9465", "localhost:9465", "127.0.0.1:", "127.0.0.1:0",
                             "127.0.0.1:65536", "::9465x"})
        EXPECT_EQ(again_http(text), "refused") << text;
}

}  // namespace
}  // namespace octroi
