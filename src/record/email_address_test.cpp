// SPDX-License-Identifier: GPL-3.0-or-later
#include "record/email_address.hpp"

#include <gtest/gtest.h>

namespace octroi {
namespace {

TEST(EmailAddress, HasACanonicalForm) {
    EXPECT_EQ(*canonical_email("Alice.B+octroi@Example.ORG"), "Alice.B+octroi@example.org");
    EXPECT_EQ(*canonical_email("o'neill@host"), "o'neill@host");
    EXPECT_EQ(*canonical_email("jörg@example.org"), "jörg@example.org");
    EXPECT_EQ(*canonical_email(*canonical_email("A@B.C")), "A@b.c");
}

// A line end would begin another header of a mail.
TEST(EmailAddress, HasNoCharactersWithAnotherMeaning) {
    for (const char* wrong :
         {"", "alice", "@example.org", "alice@", "alice@*.example.org", "alice@exa mple.org",
          "al ice@example.org", "a@b\nBcc: c@d", "a\r\n@b", "Alice <alice@example.org>",
          "alice@example.org,bob@example.org", "alice@example.org;", "\"a b\"@example.org",
          ".alice@example.org", "al..ice@example.org", "alice@[192.0.2.1]", "\xff@example.org"})
        EXPECT_FALSE(canonical_email(wrong)) << wrong;
    EXPECT_FALSE(canonical_email(std::string(65, 'a') + "@example.org"));
    EXPECT_TRUE(canonical_email(std::string(64, 'a') + "@example.org"));
}

}  // namespace
}  // namespace octroi
