// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/formats.hpp"

#include <gtest/gtest.h>

#include <map>

#include "wire/log/testing/read_lines.hpp"

namespace octroi::logline {
namespace {

// The lines that must come before the example of a format.
const std::map<std::string_view, std::string_view> first_lines{
    {"pmacct-csv", "SRC_IP,DST_IP,SRC_PORT,DST_PORT,PROTOCOL,PACKETS,BYTES"},
    {"w3c",
     "#Fields: date time s-ip cs-method cs-uri-stem s-port cs-username c-ip sc-status sc-bytes "
     "cs-bytes time-taken"},
};

TEST(Formats, HaveExamplesThatGiveAnEntry) {
    for (const Format& format : formats()) {
        SCOPED_TRACE(format.name);
        EXPECT_EQ(find_format(format.name), &format);
        EXPECT_FALSE(format.help.empty());
        if (format.needs_pattern) {
            // Then the example is a pattern.
            EXPECT_TRUE(open_reader(format.name, {std::string(format.example)}).has_value());
            continue;
        }
        testing::Lines lines(format.name);
        if (const auto first = first_lines.find(format.name); first != first_lines.end()) {
            EXPECT_EQ(lines.read(first->second), "other");
        }
        const std::string entry = lines.read(format.example);
        EXPECT_TRUE(entry.contains(" in=") || entry.contains(" out=") || entry.contains(" both="))
            << entry;
        EXPECT_FALSE(format.name == "w3c" && lines.reader().save().empty());
    }
}

TEST(Formats, AreRefusedWithWhatToDoNext) {
    const auto error = [](std::string_view name, std::string pattern) {
        const auto reader = open_reader(name, {std::move(pattern)});
        return reader ? std::string() : reader.error().text;
    };
    EXPECT_TRUE(error("iis", "").contains("does not exist"));
    EXPECT_TRUE(error("iis", "").contains("xferlog"));
    EXPECT_TRUE(error("apache", "").contains("needs a pattern"));
    EXPECT_TRUE(error("clf", "%h").contains("is fixed"));
    EXPECT_EQ(error("clf", ""), "");
}

TEST(Formats, WithoutStateRefuseOne) {
    const auto reader = open_reader("clf", {});
    ASSERT_TRUE(reader.has_value());
    EXPECT_EQ((*reader)->save(), "");
    EXPECT_TRUE((*reader)->restore("").has_value());
    EXPECT_FALSE((*reader)->restore("x").has_value());
}

}  // namespace
}  // namespace octroi::logline
