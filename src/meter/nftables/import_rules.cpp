// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/import_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>

#include "base/address.hpp"

namespace octroi::accounting {
namespace {

enum class Program { iptables, ipchains, ipfwadm };

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
           address == "anywhere" || address == "0.0.0.0/0.0.0.0";
}

// "10.0.0.0/255.0.0.0" and "10.0.0.5/8": as a prefix.
std::string prefix_text(const std::string& address) {
    const std::size_t slash = address.find('/');
    if (slash == std::string::npos) return address;
    std::string text = address;
    if (const auto mask = parse_address(address.substr(slash + 1));
        mask && mask->family == Family::v4) {
        int length = 0;
        for (std::uint32_t bits = mask->v4_value(); (bits & 0x80000000U) != 0; bits <<= 1U)
            ++length;
        text = fmt::format("{}/{}", address.substr(0, slash), length);
    }
    const auto prefix = parse_prefix(text, true);
    return prefix ? to_string(*prefix) : address;
}

// One line. The words are consumed from the left.
class LineReader {
public:
    LineReader(Program program, std::span<const std::string> words)
        : program_(program), words_(words) {}

    // False: `problem` says why.
    bool read() {
        while (!words_.empty() && problem.empty()) {
            const std::string option = next();
            if (option == "-A" || option == "-I" || option == "--append" || option == "--insert")
                read_chain();
            else if (!read_match(option) && !read_ports(option) && !read_extension(option))
                problem = fmt::format("{} is not supported", option);
        }
        if (problem.empty() && chain.empty() && program_ != Program::ipfwadm)
            problem = "it adds no rule";
        return problem.empty();
    }

    RuleConfig rule;
    std::string chain;
    std::string interface;
    bool has_target = false;
    bool both_ways = false;
    std::string problem;

private:
    std::string next() {
        if (words_.empty()) {
            problem = "a value is missing";
            return "";
        }
        std::string word = words_.front();
        words_ = words_.subspan(1);
        if (word == "!") problem = "a negation (!) is not supported";
        return word;
    }
    [[nodiscard]] bool value_follows() const {
        return !words_.empty() && !words_.front().starts_with('-');
    }
    void read_chain() {
        // ipfwadm -A without a direction is both directions.
        chain = program_ == Program::ipfwadm && !value_follows() ? "both" : next();
        // iptables -I CHAIN 3
        if (value_follows() && program_ != Program::ipfwadm) (void)next();
    }
    void read_address(std::vector<std::string>& addresses, std::vector<std::string>& ports) {
        for (const std::string& part : parts_of(next()))
            if (!is_everything(part)) addresses.push_back(prefix_text(part));
        // ipfwadm and ipchains state ports behind the address, where iptables has none.
        while (program_ != Program::iptables && value_follows()) {
            if (rule.protocol == std::vector<std::string>{"icmp"})
                rule.icmp_type.push_back(next());
            else
                ports.push_back(next());
        }
    }
    bool read_match(const std::string& option) {
        if (option == "-s" || option == "-S" || option == "--source" || option == "--src")
            read_address(rule.from, rule.from_port);
        else if (option == "-d" || option == "-D" || option == "--destination" || option == "--dst")
            read_address(rule.to, rule.to_port);
        else if (option == "-p" || option == "-P" || option == "--protocol" || option == "--proto")
            read_protocol(next());
        else if (option == "-W" || (program_ == Program::ipchains && option == "-i"))
            interface = next();
        else if (program_ == Program::iptables && (option == "-i" || option == "--in-interface"))
            rule.in_interface = next();
        else if (program_ == Program::iptables && (option == "-o" || option == "--out-interface"))
            rule.out_interface = next();
        else if (option == "-f" || option == "--fragment")
            rule.fragments = true;
        else if (option == "-b" && program_ != Program::iptables)
            both_ways = true;
        else
            return false;
        return true;
    }
    void read_protocol(std::string protocol) {
        std::ranges::transform(protocol, protocol.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
        if (protocol != "all" && protocol != "0") rule.protocol = {protocol};
    }
    bool read_ports(const std::string& option) {
        const auto add = [&](std::vector<std::string>& to) {
            for (std::string& part : parts_of(next())) to.push_back(std::move(part));
        };
        if (option == "--sport" || option == "--sports" || option == "--source-port" ||
            option == "--source-ports")
            add(rule.from_port);
        else if (option == "--dport" || option == "--dports" || option == "--destination-port" ||
                 option == "--destination-ports")
            add(rule.to_port);
        else if (option == "--icmp-type" || option == "--icmpv6-type")
            add(rule.icmp_type);
        else
            return false;
        return true;
    }
    bool read_extension(const std::string& option) {
        static const std::set<std::string_view> known_modules{
            "tcp", "udp", "icmp", "icmp6", "icmpv6", "multiport", "owner", "mac", "comment"};
        if (option == "-m" || option == "--match") {
            const std::string module = next();
            if (!known_modules.contains(module))
                problem = fmt::format("the match {} is not supported", module);
        } else if (option == "--uid-owner") {
            rule.uid = {next()};
        } else if (option == "--mac-source") {
            rule.mac = {next()};
        } else if (option == "--comment" || option == "-V") {
            (void)next();
        } else if (option == "-j" || option == "--jump" || option == "-g" || option == "--goto") {
            read_target();
        } else if (option == "-c" || option == "--set-counters") {
            (void)next();
            (void)next();
        } else {
            // ipfwadm -a: append; ipfwadm -i: insert.
            return (program_ == Program::ipfwadm && (option == "-a" || option == "-i")) ||
                   option == "-v" || option == "-n" || option == "-w";
        }
        return true;
    }
    void read_target() {
        static const std::set<std::string_view> known_targets{
            "ACCEPT", "DROP", "RETURN", "REJECT", "DENY", "accept", "deny", "reject"};
        const std::string target = next();
        has_target = true;
        if (!known_targets.contains(target))
            problem = fmt::format("the target {} is not supported", target);
    }

    Program program_;
    std::span<const std::string> words_;
};

enum class ChainHook { in, out, forward, both };

std::optional<ChainHook> way_of(std::string_view chain) {
    if (chain == "INPUT" || chain == "input" || chain == "in") return ChainHook::in;
    if (chain == "OUTPUT" || chain == "output" || chain == "out") return ChainHook::out;
    if (chain == "FORWARD" || chain == "forward") return ChainHook::forward;
    if (chain == "both") return ChainHook::both;
    return std::nullopt;
}

class Importer {
public:
    void add_line(std::size_t number, std::string_view line) {
        const std::vector<std::string> words = words_in(line);
        std::span<const std::string> rest(words);
        // iptables-save -c: "[packets:bytes] -A …".
        if (!rest.empty() && rest.front().starts_with('[')) rest = rest.subspan(1);
        Program program = Program::iptables;
        if (!rest.empty() && !rest.front().starts_with('-')) {
            const std::string name = rest.front().substr(rest.front().rfind('/') + 1);
            if (name == "ipchains")
                program = Program::ipchains;
            else if (name == "ipfwadm")
                program = Program::ipfwadm;
            else if (name != "iptables" && name != "ip6tables")
                return;
            rest = rest.subspan(1);
        }
        const bool adds = std::ranges::any_of(rest, [](const std::string& word) {
            return word == "-A" || word == "-I" || word == "--append" || word == "--insert";
        });
        if (!adds) return;
        LineReader reader(program, rest);
        if (!reader.read()) {
            leave_out(number, reader.problem);
            return;
        }
        add(number, program, reader);
    }
    ImportedRules made;

private:
    void leave_out(std::size_t number, std::string_view why) {
        made.left_out.push_back(fmt::format("line {}: {}", number, why));
    }

    void add(std::size_t number, Program program, const LineReader& reader) {
        const auto way = way_of(reader.chain);
        if (!way) {
            leave_out(number, fmt::format("the chain {} is not one of the kernel's. Next: write "
                                          "its rules with group",
                                          reader.chain));
            return;
        }
        if (reader.has_target) ended_.insert(reader.chain);
        if (!reader.has_target && ended_.contains(reader.chain)) {
            leave_out(number, "it has no target, but earlier rules of its chain end the chain");
            return;
        }
        RuleConfig rule = reader.rule;
        rule.name = fmt::format("{}-{}", reader.chain, ++numbers_[reader.chain]);
        if (reader.has_target) rule.group = reader.chain;
        // ipfwadm counted what enters and leaves the machine, forwarded packets in both.
        const bool all_hooks = program == Program::ipfwadm;
        if (*way == ChainHook::both) {
            add_way(rule, reader, ChainHook::in, all_hooks, "-in");
            add_way(rule, reader, ChainHook::out, all_hooks, "-out");
        } else {
            add_way(rule, reader, *way, all_hooks, "");
        }
    }

    void add_way(RuleConfig rule, const LineReader& reader, ChainHook way, bool all_hooks,
                 std::string_view suffix) {
        rule.name += suffix;
        const bool is_in = way == ChainHook::in;
        if (!reader.interface.empty())
            (is_in ? rule.in_interface : rule.out_interface) = reader.interface;
        if (!all_hooks) rule.hook = is_in ? "input" : way == ChainHook::out ? "output" : "forward";
        const bool arrives =
            is_in || (way == ChainHook::forward && rule.out_interface.empty() &&
                      (!rule.in_interface.empty() || (rule.from.empty() && !rule.to.empty())));
        rule.direction = arrives ? RuleDirection::in : RuleDirection::out;
        if (!rule.uid.empty() || !rule.mac.empty()) rule.direction = RuleDirection::out;
        made.rules.push_back(rule);
        if (!reader.both_ways) return;
        // -b: also with source and destination exchanged.
        std::swap(rule.from, rule.to);
        std::swap(rule.from_port, rule.to_port);
        rule.name += "-reverse";
        made.rules.push_back(std::move(rule));
    }

    std::map<std::string, int> numbers_;
    std::set<std::string> ended_;
};

}  // namespace

ImportedRules import_rules(std::string_view text) {
    Importer importer;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        importer.add_line(number, text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return std::move(importer.made);
}

}  // namespace octroi::accounting
