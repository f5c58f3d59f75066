// SPDX-License-Identifier: GPL-3.0-or-later
#include "record/domain_wildcard.hpp"

#include <gtest/gtest.h>

#include "record/identity.hpp"

namespace octroi {
namespace {

TEST(DomainWildcard, IsTheNextBroaderOne) {
    EXPECT_EQ(broader_wildcard("a.www.example.org"), "*.www.example.org");
    EXPECT_EQ(broader_wildcard("*.www.example.org"), "*.example.org");
    EXPECT_EQ(broader_wildcard("*.example.org"), "*.org");
    EXPECT_EQ(broader_wildcard("*.org"), "");
    EXPECT_EQ(broader_wildcard("localhost"), "");
}

TEST(DomainWildcard, CanBeBound) {
    EXPECT_EQ(identity_text(*parse_identity("domain *.Example.ORG.")), "domain *.example.org");
    for (const char* wrong : {"domain *", "domain *.", "domain *example.org", "domain a.*.org",
                              "domain *.*.org", "domain www.*"})
        EXPECT_FALSE(parse_identity(wrong)) << wrong;
}

}  // namespace
}  // namespace octroi
