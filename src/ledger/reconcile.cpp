// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/reconcile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "record/identity.hpp"

namespace octroi {
namespace {

template <typename List, typename Predicate>
auto* find_in(List& list, Predicate predicate) {
    const auto found = std::find_if(list.begin(), list.end(), predicate);
    return found == list.end() ? nullptr : &*found;
}

class Reconciler {
public:
    Reconciler(const Directory& there, UtcTime now) : there_(there), now_(now) {}

    void account(const WantedAccount& declared) {
        const Account* have =
            find_in(there_.accounts, [&](const Account& a) { return a.name == declared.name; });
        const Account before = have == nullptr ? Account{} : *have;
        const Account wanted{declared.name, declared.parent.value_or(before.parent),
                             declared.title.value_or(before.title)};
        if (have != nullptr && *have == wanted) return;
        result.change.put_accounts.push_back(wanted);
        if (have == nullptr) return line("+ account {}", wanted.name);
        if (have->title != wanted.title) line("~ account {}: title {}", wanted.name, wanted.title);
        if (have->parent != wanted.parent)
            line("~ account {}: below {}", wanted.name,
                 wanted.parent.empty() ? "nobody" : wanted.parent);
    }

    void network(const LocalNetwork& wanted) {
        const LocalNetwork* have = find_in(
            there_.networks, [&](const LocalNetwork& n) { return n.prefix == wanted.prefix; });
        if (have != nullptr && *have == wanted) return;
        result.change.put_networks.push_back(wanted);
        line("{} network {}{}", have == nullptr ? '+' : '~', wanted.prefix,
             wanted.per_address ? ", each address apart" : "");
    }

    // Before any binding(): what the declaration names stays, in whatever order it names it.
    void keep_what_matches(const WantedBinding& wanted) {
        for (const Binding& have : there_.bindings)
            if (matches(have, wanted)) kept_.insert(have.id);
    }

    void binding(const WantedBinding& wanted) {
        const Binding* there = nullptr;  // of equal ones the newest: it is the one that holds
        for (const Binding& have : there_.bindings)
            if (matches(have, wanted)) there = &have;
        if (there != nullptr) return uncover(*there);
        const UtcTime until = wanted.until.value_or(UtcTime::max());
        const bool held = take_over(wanted.identity, {wanted.from.value_or(now_), until});
        const UtcTime from = wanted.from.value_or(held && until > now_ ? now_ : UtcTime::min());
        result.change.add_bindings.push_back(
            {0, wanted.identity, wanted.account, {from, until}, wanted.per_address});
        line("+ binding {} to {}{}{}", identity_text(wanted.identity), wanted.account,
             from == UtcTime::min() ? "" : " from " + to_rfc3339(from),
             wanted.until ? " until " + to_rfc3339(until) : "");
    }

    void prune(const Wanted& wanted) {
        for (const Binding& have : there_.bindings)
            if (have.valid.contains(now_) && !kept_.contains(have.id) && !ended_.contains(have.id))
                end(have, now_);
        for (const LocalNetwork& have : there_.networks) {
            if (find_in(wanted.networks, [&](const auto& n) { return n.prefix == have.prefix; }) !=
                nullptr)
                continue;
            result.change.remove_networks.push_back(have.prefix);
            line("- network {}", have.prefix);
        }
    }

    Reconciliation result;

private:
    static bool matches(const Binding& have, const WantedBinding& wanted) {
        return have.identity == wanted.identity && have.account == wanted.account &&
               have.per_address == wanted.per_address &&
               (!wanted.from || *wanted.from == have.valid.begin) &&
               have.valid.end == wanted.until.value_or(UtcTime::max());
    }
    // The newer binding holds, so one that was laid over a declared one, and not for a time only,
    // is what the declaration does not want.
    void uncover(const Binding& there) {
        const UtcTime moment = std::max(there.valid.begin, now_);
        if (moment >= there.valid.end) return;
        for (const Binding& have : there_.bindings)
            if (have.id > there.id && have.valid.end >= there.valid.end &&
                is_in_the_way(have, there.identity, moment))
                end(have, moment);
    }
    // Whoever holds the identity when `valid` begins gives it up, unless that goes on afterwards:
    // then the new binding lies over it for its time. True: somebody holds it.
    bool take_over(const Identity& identity, Interval valid) {
        bool held = false;
        for (const Binding& have : there_.bindings) {
            if (!is_in_the_way(have, identity, valid.begin)) continue;
            held = true;
            if (have.valid.end <= valid.end) end(have, valid.begin);
        }
        return held;
    }
    [[nodiscard]] bool is_in_the_way(const Binding& have, const Identity& identity,
                                     UtcTime moment) const {
        return have.identity == identity && have.valid.contains(moment) &&
               !kept_.contains(have.id) && !ended_.contains(have.id);
    }
    void end(const Binding& have, UtcTime at) {
        result.change.end_bindings.push_back({have.id, at});
        ended_.insert(have.id);
        line("- binding {} to {}, until {}", identity_text(have.identity), have.account,
             to_rfc3339(at));
    }
    template <typename... Args>
    void line(fmt::format_string<Args...> format, Args&&... args) {
        result.lines.push_back(fmt::format(format, std::forward<Args>(args)...));
    }

    const Directory& there_;
    const UtcTime now_;
    std::set<std::uint64_t> kept_;
    std::set<std::uint64_t> ended_;
};

}  // namespace

Reconciliation reconcile(const Directory& now_there, const Wanted& wanted, UtcTime now) {
    Reconciler reconciler(now_there, now);
    for (const WantedAccount& account : wanted.accounts) reconciler.account(account);
    for (const LocalNetwork& network : wanted.networks) reconciler.network(network);
    for (const WantedBinding& binding : wanted.bindings) reconciler.keep_what_matches(binding);
    for (const WantedBinding& binding : wanted.bindings) reconciler.binding(binding);
    if (wanted.prune) reconciler.prune(wanted);
    return std::move(reconciler.result);
}

}  // namespace octroi
