// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/counters/wanted_counter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ranges>
#include <utility>
#include <vector>

#include "record/identity.hpp"

namespace octroi::counters {
namespace {

constexpr std::string_view default_filter = "filter";

std::unexpected<Error> wrong(std::string_view text, std::string_view why) {
    return fail(ErrorCode::invalid, fmt::format("'{}': {}", text, why));
}

// The words, without the single quotes of a value. nullopt: a quote is not closed.
std::optional<std::vector<std::string>> split_words(std::string_view text) {
    std::vector<std::string> words;
    bool is_quoted = false;
    bool is_within = false;
    for (const char c : text) {
        if (c == '\'') {
            is_quoted = !is_quoted;
        } else if ((c == ' ' || c == '\t') && !is_quoted) {
            is_within = false;
        } else {
            if (!std::exchange(is_within, true)) words.emplace_back();
            words.back() += c;
        }
    }
    if (is_quoted) return std::nullopt;
    return words;
}

std::optional<ListedFrom> parse_from(std::string_view value) {
    constexpr std::array names{std::pair{std::string_view("nft"), ListedFrom::nft},
                               std::pair{std::string_view("iptables"), ListedFrom::iptables},
                               std::pair{std::string_view("ip6tables"), ListedFrom::ip6tables},
                               std::pair{std::string_view("listing"), ListedFrom::listing}};
    const auto* const found =
        std::ranges::find(names, value, [](const auto& n) { return n.first; });
    if (found == names.end()) return std::nullopt;
    return found->second;
}

bool is_family(std::string_view value) {
    constexpr std::array<std::string_view, 6> families{"ip",  "ip6",    "inet",
                                                       "arp", "bridge", "netdev"};
    return std::ranges::find(families, value) != families.end();
}

// Names go into commands of libnftables and iptables-save.
bool is_table(std::string_view value) {
    return !value.empty() && value.front() != '-' && std::ranges::all_of(value, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '.';
    });
}

bool parse_user(std::string_view value, WantedCounter& wanted) {
    wanted.each_uid = value == "each";
    if (wanted.each_uid) return true;
    std::uint32_t uid = 0;
    const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), uid);
    if (error != std::errc{} || stop != value.data() + value.size() || uid == UINT32_MAX)
        return false;
    wanted.uid = uid;
    return true;
}

struct Wanting {
    WantedCounter wanted;
    bool has_from = false;
    bool has_direction = false;
};

bool set_text(std::string& to, std::string_view value) {
    to = value;
    return !value.empty();
}

// False: the value is none of this key. nullopt: there is no such key.
std::optional<bool> set_word(Wanting& to, std::string_view key, std::string_view value) {
    WantedCounter& wanted = to.wanted;
    if (key == "from") {
        const auto from = parse_from(value);
        to.has_from = from.has_value();
        wanted.from = from.value_or(ListedFrom::nft);
        return to.has_from;
    }
    if (key == "family") return is_family(value) && set_text(wanted.family, value);
    if (key == "table") return is_table(value) && set_text(wanted.table, value);
    if (key == "chain") return set_text(wanted.chain, value);
    if (key == "counter") return set_text(wanted.counter, value);
    if (key == "comment") return set_text(wanted.comment, value);
    if (key == "rule") return set_text(wanted.rule, value);
    if (key == "uid") return parse_user(value, wanted);
    if (key == "policy") {
        wanted.is_policy = value == "yes";
        return wanted.is_policy;
    }
    if (key != "direction") return std::nullopt;
    to.has_direction = true;
    wanted.direction = value == "in" ? CountedDirection::in : CountedDirection::out;
    return value == "in" || value == "out";
}

// Chains that the kernel has, and the names that nftables gives to those of iptables. nullopt: the
// chain sees traffic of both directions.
std::optional<CountedDirection> direction_of(std::string_view chain) {
    if (chain == "INPUT" || chain == "input" || chain == "PREROUTING" || chain == "prerouting")
        return CountedDirection::in;
    if (chain == "OUTPUT" || chain == "output" || chain == "POSTROUTING" || chain == "postrouting")
        return CountedDirection::out;
    return std::nullopt;
}

Result<WantedCounter> checked(Wanting&& parsed) {
    WantedCounter& wanted = parsed.wanted;
    const std::string& text = wanted.text;
    if (!parsed.has_from)
        return wrong(text, "from is missing; write from=nft, iptables, ip6tables or listing");
    const int ways = (wanted.counter.empty() ? 0 : 1) + (wanted.comment.empty() ? 0 : 1) +
                     (wanted.rule.empty() ? 0 : 1) + (wanted.uid || wanted.each_uid ? 1 : 0) +
                     (wanted.is_policy ? 1 : 0);
    if (ways != 1) return wrong(text, "write one of counter, comment, rule, uid, policy=yes");
    const bool is_iptables =
        wanted.from == ListedFrom::iptables || wanted.from == ListedFrom::ip6tables;
    if (is_iptables && (!wanted.counter.empty() || !wanted.family.empty()))
        return wrong(text, "iptables has neither named counters nor families of tables");
    if (wanted.from == ListedFrom::nft && wanted.is_policy)
        return wrong(text,
                     "nftables does not count what the policy of a chain decides; add a rule "
                     "with a counter at its end, and name that");
    if (wanted.is_policy && wanted.chain.empty()) return wrong(text, "policy needs a chain");
    if (wanted.from == ListedFrom::nft && wanted.family.empty()) wanted.family = "inet";
    if (wanted.from != ListedFrom::listing && wanted.table.empty()) wanted.table = default_filter;
    if (!parsed.has_direction) {
        const auto direction = direction_of(wanted.chain);
        if (!direction) return wrong(text, "write direction=in (to the account) or direction=out");
        wanted.direction = *direction;
    }
    return std::move(wanted);
}

bool is_or_any(std::string_view wanted, std::string_view listed) {
    return wanted.empty() || wanted == listed;
}

}  // namespace

Result<WantedCounter> parse_wanted(std::string_view text) {
    const auto words = split_words(text);
    if (!words) return wrong(text, "a single quote is not closed");
    if (words->empty()) return wrong(text, "a name, and KEY=VALUE behind it, are missing");
    Wanting parsed;
    parsed.wanted.text = text;
    parsed.wanted.name = words->front();
    TRY(check_identity({IdentityKind::rule, parsed.wanted.name}));
    for (const std::string& word : *words | std::views::drop(1)) {
        const std::size_t equals = word.find('=');
        if (equals == std::string::npos)
            return wrong(text, fmt::format("'{}' is no KEY=VALUE", word));
        const std::string_view key = std::string_view(word).substr(0, equals);
        const auto good = set_word(parsed, key, std::string_view(word).substr(equals + 1));
        if (!good)
            return wrong(text, fmt::format("'{}' is no key; write one of from, family, table, "
                                           "chain, counter, comment, rule, uid, policy, direction",
                                           key));
        if (!*good) return wrong(text, fmt::format("'{}' is no value of {}", word, key));
    }
    return checked(std::move(parsed));
}

bool wants(const WantedCounter& wanted, const ListedCounter& listed) {
    if (!is_or_any(wanted.family, listed.family) || !is_or_any(wanted.chain, listed.chain))
        return false;
    // `iptables -L` does not state the table.
    if (!listed.table.empty() && !is_or_any(wanted.table, listed.table)) return false;
    if (!wanted.counter.empty())
        return listed.form == CounterForm::named && listed.name == wanted.counter;
    if (wanted.is_policy) return listed.form == CounterForm::policy;
    if (listed.form != CounterForm::rule) return false;
    if (!wanted.comment.empty()) return listed.comment == wanted.comment;
    if (!wanted.rule.empty()) return listed.rule == wanted.rule;
    return wanted.each_uid ? listed.uid.has_value() : listed.uid == wanted.uid;
}

}  // namespace octroi::counters
