// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/export_target.hpp"

#include <gtest/gtest.h>

#include "config/parse.hpp"
#include "config/testing/sample_kinds.hpp"

namespace octroi {
namespace {

TEST(ExportTarget, IsReadAndWrittenAlike) {
    for (const char* text : {"udp/192.0.2.1:2055", "udp/[2001:db8::1]:4739",
                             "tcp/collector.example:4739", "file:/tmp/a:b.ipfix"}) {
        const auto target = parse_export_target(text);
        ASSERT_TRUE(target.has_value()) << text;
        EXPECT_EQ(to_string(*target), text);
    }
    EXPECT_EQ(parse_export_target("udp/[2001:db8::1]:4739")->host, "2001:db8::1");
    EXPECT_EQ(parse_export_target("file:x")->path, "x");
}

TEST(ExportTarget, WhatIsWrongIsSaid) {
    for (const char* text : {"", "udp/", "udp/:1", "udp/host", "udp/host:0", "udp/host:65536",
                             "udp/host:1x", "file:", "sctp/host:1", "host:1"}) {
        const auto target = parse_export_target(text);
        ASSERT_FALSE(target.has_value()) << text;
        EXPECT_EQ(target.error().code, ErrorCode::invalid);
        EXPECT_NE(target.error().text.find("udp/192.0.2.1:2055"), std::string::npos);
    }
}

TEST(ExportTarget, NetFlowIsNotSentByTcp) {
    const auto tcp = parse_export_target("tcp/host:1");
    EXPECT_TRUE(check_export(*tcp, export_format("ipfix")).has_value());
    EXPECT_FALSE(check_export(*tcp, export_format("v9")).has_value());
    EXPECT_FALSE(check_export(*tcp, export_format("v5")).has_value());
    EXPECT_TRUE(check_export(*parse_export_target("udp/h:1"), export_format("v5")).has_value());
}

TEST(ExportTarget, ASectionNamesAMeterThatIsThereAndAFormatThatCanBeSent) {
    const std::string meter = "[[meter]]\nname = \"up\"\n[[export]]\n";
    const auto problem = [&](const std::string& section) -> std::string {
        const auto config =
            parse_config(meter + section, "x.toml", octroi::testing::sample_table());
        return config ? "" : config.error().text;
    };
    EXPECT_EQ(problem("to = \"udp/h:1\"\nformat = \"v5\"\nmeter = \"up\"\n"), "");
    EXPECT_NE(problem("to = \"udp/h:1\"\nmeter = \"down\"\n").find("'down'"), std::string::npos);
    // Where no meter is configured, one of the default kind runs and has its name.
    const std::string kind(octroi::testing::sample_table().default_kind());
    const auto alone = [&](const std::string& name) {
        return parse_config("[[export]]\nto = \"udp/h:1\"\nmeter = \"" + name + "\"\n", "x.toml",
                            octroi::testing::sample_table())
            .has_value();
    };
    EXPECT_TRUE(alone(kind));
    EXPECT_FALSE(alone("up"));
    EXPECT_NE(problem("to = \"udp/h:1\"\nmeter = \"" + kind + "\"\n"), "");
    EXPECT_NE(problem("to = \"tcp/h:1\"\nformat = \"v9\"\n").find("UDP only"), std::string::npos);
    EXPECT_NE(problem("to = \"h:1\"\n").find("no destination of exports"), std::string::npos);
    EXPECT_NE(problem("format = \"v9\"\n").find("to"), std::string::npos);
}

}  // namespace
}  // namespace octroi
