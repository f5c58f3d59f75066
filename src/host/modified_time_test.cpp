// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/modified_time.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "host/testing/folder.hpp"

namespace octroi {
namespace {

TEST(ModifiedTime, IsThatOfTheContent) {
    const testing::Folder folder;
    const std::string path = folder.file("log");
    std::ofstream(path) << "x";
    constexpr timespec modified{.tv_sec = 1'714'564'800, .tv_nsec = 5};
    const timespec times[2] = {{.tv_sec = 1, .tv_nsec = 0}, modified};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
    EXPECT_EQ(to_rfc3339(modified_time(path).value(), 9), "2024-05-01T12:00:00.000000005Z");
    const auto missing = modified_time(folder.file("nothing"));
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace octroi
