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
    Reconciler(const Directory& there, UtcTime now) : current_(there), now_(now) {}

    void account(const DesiredAccount& declared) {
        const Account* have =
            find_in(current_.accounts, [&](const Account& a) { return a.name == declared.name; });
        const Account before = have == nullptr ? Account{} : *have;
        const Account desired{declared.name, declared.parent.value_or(before.parent),
                              declared.title.value_or(before.title),
                              declared.email.value_or(before.email)};
        if (have != nullptr && *have == desired) return;
        result.change.put_accounts.push_back(desired);
        if (have == nullptr) return line("+ account {}", desired.name);
        if (have->title != desired.title)
            line("~ account {}: title {}", desired.name, desired.title);
        if (have->email != desired.email)
            line("~ account {}: e-mail {}", desired.name,
                 desired.email.empty() ? "none" : desired.email);
        if (have->parent != desired.parent)
            line("~ account {}: below {}", desired.name,
                 desired.parent.empty() ? "nobody" : desired.parent);
    }

    void network(const LocalNetwork& desired) {
        const LocalNetwork* have = find_in(
            current_.networks, [&](const LocalNetwork& n) { return n.prefix == desired.prefix; });
        if (have != nullptr && *have == desired) return;
        result.change.put_networks.push_back(desired);
        line("{} network {}{}", have == nullptr ? '+' : '~', desired.prefix,
             desired.per_address ? ", each address apart" : "");
    }

    // Called for all desired bindings before the first binding(), so that the result does not
    // depend on their order: no desired binding ends another one.
    void keep_what_matches(const DesiredBinding& desired) {
        for (const Binding& have : current_.bindings)
            if (matches(have, desired)) kept_.insert(have.id);
    }

    void binding(const DesiredBinding& desired) {
        const Binding* there = nullptr;  // the newest match, because the newest counts
        for (const Binding& have : current_.bindings)
            if (matches(have, desired)) there = &have;
        if (there != nullptr) return uncover(*there);
        const UtcTime until = desired.until.value_or(UtcTime::max());
        const bool held = end_bindings_at(desired.identity, {desired.from.value_or(now_), until});
        const UtcTime from = desired.from.value_or(held && until > now_ ? now_ : UtcTime::min());
        result.change.add_bindings.push_back(
            {0, desired.identity, desired.account, {from, until}, desired.per_address});
        line("+ binding {} to {}{}{}", identity_text(desired.identity), desired.account,
             from == UtcTime::min() ? "" : " from " + to_rfc3339(from),
             desired.until ? " until " + to_rfc3339(until) : "");
    }

    void prune(const DesiredDirectory& desired) {
        for (const Binding& have : current_.bindings)
            if (have.valid.end > now_ && !kept_.contains(have.id) && !ended_.contains(have.id))
                end(have, std::max(now_, have.valid.begin));
        for (const LocalNetwork& have : current_.networks) {
            if (find_in(desired.networks, [&](const auto& n) { return n.prefix == have.prefix; }) !=
                nullptr)
                continue;
            result.change.remove_networks.push_back(have.prefix);
            line("- network {}", have.prefix);
        }
    }

    Reconciliation result;

private:
    static bool matches(const Binding& have, const DesiredBinding& desired) {
        return have.identity == desired.identity && have.account == desired.account &&
               have.per_address == desired.per_address &&
               (!desired.from || *desired.from == have.valid.begin) &&
               have.valid.end == desired.until.value_or(UtcTime::max());
    }
    // Of overlapping bindings the one with the greater id counts. A newer binding that covers
    // `there` to its end therefore hides a desired one and is ended. One that covers it for a time
    // only stays: it is a temporary assignment.
    void uncover(const Binding& there) {
        const UtcTime moment = std::max(there.valid.begin, now_);
        if (moment >= there.valid.end) return;
        for (const Binding& have : current_.bindings)
            if (have.id > there.id && have.valid.end >= there.valid.end &&
                competes(have, there.identity, moment))
                end(have, moment);
    }
    // Ends the bindings of the identity at the begin of `valid`. One that lasts longer than `valid`
    // stays, and the newer binding covers it for its time. Returns whether there was one.
    bool end_bindings_at(const Identity& identity, Interval valid) {
        bool held = false;
        for (const Binding& have : current_.bindings) {
            if (!competes(have, identity, valid.begin)) continue;
            held = true;
            if (have.valid.end <= valid.end) end(have, valid.begin);
        }
        return held;
    }
    [[nodiscard]] bool competes(const Binding& have, const Identity& identity,
                                UtcTime moment) const {
        return have.identity == identity && have.valid.contains(moment) &&
               !kept_.contains(have.id) && !ended_.contains(have.id);
    }
    void end(const Binding& have, UtcTime at) {
        result.change.end_bindings.push_back({have.id, at});
        ended_.insert(have.id);
        if (at <= have.valid.begin)
            return line("- binding {} to {}, which was to begin at {}",
                        identity_text(have.identity), have.account, to_rfc3339(have.valid.begin));
        line("- binding {} to {}, until {}", identity_text(have.identity), have.account,
             to_rfc3339(at));
    }
    template <typename... Args>
    void line(fmt::format_string<Args...> format, Args&&... args) {
        result.lines.push_back(fmt::format(format, std::forward<Args>(args)...));
    }

    const Directory& current_;
    const UtcTime now_;
    std::set<std::uint64_t> kept_;
    std::set<std::uint64_t> ended_;
};

}  // namespace

Reconciliation reconcile(const Directory& current, const DesiredDirectory& desired, UtcTime now) {
    Reconciler reconciler(current, now);
    for (const DesiredAccount& account : desired.accounts) reconciler.account(account);
    for (const LocalNetwork& network : desired.networks) reconciler.network(network);
    for (const DesiredBinding& binding : desired.bindings) reconciler.keep_what_matches(binding);
    for (const DesiredBinding& binding : desired.bindings) reconciler.binding(binding);
    if (desired.prune) reconciler.prune(desired);
    return std::move(reconciler.result);
}

}  // namespace octroi
