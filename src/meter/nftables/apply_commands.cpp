// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "meter/nftables/ruleset.hpp"

namespace octroi::accounting {
namespace {

using Names = std::unordered_set<std::string_view>;

Names names_in(const std::vector<std::string>& list) { return {list.begin(), list.end()}; }

class Commands {
public:
    explicit Commands(const std::string& table) : table_(table) {}

    template <typename... Args>
    void add(std::string_view verb, std::string_view object, fmt::format_string<Args...> rest,
             Args&&... args) {
        text_ += fmt::format("{} {} inet {} ", verb, object, table_);
        text_ += fmt::format(rest, std::forward<Args>(args)...);
        text_ += '\n';
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    const std::string& table_;
    std::string text_;
};

// Removes the rules of all our chains, then the chains that are not wanted. Base chains
// stay: a packet in the kernel passes the rules before or after the change, never both. The old
// mark is among the removed chains: where another process has removed it, the change fails.
void remove_old(Commands& commands, const TableContent& now, const Ruleset& wanted) {
    for (const std::string& chain : now.chains) commands.add("flush", "chain", "{}", chain);
    Names chains{wanted.mark, now.born};
    for (const CounterChain& chain : wanted.chains) chains.insert(chain.name);
    for (const std::string& chain : now.chains)
        if (!chains.contains(chain)) commands.add("delete", "chain", "{}", chain);
    // A table that is new: only one process can create its mark of birth.
    if (!now.born.empty() && !names_in(now.chains).contains(now.born))
        commands.add("create", "chain", "{}", now.born);
}

void add_maps(Commands& commands, const TableContent& now, const Ruleset& wanted) {
    // A command of many elements costs less than many commands; its text stays of moderate length.
    constexpr std::size_t elements_of_a_command = 1000;
    // Of a map that is not whole all elements are added: those that are there stay.
    const Names known = now.is_whole ? names_in(now.maps) : Names();
    for (const CounterMap& map : wanted.maps) {
        if (known.contains(map.name)) continue;
        commands.add("add", "map", "{} {{ type {} : counter; {}}}", map.name, map.type,
                     map.intervals ? "flags interval; " : "");
        for (std::size_t at = 0; at < map.elements.size(); at += elements_of_a_command) {
            const auto part =
                std::span(map.elements)
                    .subspan(at, std::min(elements_of_a_command, map.elements.size() - at));
            commands.add("add", "element", "{} {{ {} }}", map.name, fmt::join(part, ", "));
        }
    }
}

}  // namespace

std::string prepare_commands(const std::string& table, const TableContent& now,
                             const Ruleset& wanted) {
    Commands commands(table);
    commands.add("add", "table", "");
    if (now.is_foreign) {
        commands.add("delete", "table", "");
        commands.add("add", "table", "");
    }
    const Names counters = now.is_foreign ? Names() : names_in(now.counters);
    for (const std::string& counter : wanted.counters)
        if (!counters.contains(counter)) commands.add("add", "counter", "{}", counter);
    add_maps(commands, now, wanted);
    return commands.take();
}

std::string switch_commands(const std::string& table, const TableContent& now,
                            const Ruleset& wanted) {
    Commands commands(table);
    if (!now.is_foreign) remove_old(commands, now, wanted);
    for (const CounterChain& chain : wanted.chains) {
        if (chain.hook.empty())
            commands.add("add", "chain", "{}", chain.name);
        else
            commands.add("add", "chain", "{} {{ type filter hook {} priority {}; policy accept; }}",
                         chain.name, chain.hook, wanted.options.priority);
        // Rules that another process added to it meanwhile would count a second time.
        commands.add("flush", "chain", "{}", chain.name);
        for (const std::string& rule : chain.rules)
            commands.add("add", "rule", "{} {}", chain.name, rule);
    }
    commands.add("add", "chain", "{}", wanted.mark);
    return commands.take();
}

std::string apply_commands(const std::string& table, const TableContent& now,
                           const Ruleset& wanted) {
    return prepare_commands(table, now, wanted) + switch_commands(table, now, wanted);
}

std::string cleanup_commands(const std::string& table, const TableContent& now,
                             const Ruleset& wanted) {
    Commands commands(table);
    Names maps;
    for (const CounterMap& map : wanted.maps) maps.insert(map.name);
    for (const std::string& map : now.maps)
        if (!maps.contains(map)) commands.add("delete", "map", "{}", map);
    return commands.take();
}

std::string remove_commands(const std::string& table, std::span<const std::string> counters) {
    Commands commands(table);
    for (const std::string& counter : counters) commands.add("delete", "counter", "{}", counter);
    return commands.take();
}

std::string flush_commands(const std::string& table) {
    return fmt::format("add table inet {0}\ndelete table inet {0}\n", table);
}

}  // namespace octroi::accounting
