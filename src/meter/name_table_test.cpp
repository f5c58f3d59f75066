// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/name_table.hpp"

#include <gtest/gtest.h>

namespace octroi {
namespace {

TEST(NameTable, ANameHasOneRow) {
    NameTable table(1);
    const NameRef domain = table.intern(NameKind::domain, "example.org");
    const NameRef alice = table.intern(NameKind::user, "alice@example.org", domain);
    EXPECT_EQ(domain, 1U);
    EXPECT_EQ(alice, 2U);
    EXPECT_EQ(table.intern(NameKind::domain, "example.org"), domain);
    EXPECT_EQ(table.intern(NameKind::user, "alice@example.org", domain), alice);
    EXPECT_EQ(table.intern(NameKind::user, "alice@example.org"), 3U) << "within another name";
    EXPECT_EQ(table.intern(NameKind::user, "example.org"), 4U) << "of another kind";
    EXPECT_EQ(table.intern(NameKind::user, ""), 5U);
    EXPECT_EQ(table.rows()[1], (Name{NameKind::user, "alice@example.org", domain}));
}

TEST(NameTable, AppendedRowsAreNotShared) {
    NameTable table;
    EXPECT_EQ(table.append(NameKind::interface, "eth0"), 1U);
    EXPECT_EQ(table.append(NameKind::interface, "eth0"), 2U);
    EXPECT_EQ(table.intern(NameKind::interface, "eth0"), 3U);
    EXPECT_EQ(table.rows().size(), 3U);
}

TEST(NameTable, IsBounded) {
    NameTable table(1, 4);
    EXPECT_EQ(table.intern(NameKind::user, std::string(256, 'a')), no_name);
    EXPECT_EQ(table.append(NameKind::user, std::string(256, 'a')), no_name);
    EXPECT_EQ(table.refused(), 2U);
    EXPECT_EQ(table.intern(NameKind::user, std::string(255, 'a')), 1U);
    EXPECT_EQ(table.append(NameKind::user, "b"), 2U);
    EXPECT_EQ(table.append(NameKind::user, "c"), 3U);
    EXPECT_EQ(table.intern(NameKind::user, "d"), no_name);
    EXPECT_EQ(table.append(NameKind::user, "d"), no_name);
    EXPECT_EQ(table.refused(), 4U);
    EXPECT_EQ(table.intern(NameKind::user, std::string(255, 'a')), 1U);
    EXPECT_EQ(table.refused(), 4U);
    EXPECT_EQ(table.intern(NameKind::domain, "a"), 4U) << "users leave space for other kinds";
    EXPECT_EQ(table.intern(NameKind::domain, "b"), no_name);
    EXPECT_EQ(table.rows().size(), 4U);
}

// Otherwise a client could leave the bill of its domain with a long name, or with many names.
TEST(NameTable, ARefusedNameIsTheBroaderName) {
    NameTable table(1, 4);
    const NameRef domain = table.intern(NameKind::domain, "x.org");
    const std::string long_user = std::string(300, 'u') + "@x.org";
    EXPECT_EQ(table.intern(NameKind::user, long_user, domain), domain);
    EXPECT_EQ(table.append(NameKind::user, long_user, domain), domain);
    for (const char* user : {"a@x.org", "b@x.org", "c@x.org"})
        EXPECT_NE(table.intern(NameKind::user, user, domain), domain);
    EXPECT_EQ(table.intern(NameKind::user, "d@x.org", domain), domain);
    EXPECT_EQ(table.append(NameKind::user, "d@x.org", domain), domain);
    EXPECT_EQ(table.refused(), 4U);
}

TEST(NameTable, FindsEachOfMany) {
    NameTable table(7);
    for (std::uint32_t i = 0; i < 20'000; ++i)
        ASSERT_EQ(table.intern(NameKind::uid, std::to_string(i)), i + 1);
    for (std::uint32_t i = 0; i < 20'000; ++i)
        ASSERT_EQ(table.intern(NameKind::uid, std::to_string(i)), i + 1);
}

std::vector<NameRef> renamed_since(const NameTable& table, std::uint64_t since) {
    std::vector<NameRef> refs;
    table.each_renamed(since, [&](NameRef ref) { refs.push_back(ref); });
    return refs;
}

TEST(NameTable, StatesWhichRowsGotAnotherName) {
    NameTable table(1, 4);
    for (const char* text : {"a", "b", "c"})
        EXPECT_NE(table.append(NameKind::interface, text), no_name);
    table.rename(2, "d");
    EXPECT_EQ(table.rows()[1], (Name{NameKind::interface, "d"}));
    EXPECT_EQ(renamed_since(table, 0), (std::vector<NameRef>{2}));
    const std::uint64_t before = table.renamed();
    EXPECT_EQ(renamed_since(table, before), (std::vector<NameRef>{}));
    for (const NameRef ref : {3U, 1U, 2U, 3U}) table.rename(ref, "e");
    EXPECT_EQ(renamed_since(table, before), (std::vector<NameRef>{3, 1, 2, 3}));
    EXPECT_EQ(renamed_since(table, 0), (std::vector<NameRef>{1, 2, 3})) << "too long ago: all rows";
    table.rename(1, "f");
    EXPECT_EQ(renamed_since(table, table.renamed() - 2), (std::vector<NameRef>{3, 1}));
}

// Users may rely on what a renamed row is: none lies within another one.
TEST(NameTable, VisitsOnlyRenamedRowsAlsoAfterManyRenames) {
    NameTable table(1, 8);
    const NameRef domain = table.intern(NameKind::domain, "x.org");
    const NameRef user = table.intern(NameKind::user, "a@x.org", domain);
    const NameRef port = table.append(NameKind::interface, "eth0");
    EXPECT_EQ(user, 2U);
    for (int i = 0; i < 20; ++i) table.rename(port, std::to_string(i));
    EXPECT_EQ(renamed_since(table, 0), (std::vector<NameRef>{port}));
}

}  // namespace
}  // namespace octroi
