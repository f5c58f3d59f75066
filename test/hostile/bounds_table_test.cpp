// SPDX-License-Identifier: GPL-3.0-or-later
// docs/bounds.md and README.md say which test holds a bound. A test that was renamed or removed
// must not stay in them.

#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <set>
#include <string>

#include "support/golden.hpp"

namespace octroi::hostile {
namespace {

// "Suite.Name" of every test below the folder.
void add_tests(const std::filesystem::path& folder, std::set<std::string>& tests) {
    static const std::regex declared(R"((?:TYPED_)?TEST(?:_F|_P)?\((\w+),\s*(\w+)\))");
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        const std::string extension = entry.path().extension();
        if (extension != ".cpp" && extension != ".hpp") continue;
        const std::string text = support::read_text(entry.path());
        for (std::sregex_iterator at(text.begin(), text.end(), declared), end; at != end; ++at)
            tests.insert((*at)[1].str() + "." + (*at)[2].str());
    }
}

TEST(BoundsTable, NamesTestsThatExist) {
    std::set<std::string> tests;
    for (const char* folder : {"src", "test"}) add_tests(support::source_root() / folder, tests);
    static const std::regex named(R"(`([A-Z]\w+\.[A-Z]\w+)`)");
    for (const char* page : {"docs/bounds.md", "test/hostile/README.md"}) {
        const std::string text = support::read_text(support::source_root() / page);
        std::size_t count = 0;
        for (std::sregex_iterator at(text.begin(), text.end(), named), end; at != end; ++at) {
            ++count;
            EXPECT_TRUE(tests.contains((*at)[1].str())) << page << ": " << (*at)[1];
        }
        EXPECT_GT(count, 30U) << page;
    }
}

}  // namespace
}  // namespace octroi::hostile
