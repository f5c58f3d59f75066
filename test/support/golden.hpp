// SPDX-License-Identifier: GPL-3.0-or-later
// Golden files: text that a test expects, kept under test/golden/ and reviewed as a diff.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace octroi::support {

/// The root of the source tree, wherever the test binary runs.
inline std::filesystem::path source_root() {
    const char* root = std::getenv("OCTROI_SOURCE");
    return root != nullptr ? root : std::filesystem::current_path();
}

inline std::string read_text(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Compares `actual` with test/golden/<name>. With OCTROI_UPDATE_GOLDEN set (`./dev golden
/// --update`) the file is written instead, and the difference is for the reviewer of the commit.
inline void expect_golden(std::string_view name, std::string_view actual) {
    const std::filesystem::path path = source_root() / "test" / "golden" / name;
    if (std::getenv("OCTROI_UPDATE_GOLDEN") != nullptr) {
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << actual;
        return;
    }
    ASSERT_TRUE(std::filesystem::exists(path))
        << path << " is missing: ./dev golden --update writes it";
    EXPECT_EQ(read_text(path), actual) << "golden " << name;
}

}  // namespace octroi::support
