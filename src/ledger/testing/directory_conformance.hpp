// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What every store must do: the directory, class tables and translations, which are kept with their
// history. Uses the fixture of store_conformance.hpp:
//
//     INSTANTIATE_TYPED_TEST_SUITE_P(My, DirectoryConformance, MyLedger);

#include <string>
#include <vector>

#include "ledger/testing/store_conformance.hpp"

namespace octroi::testing {

template <typename Fixture>
class DirectoryConformance : public StoreConformance<Fixture> {};
TYPED_TEST_SUITE_P(DirectoryConformance);

TYPED_TEST_P(DirectoryConformance, KeepsTheDirectoryAndItsHistory) {
    DirectoryStore& directory_store = this->ledger_.directory_store();
    EXPECT_EQ(*directory_store.directory_version(), 0U);
    DirectoryStore::Change first;
    first.put_accounts = {{"child", "top", "A child"}, {"top", "", ""}};
    first.add_bindings = {{0, {IdentityKind::prefix, "10.0.0.0/8"}, "child", {}, true},
                          {0, {IdentityKind::mac, "00:30:ca:b8:d9:bc"}, "top", {}, false}};
    first.put_networks = {{"10.0.0.0/8", true}};
    EXPECT_EQ(this->apply(first), "changed");
    EXPECT_EQ(this->apply(first), "same");
    EXPECT_EQ(*directory_store.directory_version(), 1U);
    const Directory one = *directory_store.directory();
    ASSERT_EQ(one.bindings.size(), 2U);
    EXPECT_EQ(one.bindings[0].id, 1U);
    EXPECT_EQ(one.accounts[0], (Account{"child", "top", "A child"}));

    DirectoryStore::Change second;
    second.put_accounts = {{"child", "", "Renamed", "child@example.org"}};
    second.end_bindings = {{1, bucket_at(5)}, {2, UtcTime::min()}};
    second.remove_networks = {"10.0.0.0/8"};
    EXPECT_EQ(this->apply(second), "changed");
    DirectoryStore::Change third;
    third.add_bindings = {{0, {IdentityKind::vlan, "12"}, "top", {}, false}};
    EXPECT_EQ(this->apply(third), "changed");

    this->ledger_.reopen();
    DirectoryStore& again = this->ledger_.directory_store();
    const Directory now = *again.directory();
    EXPECT_EQ(now.version, 3U);
    EXPECT_EQ(now.accounts[0], (Account{"child", "", "Renamed", "child@example.org"}));
    EXPECT_TRUE(now.networks.empty());
    ASSERT_EQ(now.bindings.size(), 2U);
    EXPECT_EQ(now.bindings[0].valid.end, bucket_at(5));
    EXPECT_EQ(now.bindings[1].id, 3U) << "ids are not given twice";
    std::vector<DirectoryDelta> history;
    ASSERT_TRUE(this->ledger_.query().each_directory_change(
        [&](const StoredDirectoryChange& stored) -> Status {
            history.push_back(stored.delta);
            return {};
        }));
    ASSERT_EQ(history.size(), 3U);
    EXPECT_EQ(history[0].accounts, one.accounts) << "earlier versions stay";
    EXPECT_EQ(history[0].bindings, one.bindings);
    EXPECT_EQ(history[0].networks, one.networks);
    this->expect_holds(0);
}

TYPED_TEST_P(DirectoryConformance, ChangesAllOfTheDirectoryOrNothing) {
    DirectoryStore::Change good;
    good.put_accounts = {{"a", "", ""}, {"used", "", ""}};
    ASSERT_EQ(this->apply(good), "changed");
    ASSERT_EQ(this->commit(BatchBuilder(1)
                               .transfer(0, account("used", "10.0.0.1"), outside("x"), "web", 1)
                               .build()),
              "committed");
    DirectoryStore::Change bad;
    bad.put_accounts = {{"b", "", ""}};
    bad.add_bindings = {{0, {IdentityKind::vlan, "1"}, "nobody", {}, false}};
    EXPECT_NE(this->apply(bad), "changed");
    DirectoryStore::Change removal;
    removal.remove_accounts = {"a", "used"};
    EXPECT_NE(this->apply(removal).find("traffic"), std::string::npos);
    EXPECT_EQ(this->ledger_.directory_store().directory()->accounts.size(), 2U);
    removal.remove_accounts = {"a"};
    EXPECT_EQ(this->apply(removal), "changed");
    EXPECT_EQ(this->apply(good), "changed") << "a removed account may come back";
    this->expect_holds(1);
}

TYPED_TEST_P(DirectoryConformance, KeepsClassTables) {
    DirectoryStore& directory_store = this->ledger_.directory_store();
    EXPECT_EQ(*directory_store.current_class_version(), "");
    const auto prefix = [](const char* text) { return *parse_prefix(text); };
    ClassTable one{"v1", "world", {"free", "domestic"}, {}, {}, {}};
    one.routes = {{prefix("0.0.0.0/0"), 1},
                  {prefix("10.0.0.0/8"), 0},
                  {prefix("10.1.0.0/17"), 1},
                  {prefix("2001:db8::/33"), 0},
                  {prefix("10.1.2.3/32"), 1}};
    std::sort(one.routes.begin(), one.routes.end());
    one.ases = {{1, 1, 1}, {64512, 4'294'967'295U, 0}};
    one.next_hops = {{*parse_address("2001:db8::9"), 0}, {*parse_address("192.0.2.9"), 1}};
    ClassTable two{"v2", "other", {}, {}, {}, {}};
    ASSERT_TRUE(directory_store.load_class_table(one, "one.txt", bucket_at(0)));
    ASSERT_TRUE(directory_store.load_class_table(two, "two.txt", bucket_at(1)));
    EXPECT_EQ(*directory_store.current_class_version(), "v2");
    ASSERT_TRUE(directory_store.load_class_table(one, "again.txt", bucket_at(2)));
    this->ledger_.reopen();
    DirectoryStore& again = this->ledger_.directory_store();
    EXPECT_EQ(*again.current_class_version(), "v1");
    const auto read = again.class_table("v1");
    ASSERT_TRUE(read && *read);
    EXPECT_EQ((*read)->routes, one.routes);
    EXPECT_EQ((*read)->ases, one.ases);
    EXPECT_EQ((*read)->next_hops, one.next_hops);
    EXPECT_EQ((*read)->classes, one.classes);
    EXPECT_EQ((*read)->default_class, "world");
    EXPECT_FALSE(*again.class_table("v3"));
    const auto infos = again.class_tables();
    ASSERT_TRUE(infos);
    ASSERT_EQ(infos->size(), 2U);
    EXPECT_EQ(infos->at(0).name, "one.txt");
    EXPECT_EQ(infos->at(0).prefixes, 5U);
    EXPECT_EQ(infos->at(0).stated, 4U);
    EXPECT_TRUE(infos->at(0).current);
    EXPECT_FALSE(infos->at(1).current);
    ClassTable bad = one;
    bad.version = "v4";
    const auto refused = [&] {
        const Status loaded = again.load_class_table(bad, "bad", bucket_at(3));
        return !loaded && loaded.error().code == ErrorCode::invalid;
    };
    bad.routes.front().class_index = 9;
    EXPECT_TRUE(refused());
    bad.routes = one.routes;
    bad.ases = {{5, 9, 0}, {9, 10, 1}};
    EXPECT_TRUE(refused()) << "AS 9 is in two ranges";
    bad.ases = {{5, 9, 2}};
    EXPECT_TRUE(refused());
    bad.ases.clear();
    bad.next_hops = {one.next_hops[1], one.next_hops[0]};
    EXPECT_TRUE(refused()) << "not in order";
    this->expect_holds(0);
}

// 203.0.113.5: three hosts have used port 40000, and one has a block of ports from 1024 on.
TYPED_TEST_P(DirectoryConformance, FindsTranslationsOfAnAddress) {
    const Translation first = translation(1, 40000, {bucket_at(0), UtcTime::max()});
    const Translation second = translation(2, 40000, {bucket_at(4), UtcTime::max()});
    Translation third = translation(3, 40000, {bucket_at(4), bucket_at(5)});
    third.device = {};
    Translation block = translation(4, 1024, {bucket_at(0), UtcTime::max()});
    block.protocol = 0;
    block.last_port = 2047;
    block.port_step = 2;
    ASSERT_EQ(this->commit(BatchBuilder(1).translation(first).translation(block).build()),
              "committed");
    Translation ended = first;
    ended.valid.end = bucket_at(2);
    const Batch closing = BatchBuilder(2).translation(ended).translation(third).build();
    ASSERT_EQ(this->commit(closing), "committed");
    ASSERT_EQ(this->commit(closing), "already");
    ASSERT_EQ(this->commit(BatchBuilder(3).translation(second).build()), "committed");
    this->ledger_.reopen();
    const auto at = [&](int bucket, std::optional<std::uint16_t> port,
                        std::optional<std::uint8_t> protocol = {}) {
        const auto found =
            this->ledger_.query().translations({first.outside, port, protocol, bucket_at(bucket)});
        EXPECT_TRUE(found) << found.error().text;
        return found.value_or(std::vector<Translation>{});
    };
    using List = std::vector<Translation>;
    EXPECT_EQ(at(-1, 40000), List{});
    EXPECT_EQ(at(0, 40000), List{ended});
    EXPECT_EQ(at(1, 40000, 6), List{ended});
    EXPECT_EQ(at(1, 40000, 17), List{});
    EXPECT_EQ(at(2, 40000), List{}) << "half-open";
    EXPECT_EQ(at(4, 40000), (List{third, second})) << "of two exporters";
    EXPECT_EQ(at(5, 40000), List{second});
    EXPECT_EQ(at(1, 1026, 17), List{block});
    EXPECT_EQ(at(1, 1025), List{}) << "between the steps";
    EXPECT_EQ(at(1, 2048), List{});
    EXPECT_EQ(at(1, {}), (List{block, ended}));
    const auto elsewhere = this->ledger_.query().translations({first.inside, {}, {}, bucket_at(1)});
    ASSERT_TRUE(elsewhere);
    EXPECT_EQ(*elsewhere, List{});
    // The first batch is read as it was committed, without the end that a later one reported.
    const auto stored = this->batches();
    ASSERT_EQ(stored.size(), 3U);
    EXPECT_EQ(stored[0].batch.translations.size(), 2U);
    for (const Translation& t : stored[0].batch.translations) EXPECT_TRUE(t.is_open());
    this->expect_holds(3);
}

// A translation without a reported end is valid until the next one begins.
TYPED_TEST_P(DirectoryConformance, ATranslationWithoutAnEndEndsWithTheNext) {
    ASSERT_EQ(this->commit(BatchBuilder(1)
                               .translation(translation(1, 40000, {bucket_at(0), UtcTime::max()}))
                               .translation(translation(2, 40000, {bucket_at(2), bucket_at(3)}))
                               .build()),
              "committed");
    const auto count = [&](int bucket) {
        return this->ledger_.query()
            .translations({Address::v4(0xcb007105U), 40000, 6, bucket_at(bucket)})
            ->size();
    };
    EXPECT_EQ(count(1), 1U);
    EXPECT_EQ(count(2), 1U);
    EXPECT_EQ(count(4), 0U);
}

REGISTER_TYPED_TEST_SUITE_P(DirectoryConformance, KeepsTheDirectoryAndItsHistory,
                            ChangesAllOfTheDirectoryOrNothing, KeepsClassTables,
                            FindsTranslationsOfAnAddress, ATranslationWithoutAnEndEndsWithTheNext);

}  // namespace octroi::testing
