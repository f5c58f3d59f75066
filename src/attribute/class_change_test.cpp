// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/class_change.hpp"

#include <gtest/gtest.h>

#include "attribute/class_table.hpp"
#include "attribute/testing/world.hpp"

namespace octroi {
namespace {

ClassTable table_of(std::vector<std::string> classes,
                    const std::vector<std::pair<const char*, std::uint16_t>>& routes) {
    ClassTable table;
    table.default_class = "world";
    table.classes = std::move(classes);
    for (const auto& [prefix, index] : routes)
        table.routes.push_back({*parse_prefix(prefix), index});
    return table;
}

TEST(ClassChange, RenamesAClassOfWhichAllEndsHaveOneNewClass) {
    const ClassTable before = table_of({"mirror"}, {{"192.0.2.0/24", 0}});
    const ClassTable after = table_of({"near"}, {{"192.0.0.0/16", 0}});
    const ClassChange change(before, after);
    EXPECT_EQ(change.of("mirror").now, "near");
    EXPECT_FALSE(change.of("world").now) << "192.0.0.0/16 outside of 192.0.2.0/24 is near now";
    EXPECT_EQ(change.of("stated").now, "stated") << "no end had it";
    const ClassChange back(after, before);
    EXPECT_FALSE(back.of("near").now);
    EXPECT_EQ(back.of("world").now, "world");
}

TEST(ClassChange, ADefaultThatNoAddressCanHaveIsNoClass) {
    const ClassTable before = table_of({"a"}, {{"0.0.0.0/1", 0}, {"128.0.0.0/1", 0}, {"::/0", 0}});
    const ClassTable after = table_of({"b"}, {{"0.0.0.0/0", 0}, {"::/0", 0}});
    EXPECT_EQ(ClassChange(before, after).of("a").now, "b");
}

// Whatever end had the class before: where there is an answer, it has that class now.
TEST(ClassChange, AgreesWithLookups) {
    testing::Random random(5);
    int certain = 0;
    int uncertain = 0;
    for (int i = 0; i < 300; ++i) {
        const ClassTable before = testing::some_world(random).classes;
        const ClassTable after = testing::some_world(random).classes;
        const ClassChange change(before, after);
        const ClassLookup then(before);
        const ClassLookup now(after);
        for (int end = 0; end < 100; ++end) {
            Address address = testing::some_address(random);
            if (address.empty()) address = Address::v4(1);
            const auto as = static_cast<std::uint32_t>(testing::below(random, 9));
            const Address next_hop =
                testing::below(random, 3) == 0 ? *parse_address("192.0.2.1") : Address{};
            const auto answer = change.of(then.find(address, as, next_hop).class_name).now;
            answer ? ++certain : ++uncertain;
            if (!answer) continue;
            EXPECT_EQ(*answer, now.find(address, as, next_hop).class_name);
        }
    }
    EXPECT_GT(certain, 1000);
    EXPECT_GT(uncertain, 1000);
}

}  // namespace
}  // namespace octroi
