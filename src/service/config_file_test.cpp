// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/config_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "host/testing/folder.hpp"

namespace octroi {
namespace {

using ::testing::HasSubstr;

TEST(ConfigFile, MayBeAbsentWhereItIsOptional) {
    const testing::Folder folder;
    EXPECT_EQ(ConfigFile(folder.file("a.toml"), true).read(), "");
    const auto refused = ConfigFile(folder.file("a.toml"), false).read();
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::invalid);
    EXPECT_THAT(refused.error().text, HasSubstr(folder.file("a.toml")));
}

TEST(ConfigFile, MayNotDisappearBetweenTwoReloads) {
    const testing::Folder folder;
    const std::string path = folder.file("a.toml");
    ConfigFile file(path, true);
    EXPECT_EQ(file.read(), "");
    std::ofstream(path) << "[ledger]\n";
    EXPECT_EQ(file.read(), "[ledger]\n");
    std::filesystem::remove(path);
    const auto refused = file.read();
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().text, HasSubstr(path + " is gone. Next: "));
    std::ofstream(path, std::ios::trunc) << " \n";
    const auto emptied = file.read();
    ASSERT_FALSE(emptied.has_value());
    EXPECT_THAT(emptied.error().text, HasSubstr(path + " is empty. Next: "));
    std::ofstream(path) << "[log]\n";
    EXPECT_EQ(file.read(), "[log]\n");
}

}  // namespace
}  // namespace octroi
