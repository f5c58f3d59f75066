// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/import_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <initializer_list>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "meter/nftables/rule_values.hpp"

namespace octroi::accounting {
namespace {

// Words between spaces; "…" keeps spaces.
std::vector<std::string> words_in(std::string_view line) {
    std::vector<std::string> words;
    std::string word;
    bool in_quotes = false;
    for (const char c : line) {
        if (c == '"')
            in_quotes = !in_quotes;
        else if ((c == ' ' || c == '\t' || c == '\r') && !in_quotes) {
            if (!word.empty()) words.push_back(std::move(word));
            word.clear();
        } else {
            word += c;
        }
    }
    if (!word.empty()) words.push_back(std::move(word));
    return words;
}

std::vector<std::string> parts_of(std::string_view list) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at <= list.size();) {
        const std::size_t comma = std::min(list.find(',', at), list.size());
        if (comma > at) parts.emplace_back(list.substr(at, comma - at));
        at = comma + 1;
    }
    return parts;
}

bool is_everything(std::string_view address) {
    return address == "0/0" || address == "0.0.0.0/0" || address == "any/0" ||
           address == "anywhere" || address == "0.0.0.0/0.0.0.0" || address == "::/0";
}

// The mask of "10.0.0.0/255.0.0.0".
std::optional<std::uint32_t> mask_of(const std::string& address) {
    const std::size_t slash = address.find('/');
    if (slash == std::string::npos) return std::nullopt;
    const auto mask = parse_address(address.substr(slash + 1));
    if (!mask || mask->family != Family::v4) return std::nullopt;
    return mask->v4_value();
}

// 255.0.255.0: iptables accepts it, and no prefix matches the same addresses.
bool has_mask_with_gaps(const std::string& address) {
    const std::uint32_t zeros = ~mask_of(address).value_or(0);
    return (zeros & (zeros + 1)) != 0;
}

// "10.0.0.0/255.0.0.0" and "10.0.0.5/8": as a prefix. Without has_mask_with_gaps().
std::string prefix_text(const std::string& address) {
    if (address.find('/') == std::string::npos) return address;
    std::string text = address;
    if (const auto mask = mask_of(address))
        text = fmt::format("{}/{}", address.substr(0, address.find('/')), std::countl_one(*mask));
    const auto prefix = parse_prefix(text, true);
    return prefix ? to_string(*prefix) : address;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::ranges::find(words, word) != words.end();
}

// The intervals between these, up to `last`.
Spans complement(const Spans& spans, Number last) {
    Spans others;
    Number next = 0;
    for (const Span& span : spans) {
        if (span.first > next) others.push_back({next, span.first - 1});
        if (span.last == last) return others;
        next = span.last + 1;
    }
    others.push_back({next, last});
    return others;
}

// The words are consumed from the left.
class LineReader {
public:
    LineReader(ImportLine& line, std::span<const std::string> words)
        : program_(line.program), line_(line), words_(words) {}

    void read() {
        std::string& problem = line_.problem;
        find_chain_and_target();
        while (!words_.empty() && problem.empty()) {
            const std::string option = next();
            if (option == "!") {
                is_negated_ = true;
                continue;
            }
            if (is_one_of(option, {"-A", "-I", "--append", "--insert"}))
                read_chain(option);
            else if (!read_match(option) && !read_ports(option) && !read_extension(option) &&
                     problem.empty())
                problem = fmt::format("{} is not supported", option);
            if (is_negated_ && problem.empty())
                problem = fmt::format("a negation (!) of {} is not supported", option);
        }
        if (problem.empty() && line_.chain.empty()) problem = "it adds no rule";
        note_icmp_types();
    }

private:
    // Also where a word before them cannot be understood: the rule may take packets from others.
    void find_chain_and_target() {
        for (std::size_t i = 0; i + 1 < words_.size(); ++i) {
            if (is_one_of(words_[i], {"-A", "-I", "--append", "--insert"}))
                line_.chain = words_[i + 1];
            if (is_one_of(words_[i], {"-j", "--jump", "-g", "--goto"}))
                line_.target = words_[i + 1];
        }
    }
    std::string next() {
        if (words_.empty()) {
            line_.problem = "a value is missing";
            return "";
        }
        std::string word = words_.front();
        words_ = words_.subspan(1);
        return word;
    }
    // A value. Old versions have the "!" of a negation directly in front.
    std::string value() {
        std::string word = next();
        if (word != "!") return word;
        is_negated_ = true;
        return next();
    }
    [[nodiscard]] bool value_follows() const {
        return !words_.empty() && !words_.front().starts_with('-');
    }
    void read_chain(std::string_view option) {
        // ipfwadm -A without a direction is both directions.
        line_.chain = program_ == Program::ipfwadm && !value_follows() ? "both" : next();
        if (program_ == Program::ipfwadm || !is_one_of(option, {"-I", "--insert"})) return;
        line_.insert_at = 1;
        // iptables -I CHAIN 3
        if (!value_follows()) return;
        const std::string number = next();
        const auto [end, error] =
            std::from_chars(number.data(), number.data() + number.size(), line_.insert_at);
        if (error != std::errc{} || end != number.data() + number.size() || line_.insert_at == 0)
            line_.problem = fmt::format("'{}' is not the number of a rule", number);
    }
    // The values that are not negated any more.
    template <typename Complement>
    void negate(std::vector<std::string>& values, Complement complement_of) {
        if (!is_negated_) return;
        is_negated_ = false;
        auto others = complement_of(values);
        if (!others)
            line_.problem = fmt::format("a negation (!): {}", others.error().text);
        else if (others->empty())
            line_.problem = "a negation (!) of all values matches nothing";
        else
            values = *std::move(others);
    }
    void read_address(std::vector<std::string>& addresses, std::vector<std::string>& ports) {
        const std::string list = value();
        for (const std::string& part : parts_of(list)) {
            if (is_everything(part) && !is_negated_) continue;
            if (has_mask_with_gaps(part)) {
                line_.problem = fmt::format("a mask with gaps ({}) is not supported", part);
                return;
            }
            addresses.push_back(is_everything(part) ? "0/0" : prefix_text(part));
            if (part.find(':') != std::string::npos) line_.family = Family::v6;
        }
        negate(addresses, [&](const auto& all) { return other_addresses(all, line_.family); });
        // ipfwadm and ipchains state ports behind the address, where iptables has none.
        const std::size_t before = ports.size();
        while (program_ != Program::iptables && (value_follows() || is_negation_of_value())) {
            std::string port = value();
            // What the first versions said of fragments, which have no port and no type.
            if (is_one_of(port, {"0xFFFF", "0xffff", "0xFF", "0xff"}))
                line_.rule.fragments = true;
            else
                ports.push_back(std::move(port));
        }
        if (ports.size() > before) negate(ports, other_ports);
    }
    // "-d 0/0 ! 80"; not "! -y".
    [[nodiscard]] bool is_negation_of_value() const {
        return words_.size() > 1 && words_[0] == "!" && !words_[1].starts_with('-');
    }
    bool read_match(const std::string& option) {
        if (option == "-s" || option == "-S" || option == "--source" || option == "--src")
            read_address(line_.rule.from, line_.rule.from_port);
        else if (option == "-d" || option == "-D" || option == "--destination" || option == "--dst")
            read_address(line_.rule.to, line_.rule.to_port);
        else if (option == "-p" || option == "-P" || option == "--protocol" || option == "--proto")
            read_protocol(value());
        else if (option == "-W" || (program_ == Program::ipchains && option == "-i"))
            line_.interface = value();
        else if (program_ == Program::iptables && (option == "-i" || option == "--in-interface"))
            line_.rule.in_interface = value();
        else if (program_ == Program::iptables && (option == "-o" || option == "--out-interface"))
            line_.rule.out_interface = value();
        else if (option == "-f" || option == "--fragment")
            line_.rule.fragments = true;
        else if (option == "-b" && program_ != Program::iptables)
            line_.both_ways = true;
        else
            return false;
        return true;
    }
    void read_protocol(std::string protocol) {
        std::ranges::transform(protocol, protocol.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
        if (protocol != "all" && protocol != "0") line_.rule.protocol = {protocol};
    }
    bool read_ports(const std::string& option) {
        const auto add = [&](std::vector<std::string>& to) {
            for (std::string& part : parts_of(value())) to.push_back(std::move(part));
            negate(to, other_ports);
        };
        if (option == "--sport" || option == "--sports" || option == "--source-port" ||
            option == "--source-ports")
            add(line_.rule.from_port);
        else if (option == "--dport" || option == "--dports" || option == "--destination-port" ||
                 option == "--destination-ports")
            add(line_.rule.to_port);
        else if (option == "--icmp-type" || option == "--icmpv6-type")
            read_icmp_type(value());
        else
            return false;
        return true;
    }
    void read_icmp_type(std::string type) {
        if (type != "any") line_.rule.icmp_type.push_back(std::move(type));
    }
    bool read_extension(const std::string& option) {
        static const std::set<std::string_view> known_modules{
            "tcp",       "udp",   "icmp", "icmp6",   "icmpv6",
            "multiport", "owner", "mac",  "comment", "iprange"};
        if (option == "-m" || option == "--match") {
            const std::string module = next();
            if (!known_modules.contains(module))
                line_.problem = fmt::format("the match {} is not supported", module);
        } else if (option == "--uid-owner") {
            line_.rule.uid = {value()};
        } else if (option == "--mac-source") {
            line_.rule.mac = {value()};
        } else if (option == "--src-range" || option == "--dst-range") {
            auto& addresses = option == "--src-range" ? line_.rule.from : line_.rule.to;
            addresses.push_back(value());
            if (addresses.back().find(':') != std::string::npos) line_.family = Family::v6;
            negate(addresses, [&](const auto& all) { return other_addresses(all, line_.family); });
        } else if (option == "-t" || option == "--table") {
            const std::string table = next();
            if (table != "filter")
                line_.problem = fmt::format("rules of the table {} are not imported", table);
        } else if (option == "--comment" || option == "-V") {
            (void)next();
        } else if (option == "-j" || option == "--jump" || option == "-g" || option == "--goto") {
            line_.target = next();
            line_.goes_to = option == "-g" || option == "--goto";
        } else if (option == "-c" || option == "--set-counters") {
            (void)next();
            (void)next();
        } else {
            // ipfwadm -a: append; ipfwadm -i: insert; ipfwadm -d: delete.
            if (program_ == Program::ipfwadm && option == "-d") line_.problem = "it removes a rule";
            if (program_ == Program::ipfwadm && option == "-i") line_.insert_at = 1;
            return (program_ == Program::ipfwadm && is_one_of(option, {"-a", "-i", "-d"})) ||
                   is_one_of(option, {"-v", "-n", "-w", "-4", "-6"});
        }
        return true;
    }
    // "iptables -p icmp --sports echo-request" is in print, and means a type.
    void note_icmp_types() {
        RuleConfig& rule = line_.rule;
        if (rule.protocol != std::vector<std::string>{"icmp"}) return;
        for (auto* ports : {&rule.from_port, &rule.to_port}) {
            rule.icmp_type.insert(rule.icmp_type.end(), ports->begin(), ports->end());
            ports->clear();
        }
    }

    Program program_;
    ImportLine& line_;
    std::span<const std::string> words_;
    bool is_negated_ = false;  // the value that follows, or was read last
};

// Commands that change rules which other lines have added.
bool removes_rules(Program program, std::span<const std::string> words) {
    return program != Program::ipfwadm && std::ranges::any_of(words, [](const std::string& word) {
               return is_one_of(word, {"-D", "-R", "--delete", "--replace"});
           });
}

bool adds_rule(std::span<const std::string> words) {
    return std::ranges::any_of(words, [](const std::string& word) {
        return is_one_of(word, {"-A", "-I", "--append", "--insert"});
    });
}

}  // namespace

Result<std::vector<std::string>> other_addresses(const std::vector<std::string>& addresses,
                                                 Family family) {
    TRY_ASSIGN(const AddressSpans spans, parse_addresses(addresses));
    const bool v6 = family == Family::v6;
    std::vector<std::string> texts;
    for (const Span& span :
         complement(v6 ? spans.v6 : spans.v4, v6 ? ~Number{0} : Number{UINT32_MAX}))
        texts.push_back(fmt::format("{}-{}", to_string(address_of(span.first, family)),
                                    to_string(address_of(span.last, family))));
    return texts;
}

Result<std::vector<std::string>> other_ports(const std::vector<std::string>& ports) {
    TRY_ASSIGN(const Spans spans, parse_ports(ports, {}, {}));
    std::vector<std::string> texts;
    for (const Span& span : complement(spans, UINT16_MAX))
        texts.push_back(fmt::format("{}:{}", static_cast<std::uint32_t>(span.first),
                                    static_cast<std::uint32_t>(span.last)));
    return texts;
}

std::optional<std::string> created_chain(std::string_view text) {
    const std::vector<std::string> words = words_in(text);
    if (!words.empty() && words.front().size() > 1 && words.front().starts_with(':'))
        return words.front().substr(1);
    for (std::size_t i = 1; i + 1 < words.size(); ++i)
        if (words[i] == "-N" || words[i] == "--new-chain") return words[i + 1];
    return std::nullopt;
}

std::optional<ImportLine> read_import_line(std::string_view text, Family family) {
    const std::vector<std::string> words = words_in(text);
    std::span<const std::string> rest(words);
    // iptables-save -c: "[packets:bytes] -A …".
    if (!rest.empty() && rest.front().starts_with('[')) rest = rest.subspan(1);
    ImportLine line;
    line.family = family;
    if (!rest.empty() && !rest.front().starts_with('-')) {
        const std::string name = rest.front().substr(rest.front().rfind('/') + 1);
        line.family = Family::v4;
        if (name == "ipchains")
            line.program = Program::ipchains;
        else if (name == "ipfwadm")
            line.program = Program::ipfwadm;
        else if (name == "ip6tables")
            line.family = Family::v6;
        else if (name != "iptables")
            return std::nullopt;
        rest = rest.subspan(1);
    }
    if (removes_rules(line.program, rest)) {
        line.problem = "it removes or replaces a rule";
        return line;
    }
    if (!adds_rule(rest)) return std::nullopt;
    LineReader(line, rest).read();
    return line;
}

}  // namespace octroi::accounting
