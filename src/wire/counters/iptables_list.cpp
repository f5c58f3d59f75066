// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>

#include "wire/counters/listed_counter.hpp"
#include "wire/counters/listing.hpp"
#include "wire/counters/words.hpp"

namespace octroi::counters {
namespace {

// "12", "1130K": xtables_print_num() of libxtables divides by 1000 and cuts off.
bool parse_rounded(std::string_view word, std::uint64_t& value, bool& rounded) {
    constexpr std::string_view units = "KMGTP";
    const std::size_t unit = word.empty() ? std::string_view::npos : units.find(word.back());
    if (unit == std::string_view::npos) return parse_whole(word, value);
    if (!parse_whole(word.substr(0, word.size() - 1), value)) return false;
    for (std::size_t i = 0; i <= unit; ++i)
        if (__builtin_mul_overflow(value, std::uint64_t{1000}, &value)) return false;
    rounded = true;
    return true;
}

std::string interface_of(std::string_view word) { return word == "*" ? "" : std::string(word); }

class ListParser {
public:
    void line(std::string_view line) {
        const std::string_view text = trimmed(line);
        if (text.starts_with("Chain "))
            chain(text);
        else if (text.starts_with("IP ") && text.contains(" rules"))  // ipfwadm
            old_chain(text);
        else if (is_heading(text))
            heading(text);
        else if (has_counters_ && !text.empty())
            rule(text);
    }
    CounterListing listing;

private:
    // "Chain INPUT (policy ACCEPT 12 packets, 3456 bytes)", "Chain X (2 references)"; ipchains has
    // a colon behind the policy.
    void chain(std::string_view text) {
        has_counters_ = false;
        Words words(text.substr(6));
        chain_ = words.next().value_or("");
        if (words.next().value_or("") != "(policy") return;
        ListedCounter counter;
        counter.form = CounterForm::policy;
        counter.chain = chain_;
        counter.target = words.next().value_or("");
        if (counter.target.ends_with(')')) return;  // without -v
        if (counter.target.ends_with(':')) counter.target.pop_back();
        std::uint64_t packets = 0;
        std::uint64_t bytes = 0;
        const bool good = parse_rounded(words.next().value_or(""), packets, counter.rounded) &&
                          words.next().value_or("").starts_with("packets") &&
                          parse_rounded(words.next().value_or(""), bytes, counter.rounded);
        if (!good) return add_unread(listing, text);
        counter.packets = packets;
        counter.bytes = bytes;
        add_counter(listing, std::move(counter));
    }
    // "IP accounting rules"
    void old_chain(std::string_view text) {
        has_counters_ = false;
        Words words(text.substr(3));
        chain_ = words.next().value_or("");
    }
    static bool is_heading(std::string_view text) {
        Words words(text);
        auto word = words.next();
        if (word == "num") word = words.next();
        return word == "pkts" || word == "target" || word == "prot" || word == "type";
    }
    void heading(std::string_view text) {
        Words words(text);
        auto word = words.next();
        has_numbers_ = word == "num";
        if (has_numbers_) word = words.next();
        has_counters_ = word == "pkts" && words.next() == "bytes";
        word = words.next();
        is_old_ = word == "dir" || text.contains("tosa");
        has_direction_ = word == "dir";
    }
    void rule(std::string_view text) {
        ListedCounter counter;
        counter.chain = chain_;
        Words words(text);
        if (has_numbers_) (void)words.next();
        const auto packets = words.next();
        const auto bytes = words.next();
        std::uint64_t p = 0;
        std::uint64_t b = 0;
        if (!packets || !bytes || !parse_rounded(*packets, p, counter.rounded) ||
            !parse_rounded(*bytes, b, counter.rounded))
            return add_unread(listing, text);
        counter.packets = p;
        counter.bytes = b;
        counter.rule = words.rest();
        // One blank is behind the octets; a rule without a target has more.
        const auto behind = static_cast<std::size_t>(bytes->data() + bytes->size() - text.data());
        const bool no_target = behind + 1 < text.size() && is_blank(text[behind + 1]);
        if (!is_old_) fields(words, counter, no_target);
        if (has_direction_) (void)old_fields(words, counter);
        add_counter(listing, std::move(counter));
    }
    // target prot opt in out source destination, and the matches
    static void fields(Words words, ListedCounter& counter, bool no_target) {
        if (!no_target) counter.target = words.next().value_or("");
        counter.proto = words.next().value_or("");
        Words behind_option = words;
        const auto option = behind_option.next().value_or("");
        // ip6tables leaves the column empty.
        if (option == "--" || option == "-f" || option == "!f") words = behind_option;
        counter.in = interface_of(words.next().value_or(""));
        counter.out = interface_of(words.next().value_or(""));
        counter.src = words.next().value_or("");
        counter.dst = words.next().value_or("");
        matches(words.rest(), counter);
    }
    // A comment may have the text of a match.
    static void matches(std::string_view rest, ListedCounter& counter) {
        constexpr std::string_view open_mark = "/* ";
        constexpr std::string_view close_mark = " */";
        const std::size_t open = rest.find(open_mark);
        const std::size_t close = rest.rfind(close_mark);
        std::string others(rest);
        if (open != std::string_view::npos && close != std::string_view::npos && close > open) {
            const std::size_t begin = open + open_mark.size();
            counter.comment = rest.substr(begin, close - begin);
            others.erase(open, close + close_mark.size() - open);
        }
        constexpr std::string_view uid = "owner UID match ";
        const std::size_t at = others.find(uid);
        if (at != std::string::npos && (at < 2 || others.compare(at - 2, 2, "! ") != 0))
            counter.uid = parse_uid(std::string_view(others).substr(at + uid.size()));
    }
    // dir prot …; only the protocol has a column of ours
    static std::optional<std::string_view> old_fields(Words words, ListedCounter& counter) {
        const auto direction = words.next();
        counter.proto = words.next().value_or("");
        return direction;
    }

    std::string chain_;
    bool has_counters_ = false;
    bool has_numbers_ = false;
    bool is_old_ = false;
    bool has_direction_ = false;
};

}  // namespace

CounterListing parse_iptables_list(std::string_view text) {
    ListParser parser;
    for (Lines lines(text); const auto line = lines.next();) parser.line(*line);
    return std::move(parser.listing);
}

}  // namespace octroi::counters
