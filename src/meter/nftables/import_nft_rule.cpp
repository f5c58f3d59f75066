// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/import_nft_rule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace octroi::accounting {
namespace {

constexpr std::array<std::string_view, 6> transports{"tcp", "udp", "sctp", "dccp", "udplite", "th"};

bool is_transport(std::string_view word) {
    return std::ranges::find(transports, word) != transports.end();
}

// The words are consumed from the left.
class RuleReader {
public:
    RuleReader(ImportLine& line, std::span<const std::string> words, const NftSets& sets)
        : line_(line), words_(words), sets_(sets) {}

    void read() {
        line_.has_counter = false;
        find_target();
        while (!words_.empty() && line_.problem.empty()) {
            const std::string word = next();
            if (read_statement(word)) continue;
            if (line_.has_counter)
                refuse("it has matches after its counter");
            else if (!read_match(word) && line_.problem.empty())
                refuse(fmt::format("{} is not supported", word));
        }
    }

private:
    void refuse(std::string why) {
        if (line_.problem.empty()) line_.problem = std::move(why);
    }
    // Also where a word before it cannot be understood: the rule may take packets from others.
    void find_target() {
        for (std::size_t i = 0; i < words_.size(); ++i) {
            const std::string& word = words_[i];
            if (word == "comment" || word == "prefix") ++i;
            if (word == "accept" || word == "drop" || word == "reject" || word == "return")
                line_.target = word;
            if ((word == "jump" || word == "goto") && i + 1 < words_.size()) {
                line_.target = words_[i + 1];
                line_.goes_to = word == "goto";
            }
            if (word == "vmap" || word == "queue") line_.target = word;
        }
    }
    std::string next() {
        if (words_.empty()) {
            refuse("a value is missing");
            return "";
        }
        std::string word = words_.front();
        words_ = words_.subspan(1);
        return word;
    }
    bool skip(std::string_view word) {
        if (words_.empty() || words_.front() != word) return false;
        words_ = words_.subspan(1);
        return true;
    }
    bool skip_all(std::initializer_list<std::string_view> words) {
        if (words_.size() < words.size() || !std::equal(words.begin(), words.end(), words_.begin()))
            return false;
        words_ = words_.subspan(words.size());
        return true;
    }

    bool read_statement(const std::string& word) {
        if (word == "counter") {
            read_counter();
        } else if (word == "comment" || word == "jump" || word == "goto") {
            (void)next();
        } else if (word == "log") {
            // Its arguments: "log prefix x group 1".
            while (!words_.empty() && words_.size() > 1 &&
                   (words_[0] == "prefix" || words_[0] == "level" || words_[0] == "group" ||
                    words_[0] == "snaplen" || words_[0] == "queue-threshold" ||
                    words_[0] == "flags"))
                words_ = words_.subspan(2);
        } else if (word == "reject") {
            // "with icmp port-unreachable", at the end.
            if (skip("with")) words_ = {};
        } else {
            return word == "accept" || word == "drop" || word == "return" || word == "continue";
        }
        return true;
    }
    void read_counter() {
        if (line_.has_counter) refuse("it has two counters");
        line_.has_counter = true;
        if (skip("name")) {
            const std::string name = next();
            if (!words_.empty() && words_.front() == "map")
                refuse("a map of counters is not supported");
            if (name.find_first_of(".&") != std::string::npos || is_transport(name) ||
                name == "ip" || name == "ip6" || name == "meta")
                refuse("a map of counters is not supported");
            line_.identity = "rule " + name;
        }
        if (skip("packets")) (void)next();
        if (skip("bytes")) (void)next();
    }

    bool read_match(const std::string& word) {
        RuleConfig& rule = line_.rule;
        if (word == "ip" || word == "ip6") return read_header(word);
        if (word == "meta") return read_meta(next());
        if (word == "iifname" || word == "iif") return set_text(rule.in_interface);
        if (word == "oifname" || word == "oif") return set_text(rule.out_interface);
        if (word == "skuid") return set_list(rule.uid);
        if (word == "l4proto") return set_list(rule.protocol);
        if (word == "icmp" || word == "icmpv6") {
            if (!skip("type")) return false;
            return set_protocol(word) && set_list(rule.icmp_type);
        }
        if (word == "ether") return skip("saddr") && set_list(rule.mac);
        if (word == "frag")
            return skip_all({"frag-off", "!=", "0"}) && set_family(Family::v6) &&
                   (rule.fragments = true);
        return is_transport(word) && read_ports(word);
    }
    bool read_header(const std::string& word) {
        RuleConfig& rule = line_.rule;
        const Family family = word == "ip" ? Family::v4 : Family::v6;
        if (!set_family(family)) return true;
        if (skip("saddr")) return set_addresses(rule.from, family);
        if (skip("daddr")) return set_addresses(rule.to, family);
        if (skip("protocol") || skip("nexthdr")) return set_list(rule.protocol);
        if (skip_all({"frag-off", "&", "0x1fff", "!=", "0"}) ||
            skip_all({"frag-off", "&", "8191", "!=", "0"}) ||
            skip_all({"frag-off", "&", "0x1fff", "!=", "0x0"}))
            return rule.fragments = true;
        return false;
    }
    bool read_meta(const std::string& key) {
        if (key == "nfproto" || key == "protocol") {
            const std::string value = next();
            if (value != "ipv4" && value != "ipv6" && value != "ip" && value != "ip6") return false;
            set_family(value.back() == '6' ? Family::v6 : Family::v4);
            return true;
        }
        return (key == "iifname" || key == "oifname" || key == "iif" || key == "oif" ||
                key == "skuid" || key == "l4proto") &&
               read_match(key);
    }
    bool read_ports(const std::string& word) {
        RuleConfig& rule = line_.rule;
        if (word != "th" && !set_protocol(word)) return true;
        const bool is_source = skip("sport");
        if (!is_source && !skip("dport")) return false;
        std::vector<std::string>& ports = is_source ? rule.from_port : rule.to_port;
        bool is_negated = false;
        std::vector<std::string> values = read_values(is_negated);
        if (is_negated) return set_others(ports, other_ports(values));
        return assign(ports, std::move(values));
    }

    // These return true: what they refuse has its reason.
    bool set_family(Family family) {
        if (line_.family == Family::none) line_.family = family;
        if (line_.family == family) return true;
        refuse("it is about two IP versions");
        return false;
    }
    bool set_protocol(const std::string& protocol) {
        std::vector<std::string>& known = line_.rule.protocol;
        if (known.empty()) known = {protocol};
        if (known == std::vector{protocol}) return true;
        refuse("it is about two protocols");
        return false;
    }
    bool assign(std::vector<std::string>& to, std::vector<std::string> values) {
        if (!to.empty() && to != values) refuse("it has two matches of one sort");
        to = std::move(values);
        return true;
    }
    bool set_others(std::vector<std::string>& to, Result<std::vector<std::string>> others) {
        if (!others || others->empty())
            refuse(fmt::format("a negation (!=): {}",
                               others ? "it matches nothing" : others.error().text));
        else
            assign(to, *std::move(others));
        return true;
    }
    bool set_list(std::vector<std::string>& to) {
        bool is_negated = false;
        std::vector<std::string> values = read_values(is_negated);
        if (is_negated) refuse("a negation (!=) of this value is not supported");
        return assign(to, std::move(values));
    }
    bool set_text(std::string& to) {
        bool is_negated = false;
        const std::vector<std::string> values = read_values(is_negated);
        if (is_negated) refuse("a negation (!=) of an interface is not supported");
        if (values.size() != 1) refuse("a list of interfaces is not supported");
        to = values.empty() ? "" : values.front();
        return true;
    }
    bool set_addresses(std::vector<std::string>& to, Family family) {
        bool is_negated = false;
        std::vector<std::string> values = read_values(is_negated);
        if (is_negated) return set_others(to, other_addresses(values, family));
        return assign(to, std::move(values));
    }
    // "80", "!= 80", "{ 80, 443 }", "@ports".
    std::vector<std::string> read_values(bool& is_negated) {
        is_negated = skip("!=");
        (void)skip("==");
        const std::string word = next();
        if (word.starts_with('@')) {
            const auto set = sets_.find(std::string_view(word).substr(1));
            if (set != sets_.end()) return set->second;
            refuse(fmt::format("the set {} is not in the file, or its elements are not supported",
                               word));
            return {};
        }
        if (word != "{") {
            if (word == "<" || word == ">" || word == "<=" || word == ">=" || word == "&" ||
                word == "." || word == "map" || word == "vmap" || word == "and")
                refuse(fmt::format("{} is not supported", word));
            if (!words_.empty() && (words_.front() == "." || words_.front() == "&"))
                refuse(fmt::format("{} is not supported", words_.front()));
            return {word};
        }
        std::vector<std::string> values;
        while (!words_.empty() && words_.front() != "}") {
            const std::string value = next();
            if (value == "," || !line_.problem.empty()) continue;
            if (value == "." || value == ":") refuse(fmt::format("{} is not supported", value));
            values.push_back(value);
        }
        if (!skip("}")) refuse("a '}' is missing");
        return values;
    }

    ImportLine& line_;
    std::span<const std::string> words_;
    const NftSets& sets_;
};

}  // namespace

std::vector<std::string> nft_words(std::string_view line) {
    std::vector<std::string> words;
    std::string word;
    bool in_quotes = false;
    const auto end_word = [&] {
        if (!word.empty()) words.push_back(std::exchange(word, {}));
    };
    for (const char c : line) {
        if (c == '"') {
            in_quotes = !in_quotes;
            end_word();
            continue;
        }
        if (in_quotes || std::string_view(" \t\r#{},;").find(c) == std::string_view::npos) {
            word += c;
            continue;
        }
        if (c == '#') break;
        end_word();
        if (std::string_view("{},;").find(c) != std::string_view::npos) words.emplace_back(1, c);
    }
    end_word();
    return words;
}

ImportLine read_nft_rule(std::span<const std::string> words, Family family, const NftSets& sets) {
    ImportLine line;
    line.program = Program::nft;
    line.family = family;
    RuleReader(line, words, sets).read();
    return line;
}

}  // namespace octroi::accounting
