// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "store/sqlite/interner.hpp"
#include "store/sqlite/schema.hpp"

namespace octroi::sqlite {
namespace {

std::vector<Party> some_parties(unsigned first, unsigned last) {
    std::vector<Party> parties = {{PartyKind::outside, "world", {}},
                                  {PartyKind::account, "alice", "10.0.0.7"}};
    for (unsigned i = first; i < last; ++i) {
        // Two kinds, three names; octets above 127 too.
        parties.push_back(
            {PartyKind::unattributed, {}, fmt::format("10.0.{}.{}", i / 256, i % 256)});
        parties.push_back({PartyKind::account, "bob", fmt::format("\xc3\xa4{}", i)});
    }
    std::sort(parties.begin(), parties.end());
    return parties;
}

std::vector<std::int64_t> numbers_of(Interner& names, const std::vector<Party>& parties) {
    std::vector<const Party*> sorted;
    for (const Party& party : parties) sorted.push_back(&party);
    return *names.parties(sorted);
}

TEST(PartyNumbers, AreTheSameTogetherAndOneByOne) {
    const Database db = *Database::open(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    ASSERT_TRUE(prepare_tables(db, true));
    Interner names(db);
    const std::vector<Party> before = some_parties(3000, 3010);
    const auto first = numbers_of(names, before);
    // First some exist and some are new; the second time all exist.
    const std::vector<Party> many = some_parties(0, 5000);
    const auto numbers = numbers_of(names, many);
    EXPECT_EQ(numbers_of(names, many), numbers);
    EXPECT_EQ(std::set<std::int64_t>(numbers.begin(), numbers.end()).size(), many.size());
    EXPECT_EQ(*db.number("SELECT count(*) FROM party"), std::int64_t(many.size()));
    EXPECT_EQ(numbers_of(names, before), first);
    Interner fresh(db);
    for (std::size_t i = 0; i < many.size(); ++i) ASSERT_EQ(*fresh.party(many[i]), numbers[i]) << i;
    // More parties after and between the existing ones.
    const std::vector<Party> more = some_parties(4000, 9000);
    const auto more_numbers = numbers_of(names, more);
    for (std::size_t i = 0; i < more.size(); ++i)
        ASSERT_EQ(*fresh.party(more[i]), more_numbers[i]) << i;
    EXPECT_EQ(*db.number("SELECT count(*) FROM party"), 2 + 2 * 9000);
}

}  // namespace
}  // namespace octroi::sqlite
