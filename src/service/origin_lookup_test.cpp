// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/origin_lookup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "host/testing/folder.hpp"

namespace octroi {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OriginLookupTest : public ::testing::Test {
protected:
    std::string write(const char* name, const std::string& text) const {
        std::ofstream(folder_.file(name)) << text;
        return folder_.file(name);
    }
    // "address prefix word" for each address that is found, else "address".
    std::vector<std::string> look_up(const std::string& addresses) {
        auto loaded = load_origins(
            write("routes", "198.51.100.0/24 near\n198.51.0.0/16 far\n2001:db8::/32 six\n"));
        EXPECT_TRUE(loaded.has_value()) << loaded.error().text;
        EXPECT_FALSE(loaded->problems);
        std::vector<std::string> found;
        const auto use = [&](const Address& address,
                             const std::optional<OriginTable::Match>& match) -> Status {
            std::string text = to_string(address);
            if (match) text += " " + to_string(match->prefix) + " " + match->origin->word;
            found.push_back(text);
            return {};
        };
        const auto problems = look_up_origins(loaded->table, write("addresses", addresses), use);
        EXPECT_TRUE(problems.has_value()) << problems.error().text;
        problems_ = problems.value_or(false);
        return found;
    }

    const testing::Folder folder_;
    bool problems_ = false;
};

TEST_F(OriginLookupTest, FindsTheLongestMatchOfEachAddress) {
    EXPECT_THAT(look_up("198.51.100.7\n198.51.1.1\n2001:db8::1\n192.0.2.1\n"),
                ElementsAre("198.51.100.7 198.51.100.0/24 near", "198.51.1.1 198.51.0.0/16 far",
                            "2001:db8::1 2001:db8::/32 six", "192.0.2.1"));
    EXPECT_FALSE(problems_);
}

TEST_F(OriginLookupTest, ReadsTheFirstWordOfALine) {
    EXPECT_THAT(
        look_up("\n# 198.51.100.1\n \t198.51.100.2 a note\r\n198.51.100.3,x,y"),
        ElementsAre("198.51.100.2 198.51.100.0/24 near", "198.51.100.3 198.51.100.0/24 near"));
    EXPECT_FALSE(problems_);
}

TEST_F(OriginLookupTest, LogsLinesWithoutAnAddressAndGoesOn) {
    ::testing::internal::CaptureStderr();
    EXPECT_THAT(look_up("192.0.2.1\nnobody\n192.0.2.2\n"), ElementsAre("192.0.2.1", "192.0.2.2"));
    EXPECT_TRUE(problems_);
    EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("addresses:2: "));
}

TEST_F(OriginLookupTest, EndsWithTheErrorOfItsUser) {
    auto loaded = load_origins(write("routes", "198.51.100.0/24 near\n"));
    ASSERT_TRUE(loaded.has_value());
    int uses = 0;
    const auto failed = look_up_origins(loaded->table, write("addresses", "192.0.2.1\n192.0.2.2\n"),
                                        [&](const Address&, const auto&) -> Status {
                                            ++uses;
                                            return fail(ErrorCode::no_space, "the disk is full");
                                        });
    EXPECT_EQ(failed.error().code, ErrorCode::no_space);
    EXPECT_EQ(uses, 1);
    EXPECT_FALSE(load_origins(folder_.file("absent")).has_value());
}

}  // namespace
}  // namespace octroi
