// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/class_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "config/config.hpp"
#include "host/log.hpp"
#include "service/attribution.hpp"
#include "service/testing/temporary_ledger.hpp"

namespace octroi {
namespace {

using octroi::testing::noon;
using octroi::testing::TemporaryLedger;
using ::testing::HasSubstr;

class ClassFileTest : public ::testing::Test {
protected:
    std::string write(const char* name, const std::string& content) {
        const std::string path = folder_.file(name);
        std::ofstream(path, std::ios::binary) << content;
        return path;
    }
    // "10.0.0.0/8 a\n…", or the error.
    std::string load(std::vector<std::string> files, bool partial = false) {
        problems_ = false;
        const auto loaded =
            read_classes({.files = std::move(files), .default_class = "world", .partial = partial});
        if (!loaded) return loaded.error().text;
        problems_ = loaded->problems;
        std::string text;
        for (const ClassRoute& route : loaded->table.routes)
            text += to_string(route.prefix) + ' ' + loaded->table.classes[route.class_index] + '\n';
        return text;
    }

    const testing::Folder folder_;
    bool problems_ = false;
};

TEST_F(ClassFileTest, AFileWithErrorsIsRefusedAsAWholeUnlessPartial) {
    struct Case {
        const char* name;
        const char* list;
        const char* rest;
    };
    for (const Case& c : {
             Case{"bits after the length", "10.0.0.0/8 a\n11.0.0.1/8 b\n", "10.0.0.0/8 a\n"},
             Case{"no route", "10.0.0.0/8 a\nhello world\n12.0.0.0/8 b\n",
                  "10.0.0.0/8 a\n12.0.0.0/8 b\n"},
             Case{"two classes", "10.0.0.0/8 a\n11.0.0.0/8 a\n10.0.0.0/8 b\n", "11.0.0.0/8 a\n"},
             Case{"three columns", "10.0.0.0/8 a\n11.0.0.0/8 a b\n", "10.0.0.0/8 a\n"},
         }) {
        SCOPED_TRACE(c.name);
        const std::string path = write("classes", c.list);
        EXPECT_THAT(load({path}), HasSubstr("nothing was loaded"));
        EXPECT_EQ(load({path}, true), c.rest);
        EXPECT_TRUE(problems_);
    }
    EXPECT_EQ(load({write("good", "10.0.0.0/8 a\n10.0.0.0/8 a\n")}), "10.0.0.0/8 a\n");
    EXPECT_FALSE(problems_);
}

TEST_F(ClassFileTest, TwoFilesDoNotGiveAPrefixTwoClasses) {
    const std::string one = write("one", "10.0.0.0/8 a\n");
    const std::string two = write("two", "11.0.0.0/8 a\n10.0.0.0/8 b\n");
    EXPECT_THAT(load({one, two}), HasSubstr("nothing was loaded"));
    EXPECT_EQ(load({one, two}, true), "11.0.0.0/8 a\n");
}

TEST_F(ClassFileTest, AFileThatIsCutOffIsRefused) {
    using namespace std::string_literals;
    // TABLE_DUMP_V2, 10.0.0.0/8 without entries; then 6 octets of the next header.
    const std::string record = "\x5a\0\0\0\0\x0d\0\x02\0\0\0\x08"s + "\0\0\0\0\x08\x0a\0\0"s;
    EXPECT_EQ(load({write("whole.mrt", record)}), "");
    EXPECT_FALSE(problems_);
    EXPECT_THAT(load({write("cut.mrt", record + record.substr(0, 6))}),
                HasSubstr("nothing was loaded"));
}

TEST_F(ClassFileTest, ABrokenFileOfTheConfigurationPutsNothingInForce) {
    const TemporaryLedger ledger;
    Config config;
    config.attribute.class_table = write("classes", "10.0.0.0/8 a\n");
    ASSERT_TRUE(put_configured_classes(config, *ledger, noon).has_value());
    const std::string before = ledger->current_class_version().value();
    EXPECT_NE(before, "");
    write("classes", "10.0.0.0/8 b\n11.0.0.0 24 b\n");
    EXPECT_FALSE(put_configured_classes(config, *ledger, noon).has_value());
    EXPECT_EQ(ledger->current_class_version().value(), before);
}

}  // namespace
}  // namespace octroi
