// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/import_nft.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "meter/nftables/import_chains.hpp"
#include "meter/nftables/import_nft_rule.hpp"

namespace octroi::accounting {
namespace {

using Words = std::span<const std::string>;

// The names of our tables begin with it.
constexpr std::string_view own_prefix = "octroi_";

std::optional<ChainHook> hook_by_name(std::string_view hook) {
    if (hook == "input") return ChainHook::in;
    if (hook == "output") return ChainHook::out;
    if (hook == "forward") return ChainHook::forward;
    return std::nullopt;
}

bool is_family(std::string_view word) {
    return word == "ip" || word == "ip6" || word == "inet" || word == "arp" || word == "bridge" ||
           word == "netdev";
}

template <typename Visit>
void each_line(std::string_view text, Visit visit) {
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        visit(number, text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

struct Table {
    std::string family = "ip";
    std::string name;

    [[nodiscard]] std::string key() const { return family + " " + name; }
    [[nodiscard]] bool is_own() const { return name.starts_with(own_prefix); }
};

// "inet filter": the words are consumed.
Table read_table(Words& words) {
    Table table;
    if (!words.empty() && is_family(words.front())) {
        table.family = words.front();
        words = words.subspan(1);
    }
    if (words.empty()) return table;
    table.name = words.front();
    words = words.subspan(1);
    return table;
}

class NftImporter {
public:
    NftImporter(const ServiceNames& names, std::span<const RuleConfig> present)
        : chains_(names, present) {}

    // Sets may stand behind the rules that use them.
    void find_sets(std::string_view text) {
        each_line(text, [&](std::size_t, std::string_view line) {
            const std::vector<std::string> words = nft_words(line);
            note_set_line(words);
        });
        table_ = {};
        block_.clear();
    }
    void read(std::string_view text) {
        each_line(text, [&](std::size_t number, std::string_view line) {
            const std::vector<std::string> words = nft_words(line);
            if (!words.empty()) read_line(number, words);
        });
    }
    [[nodiscard]] ImportedRules finish() { return chains_.finish(); }

private:
    // Of the first pass: elements = { a, b }, over several lines.
    void note_set_line(Words words) {
        if (words.empty()) return;
        if (words.front() == "table") {
            Words rest = words.subspan(1);
            table_ = read_table(rest);
            return;
        }
        if ((words.front() == "set" || words.front() == "map") && words.size() > 1) {
            set_ = words[1];
            in_elements_ = false;
            return;
        }
        if (set_.empty()) return;
        for (const std::string& word : words) {
            if (word == "elements") {
                in_elements_ = true;
                sets_of_table_[table_.key()][set_];
            } else if (word == "}" && !std::exchange(in_elements_, false)) {
                set_.clear();
                return;
            } else if (in_elements_ && word != "=" && word != "{" && word != ",") {
                note_element(word);
            }
        }
    }
    void note_element(const std::string& word) {
        NftSets& sets = sets_of_table_[table_.key()];
        // A concatenation, a map, a timeout: not a list of values.
        if (word == "." || word == ":" || word == "timeout" || word == "expires" ||
            word == "counter")
            broken_.insert(table_.key() + " " + set_);
        sets[set_].push_back(word);
        if (broken_.contains(table_.key() + " " + set_)) sets.erase(set_);
    }

    void read_line(std::size_t number, Words words) {
        if (words.front() == "nft") words = words.subspan(1);
        if (words.empty()) return;
        if (block_.empty()) return read_command(number, words);
        if (words.front() == "}") return block_.pop_back();
        if (block_.back() == "chain") return read_chain_line(number, words);
        if (block_.back() == "table" && words.back() == "{") {
            block_.emplace_back(words.front() == "chain" ? "chain" : "object");
            if (words.front() == "chain" && words.size() > 1) chain_ = words[1];
            chain_is_added_ = false;
        } else if (words.back() == "}" && std::ranges::find(words, "{") == words.end()) {
            // "…, 10.0.0.7 }": the end of elements.
            block_.pop_back();
        } else if (std::ranges::count(words, "{") > std::ranges::count(words, "}")) {
            block_.emplace_back("object");
        }
    }
    void read_command(std::size_t number, Words words) {
        if (words.front() == "table" && words.back() == "{") {
            Words rest = words.subspan(1);
            table_ = read_table(rest);
            block_.emplace_back("table");
            return;
        }
        if (words.size() < 3) return;
        const std::string& verb = words[0];
        const std::string& object = words[1];
        Words rest = words.subspan(2);
        if (object == "rule" && (verb == "add" || verb == "insert")) {
            table_ = read_table(rest);
            if (rest.empty()) return chains_.leave_out(number, "a chain is missing");
            chain_ = rest.front();
            add_rule(number, rest.subspan(1), verb == "insert");
        } else if (object == "rule") {
            chains_.leave_out(number, "it removes or replaces a rule");
        } else if (object == "chain" && (verb == "add" || verb == "create")) {
            table_ = read_table(rest);
            if (rest.empty()) return;
            chain_ = rest.front();
            note_chain(rest);
        }
    }
    void read_chain_line(std::size_t number, Words words) {
        if (words.front() == "type") return note_chain(words);
        if (words.front() == "policy" || words.front() == "comment") return;
        if (!chain_is_added_) note_chain({});
        add_rule(number, words, false);
    }
    // words: with "type filter hook input", or of a chain without a hook.
    void note_chain(Words words) {
        chain_is_added_ = true;
        std::optional<ChainHook> hook;
        const auto at = std::ranges::find(words, "hook");
        const auto type = std::ranges::find(words, "type");
        if (at != words.end() && at + 1 != words.end()) {
            hook = hook_by_name(*(at + 1));
            if (!hook || *(type + 1) != "filter") others_.insert(chain_key(chain_));
        }
        if (!table_.is_own()) chains_.add_chain(chain_key(chain_), chain_, hook);
    }
    void add_rule(std::size_t number, Words words, bool is_inserted) {
        if (table_.is_own()) return;
        const std::string key = chain_key(chain_);
        chains_.add_chain(key, chain_, std::nullopt);
        if (table_.family != "ip" && table_.family != "ip6" && table_.family != "inet")
            return leave_out_counting(
                number, words,
                fmt::format("tables of the family {} are not imported", table_.family));
        if (others_.contains(key))
            return leave_out_counting(number, words,
                                      fmt::format("the chain {} is not of type filter at the hook "
                                                  "input, output or forward",
                                                  chain_));
        const Family family = table_.family == "ip"    ? Family::v4
                              : table_.family == "ip6" ? Family::v6
                                                       : Family::none;
        ImportLine line = read_nft_rule(words, family, sets_of_table_[table_.key()]);
        if (!words.empty() &&
            (words.front() == "position" || words.front() == "handle" || words.front() == "index"))
            line.problem =
                fmt::format("the place of the rule ({}) is not supported", words.front());
        line.insert_at = is_inserted ? 1 : 0;
        std::string target = chain_key(line.target);
        chains_.add_line(key, number, std::move(line), std::move(target));
    }
    // A rule that counts nothing is no loss.
    void leave_out_counting(std::size_t number, Words words, const std::string& why) {
        if (std::ranges::find(words, "counter") != words.end()) chains_.leave_out(number, why);
    }
    [[nodiscard]] std::string chain_key(const std::string& chain) const {
        return table_.key() + " " + chain;
    }

    ImportedChains chains_;
    std::map<std::string, NftSets> sets_of_table_;
    std::set<std::string> broken_;    // sets of which the elements are no plain values
    std::set<std::string> others_;    // chains at other hooks
    std::vector<std::string> block_;  // blocks that are open: "table", "chain", "object"
    Table table_;
    std::string chain_;
    bool chain_is_added_ = false;
    std::string set_;  // that is read in the first pass; empty: none
    bool in_elements_ = false;
};

}  // namespace

bool is_nft(std::string_view text) {
    bool found = false;
    each_line(text, [&](std::size_t, std::string_view line) {
        const std::vector<std::string> words = nft_words(line);
        if (words.size() < 3) return;
        const std::string& first = words.front();
        found = found || first == "nft" || (first == "table" && words.back() == "{") ||
                ((first == "add" || first == "insert") &&
                 (words[1] == "rule" || words[1] == "chain" || words[1] == "table"));
    });
    return found;
}

ImportedRules import_nft(std::string_view text, const ServiceNames& names,
                         std::span<const RuleConfig> present) {
    NftImporter importer(names, present);
    importer.find_sets(text);
    importer.read(text);
    return importer.finish();
}

}  // namespace octroi::accounting
