// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/ebpf/metered_interfaces.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

namespace octroi::ebpf {
namespace {

class Stack {
public:
    explicit Stack(const std::vector<Interface>& present) : present_(&present) {
        for (const Interface& i : present) by_index_.emplace(i.index, &i);
    }

    [[nodiscard]] const Interface* find(int index) const {
        const auto found = by_index_.find(index);
        return found == by_index_.end() ? nullptr : found->second;
    }
    // Adds the interface, and all that stand on it.
    void add_with_upper(int index, std::set<int>& all) const {
        if (find(index) == nullptr || !all.insert(index).second) return;
        add_with_upper(find(index)->master, all);
        for (const Interface& i : *present_)
            if (i.lower == index) add_with_upper(i.index, all);
    }
    [[nodiscard]] std::set<int> upper(int index) const {
        std::set<int> all;
        add_with_upper(index, all);
        all.erase(index);
        return all;
    }
    [[nodiscard]] const std::vector<Interface>& present() const { return *present_; }
    [[nodiscard]] std::vector<const Interface*> ports(int master) const {
        std::vector<const Interface*> list;
        for (const Interface& i : *present_)
            if (i.master == master && master != 0) list.push_back(&i);
        return list;
    }

private:
    const std::vector<Interface>* present_;
    std::map<int, const Interface*> by_index_;
};

bool routes(const Interface& i) { return i.forwards_v4 || i.forwards_v6; }

// Bridged packets do not come in at the bridge itself: its ports see all.
void add_lowest(const Stack& stack, const Interface& i, std::set<int>& chosen) {
    const auto ports = stack.ports(i.index);
    if (i.kind != "bridge" || ports.empty()) chosen.insert(i.index);
    if (i.kind == "bridge")
        for (const Interface* port : ports) add_lowest(stack, *port, chosen);
}

// Two that are named: at the start of the daemon that is refused, but interfaces may be stacked
// later.
std::vector<std::string> conflicts_of(const Stack& stack, const std::set<int>& named) {
    std::vector<std::string> conflicts;
    for (const int lower : named)
        for (const int upper : stack.upper(lower))
            if (named.contains(upper)) {
                const std::string& on = stack.find(upper)->name;
                const std::string& below = stack.find(lower)->name;
                conflicts.push_back(
                    fmt::format("interfaces {} and {} are both named, and {} stands on {}: its "
                                "packets would count twice",
                                below, on, on, below));
            }
    return conflicts;
}

// named: keep their places, except on another named one; of the others the lower ones stay.
void leave_lowest(const Stack& stack, const std::set<int>& named, std::set<int>& chosen) {
    for (const int lower : std::set(chosen))
        for (const int upper : stack.upper(lower)) {
            if (!chosen.contains(upper) || !chosen.contains(lower)) continue;
            const bool is_upper_kept = named.contains(upper) && !named.contains(lower);
            chosen.erase(is_upper_kept ? lower : upper);
        }
}

// On which of several interfaces it stands does not matter if all are covered.
bool is_on_covered(const Interface& i, const std::set<int>& covered) {
    return i.is_on_possible_lower && !i.possible_lower.empty() &&
           std::ranges::all_of(i.possible_lower,
                               [&](int lower) { return covered.contains(lower); });
}

std::set<int> covered_by(const Stack& stack, const std::set<int>& chosen) {
    std::set<int> covered;
    for (const int index : chosen) stack.add_with_upper(index, covered);
    for (const Interface& i : stack.present())
        if (is_on_covered(i, covered)) stack.add_with_upper(i.index, covered);
    return covered;
}

// ppp interfaces that stand on one of several that are chosen.
void leave_below_ppp(const Stack& stack, std::set<int>& chosen) {
    std::erase_if(chosen, [&](int index) {
        std::set<int> others = chosen;
        others.erase(index);
        return is_on_covered(*stack.find(index), covered_by(stack, others));
    });
}

std::vector<std::string> unplaced_ppp(const Stack& stack, const std::set<int>& covered) {
    std::vector<std::string> names;
    for (const Interface& i : stack.present()) {
        const bool may_be_on_covered = std::ranges::any_of(
            i.possible_lower, [&](int lower) { return covered.contains(lower); });
        if (may_be_on_covered && !is_on_covered(i, covered)) names.push_back(i.name);
    }
    return names;
}

// The ports beside covered ones, of a bridge or VRF that routes.
std::set<int> missing_ports(const Stack& stack, const std::set<int>& chosen,
                            const std::set<int>& covered) {
    const auto is_below_chosen = [&](const Interface& port) {
        return std::ranges::any_of(stack.upper(port.index),
                                   [&](int upper) { return chosen.contains(upper); });
    };
    std::set<int> missing;
    for (const int index : covered) {
        const Interface* master = stack.find(stack.find(index)->master);
        if (master == nullptr || !routes(*master)) continue;
        for (const Interface* port : stack.ports(master->index))
            if (!covered.contains(port->index) && !is_below_chosen(*port))
                missing.insert(port->index);
    }
    return missing;
}

}  // namespace

bool is_pattern(std::string_view name) { return name.find_first_of("*?") != name.npos; }

bool matches(std::string_view pattern, std::string_view name) {
    if (pattern.empty()) return name.empty();
    if (pattern.front() == '*') {
        for (std::size_t skipped = 0; skipped <= name.size(); ++skipped)
            if (matches(pattern.substr(1), name.substr(skipped))) return true;
        return false;
    }
    if (name.empty() || (pattern.front() != '?' && pattern.front() != name.front())) return false;
    return matches(pattern.substr(1), name.substr(1));
}

MeteredInterfaces metered_interfaces(const std::vector<Interface>& present,
                                     const std::vector<std::string>& names) {
    const Stack stack(present);
    std::set<int> named;
    std::set<int> chosen;
    for (const Interface& i : present) {
        if (names.empty() && i.meterable) add_lowest(stack, i, chosen);
        for (const std::string& name : names) {
            if (name == i.name)
                named.insert(i.index);
            else if (!i.loopback && is_pattern(name) && matches(name, i.name))
                chosen.insert(i.index);
        }
    }
    MeteredInterfaces result;
    result.conflicts = conflicts_of(stack, named);
    chosen.insert(named.begin(), named.end());
    leave_lowest(stack, named, chosen);
    leave_below_ppp(stack, chosen);
    for (;;) {
        result.covered = covered_by(stack, chosen);
        const auto missing = missing_ports(stack, chosen, result.covered);
        if (missing.empty()) break;
        for (const int index : missing) {
            chosen.insert(index);
            result.added.push_back(stack.find(index)->name);
        }
        leave_lowest(stack, named, chosen);
    }
    for (const int index : chosen) result.chosen.push_back(stack.find(index));
    result.unplaced = unplaced_ppp(stack, result.covered);
    return result;
}

std::set<int> covered_without(const std::set<int>& failed, const MeteredInterfaces& metered,
                              const std::vector<Interface>& present) {
    if (failed.empty()) return metered.covered;
    std::set<int> attached;
    for (const Interface* i : metered.chosen)
        if (!failed.contains(i->index)) attached.insert(i->index);
    return covered_by(Stack(present), attached);
}

std::vector<std::string> warnings_of(const MeteredInterfaces& metered) {
    std::vector<std::string> warnings;
    for (const std::string& conflict : metered.conflicts)
        warnings.push_back(conflict +
                           ", so octroi counts at the lower one only. Next: name one of "
                           "them in `interfaces`");
    if (!metered.unplaced.empty())
        warnings.push_back(fmt::format(
            "the kernel does not state which ppp interfaces are PPPoE sessions of a metered "
            "interface: packets that come in at {} may count twice. Next: name the ppp interfaces "
            "in `interfaces` instead of the interface with the sessions",
            fmt::join(metered.unplaced, ", ")));
    return warnings;
}

}  // namespace octroi::ebpf
