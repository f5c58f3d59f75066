// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/found_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "host/testing/folder.hpp"

namespace octroi {
namespace {

using ::testing::ElementsAre;

TEST(FoundFilesTest, PatternsMatchWithinEachNameOfAPath) {
    const testing::Folder temporary;
    const std::string folder = temporary.file("");
    std::filesystem::create_directories(folder + "a/logs");
    std::filesystem::create_directories(folder + "b/logs");
    for (const char* name : {"/a/logs/access.log", "/b/logs/access.log", "/b/logs/error.log"})
        std::ofstream(folder + name) << "x";
    const auto found = paths_matching(folder + "*/logs/access*");
    ASSERT_TRUE(found);
    EXPECT_THAT(*found, ElementsAre(folder + "a/logs/access.log", folder + "b/logs/access.log"));
    EXPECT_TRUE(paths_matching(folder + "none*")->empty());
    EXPECT_TRUE(matches_pattern("/var/log/x/access.log", "/var/log/*/access.log"));
    EXPECT_FALSE(matches_pattern("/var/log/x/y/access.log", "/var/log/*/access.log"));
}

TEST(FoundFilesTest, AFolderHasFilesAndLinksToFiles) {
    const testing::Folder temporary;
    const std::string folder = temporary.file("");
    std::filesystem::create_directories(folder + "inner");
    std::ofstream(folder + "b") << "x";
    std::filesystem::create_symlink("b", folder + "a");
    std::filesystem::create_symlink("inner", folder + "c");
    const auto names = file_names_in(folder);
    ASSERT_TRUE(names);
    EXPECT_THAT(*names, ElementsAre("a", "b"));
    EXPECT_EQ(file_names_in(folder + "none").error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace octroi
