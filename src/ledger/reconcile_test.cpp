// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/reconcile.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace octroi {
namespace {

const UtcTime now = UtcTime::from_seconds(1'800'000'000);
const UtcTime earlier = UtcTime::from_seconds(1'700'000'000);

Binding bound(std::uint64_t id, const char* prefix, const char* account, Interval valid = {}) {
    return {id, {IdentityKind::prefix, prefix}, account, valid, false};
}

Directory there() {
    Directory directory;
    directory.accounts = {{"physics", "", "Physics"}, {"chemistry", "", ""}};
    directory.bindings.push_back(bound(7, "10.1.0.0/16", "physics"));
    directory.bindings.push_back({8,
                                  {IdentityKind::mac, "00:30:ca:b8:d9:bc"},
                                  "chemistry",
                                  {earlier, UtcTime::max()},
                                  false});
    directory.networks = {{"10.0.0.0/8", true}};
    return directory;
}

DesiredBinding want(const char* prefix, const char* account) {
    return {{IdentityKind::prefix, prefix}, account, std::nullopt, std::nullopt, false};
}

TEST(Reconcile, TheCurrentDirectoryIsNoChange) {
    DesiredDirectory desired;
    for (const Account& account : there().accounts)
        desired.accounts.push_back({account.name, account.parent, account.title});
    desired.networks = there().networks;
    desired.bindings = {
        want("10.1.0.0/16", "physics"),
        {{IdentityKind::mac, "00:30:ca:b8:d9:bc"}, "chemistry", earlier, std::nullopt, false}};
    desired.prune = true;
    const auto result = reconcile(there(), desired, now);
    EXPECT_TRUE(result.lines.empty());
    EXPECT_TRUE(result.change.put_accounts.empty() && result.change.add_bindings.empty() &&
                result.change.end_bindings.empty() && result.change.remove_networks.empty());
}

TEST(Reconcile, AnIdentityMovesFromNowOnNotInThePast) {
    DesiredDirectory desired;
    desired.bindings = {want("10.1.0.0/16", "chemistry")};
    const auto result = reconcile(there(), desired, now);
    ASSERT_EQ(result.change.end_bindings.size(), 1U);
    EXPECT_EQ(result.change.end_bindings[0].id, 7U);
    EXPECT_EQ(result.change.end_bindings[0].at, now);
    ASSERT_EQ(result.change.add_bindings.size(), 1U);
    EXPECT_EQ(result.change.add_bindings[0].valid, (Interval{now, UtcTime::max()}));
    EXPECT_EQ(result.lines.size(), 2U);
}

TEST(Reconcile, AStatedDateIsKept) {
    DesiredDirectory desired;
    desired.bindings = {want("10.1.0.0/16", "chemistry")};
    desired.bindings[0].from = earlier;
    const auto result = reconcile(there(), desired, now);
    EXPECT_EQ(result.change.end_bindings.at(0).at, earlier);
    EXPECT_EQ(result.change.add_bindings.at(0).valid.begin, earlier);
}

// `bind` covers a declared binding by a newer one; `apply` ends the newer one.
TEST(Reconcile, ANewerBindingDoesNotHideTheDeclaredOne) {
    Directory directory = there();
    directory.bindings.push_back(bound(9, "10.1.0.0/16", "chemistry"));
    DesiredDirectory desired;
    desired.bindings = {want("10.1.0.0/16", "physics")};
    const auto result = reconcile(directory, desired, now);
    EXPECT_TRUE(result.change.add_bindings.empty());
    ASSERT_EQ(result.change.end_bindings.size(), 1U);
    EXPECT_EQ(result.change.end_bindings[0].id, 9U);
    EXPECT_EQ(result.change.end_bindings[0].at, now);
    // And back: the older binding matches but does not count.
    directory.bindings.push_back(bound(10, "10.1.0.0/16", "physics"));
    EXPECT_TRUE(reconcile(directory, desired, now).lines.empty());
}

TEST(Reconcile, ATemporaryBindingCoversAPermanentOne) {
    const UtcTime later = now + Duration::hours(24);
    DesiredDirectory desired;
    desired.bindings = {want("10.1.0.0/16", "chemistry")};
    desired.bindings[0].until = later;
    const auto result = reconcile(there(), desired, now);
    EXPECT_TRUE(result.change.end_bindings.empty());
    EXPECT_EQ(result.change.add_bindings.at(0).valid, (Interval{now, later}));

    // A declaration of only the permanent binding does not end it.
    Directory directory = there();
    directory.bindings.push_back(bound(9, "10.1.0.0/16", "chemistry", {now, later}));
    desired.bindings = {want("10.1.0.0/16", "physics")};
    EXPECT_TRUE(reconcile(directory, desired, now + Duration::hours(1)).lines.empty());
}

TEST(Reconcile, ABindingOfThePastEndsNoOther) {
    Directory directory = there();
    directory.bindings[0].valid.end = earlier;
    directory.bindings.push_back(bound(9, "10.1.0.0/16", "chemistry", {earlier, UtcTime::max()}));
    DesiredDirectory desired;
    desired.bindings = {want("10.1.0.0/16", "physics")};
    desired.bindings[0].until = earlier;
    EXPECT_TRUE(reconcile(directory, desired, now).lines.empty());
}

TEST(Reconcile, ANewIdentityIsBoundWithoutABegin) {
    DesiredDirectory desired;
    desired.bindings = {want("10.2.0.0/16", "chemistry")};
    const auto result = reconcile(there(), desired, now);
    EXPECT_TRUE(result.change.end_bindings.empty());
    EXPECT_EQ(result.change.add_bindings.at(0).valid, Interval{});
}

TEST(Reconcile, PruneEndsUndeclaredBindings) {
    DesiredDirectory desired;
    desired.prune = true;
    desired.bindings = {want("10.1.0.0/16", "physics")};
    const auto result = reconcile(there(), desired, now);
    ASSERT_EQ(result.change.end_bindings.size(), 1U);
    EXPECT_EQ(result.change.end_bindings[0].id, 8U);
    EXPECT_EQ(result.change.remove_networks, std::vector<std::string>{"10.0.0.0/8"});
}

TEST(Reconcile, PruneRemovesBindingsThatHaveNotBegun) {
    const UtcTime later = now + Duration::hours(24);
    Directory directory = there();
    directory.bindings.push_back(bound(9, "10.3.0.0/16", "chemistry", {later, UtcTime::max()}));
    directory.bindings.push_back(bound(10, "10.4.0.0/16", "chemistry", {earlier, now}));
    DesiredDirectory desired;
    desired.prune = true;
    desired.bindings = {want("10.1.0.0/16", "physics")};
    const auto result = reconcile(directory, desired, now);
    ASSERT_EQ(result.change.end_bindings.size(), 2U) << "one that is over stays";
    EXPECT_EQ(result.change.end_bindings[1].id, 9U);
    EXPECT_EQ(result.change.end_bindings[1].at, later);
    EXPECT_EQ(std::ranges::count_if(result.lines,
                                    [](const std::string& line) {
                                        return line.find("which was to begin at") !=
                                               std::string::npos;
                                    }),
              1);
}

TEST(Reconcile, UndeclaredFieldsOfAnAccountStay) {
    Directory directory = there();
    directory.accounts.push_back({"optics", "physics", "Optics"});
    DesiredDirectory desired;
    desired.accounts = {{"optics", {}, "Optical laboratory"}};
    const auto result = reconcile(directory, desired, now);
    EXPECT_EQ(result.change.put_accounts,
              (std::vector<Account>{{"optics", "physics", "Optical laboratory"}}));
    EXPECT_EQ(result.lines, std::vector<std::string>{"~ account optics: title Optical laboratory"});
}

TEST(Reconcile, ListsTheChangesOfAccounts) {
    DesiredDirectory desired;
    desired.accounts = {{"physics", "", "Department of Physics"}, {"optics", "physics", ""}};
    const auto result = reconcile(there(), desired, now);
    EXPECT_EQ(result.lines,
              (std::vector<std::string>{"~ account physics: title Department of Physics",
                                        "+ account optics"}));
    EXPECT_EQ(result.change.put_accounts.size(), 2U);
}

}  // namespace
}  // namespace octroi
