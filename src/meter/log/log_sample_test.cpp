// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/log_sample.hpp"

#include <gtest/gtest.h>

#include "wire/log/formats.hpp"

namespace octroi::logs {
namespace {

LogSample sample(std::string_view format, std::string_view text) {
    const auto reader = logline::open_reader(format, {});
    EXPECT_TRUE(reader);
    return sample_lines(**reader, text);
}

constexpr const char* good =
    "192.0.2.1 - - [29/May/2017:19:02:48 +0000] \"GET / HTTP/1.1\" 200 612\n";

TEST(LogSample, CountsWholeLines) {
    const LogSample two = sample("clf", std::string(good) + good + "192.0.2.1 - - [29/M");
    EXPECT_EQ(two.traffic, 2U);
    EXPECT_EQ(two.bad, 0U) << "the last line is cut off by the end of the sample";
    EXPECT_TRUE(two.fits());
    EXPECT_TRUE(two.has_client);
    EXPECT_FALSE(sample("vhost-combined", good).has_client) << "the client is read as the site";
    EXPECT_FALSE(two.has_domain);
    EXPECT_FALSE(two.states_in);
    EXPECT_FALSE(sample("clf", "").fits());
}

TEST(LogSample, FitsWithFewBadLines) {
    std::string text;
    for (int i = 0; i < 3; ++i) text += good;
    EXPECT_TRUE(sample("clf", text + "damaged\n").fits());
    const LogSample worse = sample("clf", text + "damaged\ndamaged\n");
    EXPECT_FALSE(worse.fits());
    EXPECT_EQ(worse.first_bad, logline::BadReason::shape);
}

TEST(LogSample, SaysWhetherTheSiteIsThatOfTheServer) {
    EXPECT_TRUE(sample("vhost-combined", std::string("www.example.org ") + good).has_domain);
    const auto caddy = sample("caddy", std::string(logline::find_format("caddy")->example) + "\n");
    EXPECT_FALSE(caddy.has_domain);
    EXPECT_EQ(caddy.client_domain, "a.example");
    EXPECT_TRUE(caddy.states_in);
}

}  // namespace
}  // namespace octroi::logs
