// SPDX-License-Identifier: GPL-3.0-or-later
// docs/operating.md lists the kinds of limited messages that the sources define.

#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <set>

#include "support/golden.hpp"

namespace octroi::logging {
namespace {

std::set<std::string> all_matches(const std::string& text, const std::regex& pattern) {
    std::set<std::string> found;
    for (std::sregex_iterator match(text.begin(), text.end(), pattern);
         match != std::sregex_iterator(); ++match)
        found.insert((*match)[1]);
    return found;
}

TEST(LimitedKinds, AreDocumented) {
    std::set<std::string> defined;
    const auto folder = support::source_root() / "src";
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        const std::string name = entry.path().filename();
        if (!name.ends_with(".cpp") || name.ends_with("_test.cpp")) continue;
        defined.merge(all_matches(support::read_text(entry.path()),
                                  std::regex("constinit LimitedLog [a-z_]+\\(\"([a-z_]+)\"\\)")));
    }
    EXPECT_GE(defined.size(), 9U);
    std::string docs = support::read_text(support::source_root() / "docs/operating.md");
    docs.erase(0, docs.find("### Messages that input causes"));
    docs.erase(docs.find("\n## "));
    EXPECT_EQ(all_matches(docs, std::regex("\n\\| `([a-z_]+)` \\|")), defined);
}

}  // namespace
}  // namespace octroi::logging
