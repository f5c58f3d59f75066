// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/counters/listed_counter.hpp"
#include "wire/counters/listing.hpp"
#include "wire/counters/words.hpp"

namespace octroi::counters {
namespace {

struct Counts {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
};

// "[12:3456]"
std::optional<Counts> parse_brackets(std::string_view text) {
    if (!text.starts_with('[') || !text.ends_with(']')) return std::nullopt;
    text = text.substr(1, text.size() - 2);
    const std::size_t colon = text.find(':');
    Counts counts;
    if (colon == std::string_view::npos || !parse_whole(text.substr(0, colon), counts.packets) ||
        !parse_whole(text.substr(colon + 1), counts.bytes))
        return std::nullopt;
    return counts;
}

// The words of a rule, of which one may stand in quotes and then has blanks.
class RuleWords {
public:
    explicit RuleWords(std::string_view rule) : rest_(rule) {}
    [[nodiscard]] std::optional<std::string> next() {
        rest_ = trimmed(rest_);
        if (rest_.empty()) return std::nullopt;
        std::string word;
        bool quoted = false;
        std::size_t at = 0;
        for (; at < rest_.size() && (quoted || !is_blank(rest_[at])); ++at) {
            if (rest_[at] == '"')
                quoted = !quoted;
            else if (rest_[at] == '\\' && at + 1 < rest_.size())
                word += rest_[++at];
            else
                word += rest_[at];
        }
        rest_ = rest_.substr(at);
        return word;
    }

private:
    std::string_view rest_;
};

// Sets the field of an option with one value. A negated match names what the rule has not.
void set_rule_field(ListedCounter& counter, const std::string& option, std::string value,
                    bool negated) {
    if (negated) value.insert(0, "!");
    if (option == "-j" || option == "-g")
        counter.target = std::move(value);
    else if (option == "-p")
        counter.proto = std::move(value);
    else if (option == "-i")
        counter.in = std::move(value);
    else if (option == "-o")
        counter.out = std::move(value);
    else if (option == "-s")
        counter.src = std::move(value);
    else if (option == "-d")
        counter.dst = std::move(value);
    else if (option == "--comment")
        counter.comment = std::move(value);
    else if (option == "--uid-owner" && !negated)
        counter.uid = parse_uid(value);
}

// Returns false if a "-c" has no two numbers behind it.
bool read_rule(ListedCounter& counter) {
    RuleWords words(counter.rule);
    bool negated = false;
    for (auto word = words.next(); word; word = words.next()) {
        if (*word == "!") {
            negated = true;
            continue;
        }
        if (*word == "-c" || *word == "--set-counters") {
            const auto packets = words.next();
            const auto bytes = words.next();
            std::uint64_t p = 0;
            std::uint64_t b = 0;
            if (!packets || !bytes || !parse_whole(*packets, p) || !parse_whole(*bytes, b))
                return false;
            counter.packets = p;
            counter.bytes = b;
        } else if (word->starts_with('-')) {
            const bool takes_value =
                *word == "-j" || *word == "-g" || *word == "-p" || *word == "-i" || *word == "-o" ||
                *word == "-s" || *word == "-d" || *word == "--comment" || *word == "--uid-owner";
            if (takes_value)
                if (auto value = words.next())
                    set_rule_field(counter, *word, *std::move(value), negated);
        }
        negated = false;
    }
    return true;
}

class SaveParser {
public:
    void line(std::string_view line) {
        if (line.empty() || line.front() == '#') return;
        if (line.front() == '*')
            table_ = trimmed(line.substr(1));
        else if (line.front() == ':')
            policy(line);
        else if (line.front() == '[' || line.starts_with("-A ") || line.starts_with("-P "))
            rule(line);
    }
    CounterListing listing;

private:
    // ":INPUT ACCEPT [12:3456]". A chain of the user has no policy ("-").
    void policy(std::string_view line) {
        Words words(line.substr(1));
        const auto chain = words.next();
        const auto target = words.next();
        if (!chain || !target) return add_unread(listing, line);
        if (*target == "-" || words.rest().empty()) return;
        const auto counts = parse_brackets(words.rest());
        if (!counts) return add_unread(listing, line);
        add_policy(*chain, *target, *counts);
    }
    void add_policy(std::string_view chain, std::string_view target, const Counts& counts) {
        ListedCounter counter;
        counter.form = CounterForm::policy;
        counter.table = table_;
        counter.chain = chain;
        counter.target = target;
        counter.packets = counts.packets;
        counter.bytes = counts.bytes;
        add_counter(listing, std::move(counter));
    }
    // "[12:3456] -A OUTPUT …", or "-A OUTPUT … -c 12 3456 …", or "-P INPUT ACCEPT -c 12 3456"
    void rule(std::string_view line) {
        ListedCounter counter;
        counter.table = table_;
        Words words(line);
        if (line.front() == '[') {
            const auto counts = parse_brackets(*words.next());
            if (!counts) return add_unread(listing, line);
            counter.packets = counts->packets;
            counter.bytes = counts->bytes;
        }
        const auto verb = words.next();
        const auto chain = words.next();
        if (!verb || !chain || (*verb != "-A" && *verb != "-P")) return add_unread(listing, line);
        counter.chain = *chain;
        counter.rule = words.rest();
        if (!read_rule(counter)) return add_unread(listing, line);
        if (!counter.packets) return;  // it was made without -c
        if (*verb == "-P")
            return add_policy(counter.chain, *Words(counter.rule).next(),
                              {*counter.packets, *counter.bytes});
        add_counter(listing, std::move(counter));
    }

    std::string table_;
};

}  // namespace

CounterListing parse_iptables_save(std::string_view text) {
    SaveParser parser;
    for (Lines lines(text); const auto line = lines.next();) parser.line(trimmed(*line));
    return std::move(parser.listing);
}

}  // namespace octroi::counters
