// SPDX-License-Identifier: GPL-3.0-or-later
// Random changes: the index finds what a walk over all of them finds.
#include "attribute/changed_bindings.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "attribute/testing/world.hpp"

namespace octroi {
namespace {

using testing::below;
using testing::Random;

Identity random_identity(Random& random) {
    static const std::vector<Identity> links = {{IdentityKind::mac, "02:00:00:00:00:01"},
                                                {IdentityKind::vlan, "2"},
                                                {IdentityKind::interface, "eth0"},
                                                {IdentityKind::interface, "eth1"},
                                                {IdentityKind::domain, "example.org"},
                                                {IdentityKind::domain, "www.example.org"},
                                                {IdentityKind::domain, "a.www.example.org"},
                                                {IdentityKind::domain, "ample.org"},
                                                {IdentityKind::domain, "*.example.org"},
                                                {IdentityKind::domain, "*.www.example.org"},
                                                {IdentityKind::domain, "*.org"},
                                                {IdentityKind::cgroup, "/web"},
                                                {IdentityKind::cgroup, "/web/one"},
                                                {IdentityKind::cgroup, "/website"},
                                                {IdentityKind::user, "alice"}};
    if (below(random, 3) == 0) return links[below(random, links.size())];
    return {IdentityKind::prefix, to_string(testing::some_prefix(random))};
}

std::vector<BindingChange> random_changes(Random& random) {
    std::map<Identity, BindingChange> changes;
    for (std::uint64_t i = below(random, 12); i > 0; --i) {
        BindingChange change;
        change.identity = random_identity(random);
        const bool is_prefix = change.identity.kind == IdentityKind::prefix;
        if (is_prefix) change.prefix = *parse_prefix(change.identity.value);
        change.rank = rank_of(change.identity);
        change.is_new = below(random, 3) > 0;
        change.account = change.is_new ? fmt::format("account-{}", below(random, 2)) : "";
        change.reaches_outside = !is_prefix || below(random, 2) == 0;
        changes[change.identity] = change;
    }
    std::vector<BindingChange> list;
    for (const auto& [identity, change] : changes) list.push_back(change);
    return list;
}

bool contains(const Prefix& outer, const Prefix& inner) {
    return inner.length >= outer.length && outer.contains(inner.address);
}

bool lies_in(const std::string& inner, const std::string& outer, IdentityKind kind) {
    if (kind == IdentityKind::domain) return inner.ends_with("." + outer);
    return kind == IdentityKind::cgroup && inner.starts_with(outer + "/");
}

// A wildcard covers the names below its domain, and narrower wildcards.
bool covers(const Identity& wildcard, const Identity& domain) {
    return wildcard.kind == IdentityKind::domain && domain.kind == IdentityKind::domain &&
           wildcard.value.starts_with("*.") && wildcard.value != domain.value &&
           domain.value.ends_with(wildcard.value.substr(1));
}

class Walk {
public:
    Walk(std::vector<BindingChange> changes, ChangedBindings::Account account)
        : changes_(std::move(changes)), index_(changes_), account_(account) {}

    void compare(const Identity& identity, int rank, bool outside_only) const {
        const bool is_prefix = identity.kind == IdentityKind::prefix;
        const Prefix prefix = is_prefix ? *parse_prefix(identity.value) : Prefix{};
        const auto decides = [&](const BindingChange& change) {
            if (change.identity == identity || covers(change.identity, identity)) return true;
            return is_prefix && change.identity.kind == IdentityKind::prefix &&
                   contains(change.prefix, prefix);
        };
        EXPECT_EQ(index_.may_decide(identity, prefix), std::ranges::any_of(changes_, decides));
        if (is_prefix)
            expect_one_of(index_.new_within(prefix, account_), [&](const BindingChange& change) {
                return change.identity.kind == IdentityKind::prefix && !decides(change) &&
                       contains(prefix, change.prefix);
            });
        else if (identity.kind != IdentityKind::interface)
            expect_one_of(index_.new_beside(identity, account_), [&](const BindingChange& change) {
                const std::string& other = change.identity.value;
                return change.identity.kind == identity.kind &&
                       (lies_in(other, identity.value, identity.kind) ||
                        lies_in(identity.value, other, identity.kind) ||
                        covers(identity, change.identity));
            });
        expect_one_of(index_.new_of_other_kind(identity.kind, rank, outside_only, account_),
                      [&](const BindingChange& change) {
                          return change.identity.kind != identity.kind && change.rank <= rank &&
                                 (!outside_only || change.reaches_outside);
                      });
    }
    void compare_outside(bool has_address) const {
        const auto* found = index_.new_outside(has_address);
        const auto fits = [&](const BindingChange& change) {
            return change.is_new && change.reaches_outside &&
                   (has_address || change.identity.kind != IdentityKind::prefix);
        };
        EXPECT_EQ(found != nullptr, std::ranges::any_of(changes_, fits));
        if (found != nullptr) {
            EXPECT_TRUE(fits(*found));
        }
    }

private:
    void expect_one_of(const BindingChange* found,
                       const std::function<bool(const BindingChange&)>& is_possible) const {
        const auto fits = [&](const BindingChange& change) {
            return change.is_new && change.account != account_ && is_possible(change);
        };
        EXPECT_EQ(found != nullptr, std::ranges::any_of(changes_, fits));
        if (found != nullptr) {
            EXPECT_TRUE(fits(*found)) << found->identity.value;
        }
    }

    std::vector<BindingChange> changes_;
    ChangedBindings index_;
    ChangedBindings::Account account_;
};

TEST(ChangedBindings, FindWhatAWalkFinds) {
    Random random(11);
    for (int round = 0; round < 3000 && !HasFailure(); ++round) {
        SCOPED_TRACE(round);
        const auto account = below(random, 2) == 0 ? ChangedBindings::Account("account-1")
                                                   : ChangedBindings::Account();
        const Walk walk(random_changes(random), account);
        for (int i = 0; i < 10; ++i)
            walk.compare(random_identity(random), static_cast<int>(below(random, 40)),
                         below(random, 2) == 0);
        walk.compare_outside(below(random, 2) == 0);
    }
}

}  // namespace
}  // namespace octroi
