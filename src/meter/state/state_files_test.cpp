// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/state/state_files.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "host/testing/folder.hpp"
#include "meter/state/state_folder.hpp"

namespace octroi {
namespace {

class StateFilesTest : public ::testing::Test {
protected:
    [[nodiscard]] OwnFolder open(const StateOwner& owner,
                                 const std::vector<Cursor>& cursors = {}) const {
        auto folder = open_state_folder(place_.file("state"), owner, cursors);
        EXPECT_TRUE(folder.has_value()) << folder.error().text;
        return *std::move(folder);
    }
    testing::Folder place_;
};

TEST_F(StateFilesTest, ReadsOnlyTheContentThatWasWrittenUnderTheName) {
    const OwnFolder folder = open({"ebpf", "edge", "0123456789"});
    const StateFiles files(folder);
    const auto name = files.write("counts-5", "bytes 1000");
    ASSERT_TRUE(name.has_value()) << name.error().text;
    EXPECT_EQ(read_state_file(files.path_of(*name)).value_or(""), "bytes 1000");
    std::ofstream(files.path_of(*name)) << "bytes 2000";
    const auto other = read_state_file(files.path_of(*name));
    ASSERT_FALSE(other.has_value());
    EXPECT_EQ(other.error().code, ErrorCode::corrupt);
}

// A ledger that was restored counts its versions again.
TEST_F(StateFilesTest, OneVersionWithTwoContentsHasTwoNames) {
    const OwnFolder folder = open({"ebpf", "edge", "0123456789"});
    const StateFiles files(folder);
    const auto before = files.write("counts-5", "bytes 1000");
    const auto after = files.write("counts-5", "bytes 9000");
    ASSERT_TRUE(before && after);
    EXPECT_NE(*before, *after);
    files.remove_all_but(*after);
    const auto gone = read_state_file(files.path_of(*before));
    ASSERT_FALSE(gone.has_value());
    EXPECT_EQ(gone.error().code, ErrorCode::not_found);
    EXPECT_EQ(read_state_file(files.path_of(*after)).value_or(""), "bytes 9000");
}

TEST_F(StateFilesTest, ANameOfAnEarlierVersionHasNoChecksum) {
    const OwnFolder folder = open({"ebpf", "edge", "0123456789"});
    std::ofstream(folder.path_of("state-counts-4")) << "bytes 7";
    EXPECT_EQ(read_state_file(folder.path_of("state-counts-4")).value_or(""), "bytes 7");
}

TEST_F(StateFilesTest, LedgersBesideOneAnotherShareNoFolder) {
    const OwnFolder one = open({"ebpf", "edge", "aaaaaaaa11"});
    const OwnFolder other = open({"ebpf", "edge", "bbbbbbbb22"});
    EXPECT_NE(one.path(), other.path());
}

TEST_F(StateFilesTest, TheFolderOfAnEarlierVersionGoesToTheLedgerThatNamesItsFile) {
    std::filesystem::create_directories(place_.file("state/ebpf/edge"));
    std::ofstream(place_.file("state/ebpf/edge/state-counts-4")) << "bytes 7";
    const std::vector<Cursor> named{{"ebpf:edge", "state-counts-4", 4, ""}};
    const std::vector<Cursor> not_named{{"ebpf:edge", "state-counts-9", 9, ""}};
    {
        const OwnFolder other = open({"ebpf", "edge", "bbbbbbbb22"}, not_named);
        EXPECT_TRUE(other.names()->empty());
    }
    const OwnFolder own = open({"ebpf", "edge", "aaaaaaaa11"}, named);
    EXPECT_EQ(own.names().value_or(std::vector<std::string>()),
              std::vector<std::string>{"state-counts-4"});
    EXPECT_FALSE(std::filesystem::exists(place_.file("state/ebpf/edge")));
}

}  // namespace
}  // namespace octroi
