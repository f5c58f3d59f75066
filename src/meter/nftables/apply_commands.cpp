// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "meter/nftables/ruleset.hpp"
#include "wire/nftables/additions.hpp"

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

void add_table(Commands& commands, const TableContent& now) {
    commands.add("add", "table", "");
    if (!now.is_foreign) return;
    commands.add("delete", "table", "");
    commands.add("add", "table", "");
}

void add_counters(Commands& commands, const TableContent& now,
                  const std::vector<std::string>& wanted) {
    const Names known = now.is_foreign ? Names() : names_in(now.counters);
    for (const std::string& counter : wanted)
        if (!known.contains(counter)) commands.add("add", "counter", "{}", counter);
}

void add_elements(Commands& commands, const CounterMap& map) {
    // A command of many elements costs less than many commands; its text stays of moderate length.
    constexpr std::size_t elements_of_a_command = 1000;
    std::vector<std::string> texts;
    for (const MapElement& element : map.elements) {
        texts.push_back(fmt::format("{} : \"{}\"", element.key, element.counter));
        if (texts.size() < elements_of_a_command && &element != &map.elements.back()) continue;
        commands.add("add", "element", "{} {{ {} }}", map.name, fmt::join(texts, ", "));
        texts.clear();
    }
}

// The maps that have all their elements. Of the others all elements are added: those that are there
// stay.
Names whole_maps(const TableContent& now) {
    return now.is_whole && !now.is_foreign ? names_in(now.used_maps) : Names();
}

enum class Elements { of_intervals, all };

void add_maps(Commands& commands, const TableContent& now, const Ruleset& wanted, Elements which) {
    const Names known = whole_maps(now);
    for (const CounterMap& map : wanted.maps) {
        if (known.contains(map.name)) continue;
        // With its size the kernel makes a hash that costs less, because it need not grow.
        commands.add(
            "add", "map", "{} {{ type {} : counter; {}}}", map.name, map.type,
            map.intervals ? "flags interval; " : fmt::format("size {}; ", map.elements.size()));
        if (map.intervals || which == Elements::all) add_elements(commands, map);
    }
}

// Removes the rules of all our chains, then the chains that are not wanted. Base chains
// stay: a packet in the kernel passes the rules before or after the change, never both. The old
// mark is among the removed chains: where another process has removed it, the change fails.
void remove_old(Commands& commands, const TableContent& now, const Ruleset& wanted) {
    for (const std::string& chain : now.chains) commands.add("flush", "chain", "{}", chain);
    Names chains{wanted.mark, now.born};
    for (const CounterChain& chain : wanted.chains) chains.insert(chain.name);
    for (const std::string& chain : now.chains)
        if (!chains.contains(chain)) commands.add("delete", "chain", "{}", chain);
}

void add_rules(Commands& commands, const Ruleset& wanted) {
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
}

bool is_made_again(const TableContent& now) { return !now.exists || now.is_foreign; }

}  // namespace

std::string make_commands(const std::string& table, const TableContent& now,
                          const Ruleset& wanted) {
    Commands commands(table);
    // By its handle: one that another process has made meanwhile stays, and the commands fail.
    std::string text =
        now.is_foreign ? fmt::format("delete table inet handle {}\n", now.handle) : "";
    commands.add("create", "table", "{{ flags dormant; }}");
    add_counters(commands, now, wanted.plain_counters);
    add_maps(commands, now, wanted, Elements::of_intervals);
    add_rules(commands, wanted);
    return text + commands.take();
}

std::string mark_commands(const std::string& table, const std::string& born,
                          const Ruleset& wanted) {
    Commands commands(table);
    // Only one process can create it.
    commands.add("create", "chain", "{}", born);
    commands.add("add", "chain", "{}", wanted.mark);
    // Without the flag: it is not dormant any more.
    commands.add("add", "table", "");
    return commands.take();
}

std::string prepare_commands(const std::string& table, const TableContent& now,
                             const Ruleset& wanted) {
    Commands commands(table);
    add_counters(commands, now, wanted.plain_counters);
    add_maps(commands, now, wanted, Elements::of_intervals);
    return commands.take();
}

std::vector<std::string> additions(const std::string& table, const TableContent& now,
                                   const Ruleset& wanted) {
    nftables::Additions made(table);
    Names known = now.is_foreign ? Names() : names_in(now.counters);
    for (const std::string& counter : wanted.plain_counters) known.insert(counter);
    for (const std::string& counter : wanted.counters)
        if (!known.contains(counter)) made.add_counter(counter);
    const Names maps = whole_maps(now);
    for (const CounterMap& map : wanted.maps) {
        if (map.intervals || maps.contains(map.name)) continue;
        for (const MapElement& element : map.elements)
            made.add_element(map.name, element.octets, element.counter);
    }
    return made.drain();
}

std::string switch_commands(const std::string& table, const TableContent& now,
                            const Ruleset& wanted) {
    Commands commands(table);
    // Somebody may have made it dormant.
    if (!now.is_whole) commands.add("add", "table", "");
    remove_old(commands, now, wanted);
    add_rules(commands, wanted);
    commands.add("add", "chain", "{}", wanted.mark);
    return commands.take();
}

std::string apply_commands(const std::string& table, const TableContent& now,
                           const Ruleset& wanted) {
    Commands commands(table);
    if (is_made_again(now) || !now.is_whole) add_table(commands, now);
    add_counters(commands, now, wanted.counters);
    add_maps(commands, now, wanted, Elements::all);
    if (!is_made_again(now)) remove_old(commands, now, wanted);
    add_rules(commands, wanted);
    commands.add("add", "chain", "{}", wanted.mark);
    return commands.take();
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

std::string detach_commands(const std::string& table) {
    return fmt::format("flush table inet {}\n", table);
}

std::string flush_commands(const std::string& table) {
    return fmt::format("add table inet {0}\ndelete table inet {0}\n", table);
}

}  // namespace octroi::accounting
