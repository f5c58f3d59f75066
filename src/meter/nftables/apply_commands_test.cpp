// SPDX-License-Identifier: GPL-3.0-or-later
// What changes a table.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "meter/nftables/ruleset.hpp"
#include "meter/nftables/table_marks.hpp"
#include "meter/nftables/testing/compiled_rules.hpp"

namespace octroi::accounting {
namespace {

using testing::compiled;
using ::testing::HasSubstr;

TEST(ApplyCommands, KeepCountersAndMapsThatStay) {
    const RuleConfig stays{.name = "a", .address = {"10.1.0.0/16", "10.9.0.0/16"}};
    const Ruleset before = compiled({stays, {.name = "b", .uid = {"1", "3"}}});
    ASSERT_EQ(before.maps.size(), 3U);
    TableContent now{.exists = true,
                     .is_whole = true,
                     .born = "born-1",
                     .chains = {"input.10", "output.10", "forward.10", before.mark, "born-1"},
                     .maps = {},
                     .counters = before.counters};
    for (const CounterMap& map : before.maps) now.maps.push_back(map.name);
    now.used_maps = now.maps;
    now.counters.emplace_back("out-old");
    const Ruleset after = compiled({stays, {.name = "c", .uid = {"2", "4"}}});
    const std::string text = apply_commands("octroi_t", now, after);
    EXPECT_THAT(text, HasSubstr("add counter inet octroi_t out-c\n"));
    EXPECT_THAT(text, HasSubstr(fmt::format("delete chain inet octroi_t {}\n", before.mark)));
    // What rules referred to until now may have counted since the last reading.
    EXPECT_EQ(text.find("out-b"), std::string::npos);
    EXPECT_EQ(text.find("delete counter"), std::string::npos);
    EXPECT_EQ(text.find("delete chain inet octroi_t born"), std::string::npos);
    EXPECT_EQ(text.find("add counter inet octroi_t out-a"), std::string::npos);
    EXPECT_EQ(text.find("add element inet octroi_t " + before.maps[0].name), std::string::npos);
    EXPECT_EQ(text.find("delete chain inet octroi_t output.10"), std::string::npos);
    EXPECT_EQ(text.find("delete map"), std::string::npos);
    const std::string cleanup = cleanup_commands("octroi_t", now, after);
    EXPECT_EQ(std::ranges::count(cleanup, '\n'), 1);
    EXPECT_THAT(cleanup, HasSubstr("delete map inet octroi_t m"));
    EXPECT_EQ(cleanup_commands("octroi_t", now, before), "");
}

TEST(ApplyCommands, RepairATable) {
    const Ruleset set = compiled({{.name = "a", .uid = {"7-700", "900-1900"}}});
    ASSERT_EQ(set.maps.size(), 1U);
    TableContent now{.exists = true,
                     .is_whole = false,
                     .born = "born-1",
                     .chains = {"output.10", set.mark, "born-1"},
                     .maps = {set.maps[0].name},
                     .counters = set.counters};
    EXPECT_THAT(prepare_commands("octroi_t", now, set), HasSubstr("add element inet octroi_t m"));
    EXPECT_EQ(prepare_commands("octroi_t", now, set).find("add counter"), std::string::npos);
    EXPECT_THAT(switch_commands("octroi_t", now, set), HasSubstr("add table inet octroi_t \n"));
    EXPECT_TRUE(apply_commands("octroi_t", now, set).starts_with("add table inet octroi_t \n"));
    now.is_whole = true;
    // A map that no rule uses may have a part of its elements.
    EXPECT_THAT(prepare_commands("octroi_t", now, set), HasSubstr("add element inet octroi_t m"));
    now.used_maps = now.maps;
    EXPECT_EQ(prepare_commands("octroi_t", now, set), "");
    EXPECT_EQ(switch_commands("octroi_t", now, set).find("add table"), std::string::npos);
    now.is_foreign = true;
    now.handle = 77;
    const std::string text = make_commands("octroi_t", now, set);
    EXPECT_TRUE(
        text.starts_with("delete table inet handle 77\n"
                         "create table inet octroi_t { flags dormant; }\n"))
        << text;
    EXPECT_THAT(text, HasSubstr("add counter inet octroi_t out-a\n"));
    EXPECT_EQ(text.find("delete chain"), std::string::npos) << "they went with the table";
    EXPECT_EQ(mark_commands("octroi_t", "born-2", set),
              "create chain inet octroi_t born-2\nadd chain inet octroi_t " + set.mark +
                  "\nadd table inet octroi_t \n");
}

TEST(TableMarks, AreRead) {
    const Mark mark{0xABCDEF, 12, 200'000};
    EXPECT_EQ(parse_mark(mark_chain(mark)), mark);
    for (const char* other : {"mark-", "mark-12", "mark-12-3", "mark-12-3-", "mark-12-3-4-5",
                              "mark-xy-3-4", "group-mark-12-3-4"})
        EXPECT_FALSE(parse_mark(other).has_value()) << other;
    EXPECT_NE(born_chain("boot/1/2"), born_chain("boot/1/3"));
}

TEST(ApplyCommands, MakeATable) {
    const Ruleset set = compiled({{.name = "a", .uid = {"7"}}}, {.priority = -10});
    std::string text = apply_commands("octroi_t", {}, set);
    EXPECT_TRUE(set.maps.empty());
    text.replace(text.find(set.mark), set.mark.size(), "MARK");
    EXPECT_EQ(text,
              "add table inet octroi_t \n"
              "add counter inet octroi_t out-a\n"
              "add chain inet octroi_t output.-10 { type filter hook output priority -10; policy "
              "accept; }\n"
              "flush chain inet octroi_t output.-10\n"
              "add rule inet octroi_t output.-10 meta skuid 7 counter name \"out-a\"\n"
              "add chain inet octroi_t MARK\n");
}

}  // namespace
}  // namespace octroi::accounting
