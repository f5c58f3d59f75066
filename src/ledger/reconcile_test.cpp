// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/reconcile.hpp"

#include <gtest/gtest.h>

namespace octroi {
namespace {

const UtcTime now = UtcTime::from_seconds(1'800'000'000);
const UtcTime earlier = UtcTime::from_seconds(1'700'000'000);

Directory there() {
    Directory directory;
    directory.accounts = {{"physics", "", "Physics"}, {"chemistry", "", ""}};
    directory.bindings = {{7, {IdentityKind::prefix, "10.1.0.0/16"}, "physics", {}, false},
                          {8,
                           {IdentityKind::mac, "00:30:ca:b8:d9:bc"},
                           "chemistry",
                           {earlier, UtcTime::max()},
                           false}};
    directory.networks = {{"10.0.0.0/8", true}};
    return directory;
}

WantedBinding want(const char* prefix, const char* account) {
    return {{IdentityKind::prefix, prefix}, account, std::nullopt, std::nullopt, false};
}

TEST(Reconcile, WhatIsThereAlreadyChangesNothing) {
    Wanted wanted;
    wanted.accounts = there().accounts;
    wanted.networks = there().networks;
    wanted.bindings = {
        want("10.1.0.0/16", "physics"),
        {{IdentityKind::mac, "00:30:ca:b8:d9:bc"}, "chemistry", earlier, std::nullopt, false}};
    wanted.prune = true;
    const auto result = reconcile(there(), wanted, now);
    EXPECT_TRUE(result.lines.empty());
    EXPECT_TRUE(result.change.put_accounts.empty() && result.change.add_bindings.empty() &&
                result.change.end_bindings.empty() && result.change.remove_networks.empty());
}

TEST(Reconcile, AnIdentityChangesHandsNowAndNotInThePast) {
    Wanted wanted;
    wanted.bindings = {want("10.1.0.0/16", "chemistry")};
    const auto result = reconcile(there(), wanted, now);
    ASSERT_EQ(result.change.end_bindings.size(), 1U);
    EXPECT_EQ(result.change.end_bindings[0].id, 7U);
    EXPECT_EQ(result.change.end_bindings[0].at, now);
    ASSERT_EQ(result.change.add_bindings.size(), 1U);
    EXPECT_EQ(result.change.add_bindings[0].valid, (Interval{now, UtcTime::max()}));
    EXPECT_EQ(result.lines.size(), 2U);
}

TEST(Reconcile, AStatedDateIsKept) {
    Wanted wanted;
    wanted.bindings = {want("10.1.0.0/16", "chemistry")};
    wanted.bindings[0].from = earlier;
    const auto result = reconcile(there(), wanted, now);
    EXPECT_EQ(result.change.end_bindings.at(0).at, earlier);
    EXPECT_EQ(result.change.add_bindings.at(0).valid.begin, earlier);
}

TEST(Reconcile, ANewIdentityIsBoundSinceEver) {
    Wanted wanted;
    wanted.bindings = {want("10.2.0.0/16", "chemistry")};
    const auto result = reconcile(there(), wanted, now);
    EXPECT_TRUE(result.change.end_bindings.empty());
    EXPECT_EQ(result.change.add_bindings.at(0).valid, Interval{});
}

TEST(Reconcile, PruneEndsWhatIsNotDeclared) {
    Wanted wanted;
    wanted.prune = true;
    wanted.bindings = {want("10.1.0.0/16", "physics")};
    const auto result = reconcile(there(), wanted, now);
    ASSERT_EQ(result.change.end_bindings.size(), 1U);
    EXPECT_EQ(result.change.end_bindings[0].id, 8U);
    EXPECT_EQ(result.change.remove_networks, std::vector<std::string>{"10.0.0.0/8"});
}

TEST(Reconcile, ChangesOfAccountsAreSaid) {
    Wanted wanted;
    wanted.accounts = {{"physics", "", "Department of Physics"}, {"optics", "physics", ""}};
    const auto result = reconcile(there(), wanted, now);
    EXPECT_EQ(result.lines,
              (std::vector<std::string>{"~ account physics: title Department of Physics",
                                        "+ account optics"}));
    EXPECT_EQ(result.change.put_accounts.size(), 2U);
}

}  // namespace
}  // namespace octroi
