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

/// The root of the source tree, whatever the working directory is.
inline std::filesystem::path source_root() {
    const char* root = std::getenv("OCTROI_SOURCE");
    return root != nullptr ? root : std::filesystem::current_path();
}

inline std::string read_text(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Compares `actual` with the committed file `path` (from the root of the tree). With
/// OCTROI_UPDATE_GOLDEN set (`./dev golden --update`) the file is written instead, and the reviewer
/// of the commit reads the difference.
inline void expect_file(const std::filesystem::path& path, std::string_view actual) {
    const std::filesystem::path full = source_root() / path;
    if (std::getenv("OCTROI_UPDATE_GOLDEN") != nullptr) {
        std::filesystem::create_directories(full.parent_path());
        std::ofstream(full, std::ios::binary) << actual;
        return;
    }
    ASSERT_TRUE(std::filesystem::exists(full))
        << path << " is missing: ./dev golden --update writes it";
    EXPECT_EQ(read_text(full), actual)
        << path << " differs: if that is right, ./dev golden --update";
}

/// The same for test/golden/<name>.
inline void expect_golden(std::string_view name, std::string_view actual) {
    expect_file(std::filesystem::path("test/golden") / name, actual);
}

}  // namespace octroi::support
