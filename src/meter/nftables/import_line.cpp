// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/import_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "base/address.hpp"

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

// The words are consumed from the left.
class LineReader {
public:
    LineReader(ImportLine& line, std::span<const std::string> words)
        : program_(line.program), line_(line), words_(words) {}

    void read() {
        std::string& problem = line_.problem;
        while (!words_.empty() && problem.empty()) {
            const std::string option = next();
            if (option == "-A" || option == "-I" || option == "--append" || option == "--insert")
                read_chain();
            else if (!read_match(option) && !read_ports(option) && !read_extension(option))
                problem = fmt::format("{} is not supported", option);
        }
        if (problem.empty() && line_.chain.empty()) problem = "it adds no rule";
        note_icmp_types();
    }

private:
    std::string next() {
        if (words_.empty()) {
            line_.problem = "a value is missing";
            return "";
        }
        std::string word = words_.front();
        words_ = words_.subspan(1);
        if (word == "!") line_.problem = "a negation (!) is not supported";
        return word;
    }
    [[nodiscard]] bool value_follows() const {
        return !words_.empty() && !words_.front().starts_with('-');
    }
    void read_chain() {
        // ipfwadm -A without a direction is both directions.
        line_.chain = program_ == Program::ipfwadm && !value_follows() ? "both" : next();
        // iptables -I CHAIN 3
        if (value_follows() && program_ != Program::ipfwadm) (void)next();
    }
    void read_address(std::vector<std::string>& addresses, std::vector<std::string>& ports) {
        for (const std::string& part : parts_of(next()))
            if (!is_everything(part)) addresses.push_back(prefix_text(part));
        // ipfwadm and ipchains state ports behind the address, where iptables has none.
        while (program_ != Program::iptables && value_follows()) {
            std::string port = next();
            // What the first versions said of fragments, which have no port and no type.
            if (port == "0xFFFF" || port == "0xffff" || port == "0xFF" || port == "0xff")
                line_.rule.fragments = true;
            else
                ports.push_back(std::move(port));
        }
    }
    bool read_match(const std::string& option) {
        if (option == "-s" || option == "-S" || option == "--source" || option == "--src")
            read_address(line_.rule.from, line_.rule.from_port);
        else if (option == "-d" || option == "-D" || option == "--destination" || option == "--dst")
            read_address(line_.rule.to, line_.rule.to_port);
        else if (option == "-p" || option == "-P" || option == "--protocol" || option == "--proto")
            read_protocol(next());
        else if (option == "-W" || (program_ == Program::ipchains && option == "-i"))
            line_.interface = next();
        else if (program_ == Program::iptables && (option == "-i" || option == "--in-interface"))
            line_.rule.in_interface = next();
        else if (program_ == Program::iptables && (option == "-o" || option == "--out-interface"))
            line_.rule.out_interface = next();
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
            for (std::string& part : parts_of(next())) to.push_back(std::move(part));
        };
        if (option == "--sport" || option == "--sports" || option == "--source-port" ||
            option == "--source-ports")
            add(line_.rule.from_port);
        else if (option == "--dport" || option == "--dports" || option == "--destination-port" ||
                 option == "--destination-ports")
            add(line_.rule.to_port);
        else if (option == "--icmp-type" || option == "--icmpv6-type")
            add(line_.rule.icmp_type);
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
                line_.problem = fmt::format("the match {} is not supported", module);
        } else if (option == "--uid-owner") {
            line_.rule.uid = {next()};
        } else if (option == "--mac-source") {
            line_.rule.mac = {next()};
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
    void read_target() { line_.target = next(); }
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
};

}  // namespace

std::optional<ImportLine> read_import_line(std::string_view text) {
    const std::vector<std::string> words = words_in(text);
    std::span<const std::string> rest(words);
    // iptables-save -c: "[packets:bytes] -A …".
    if (!rest.empty() && rest.front().starts_with('[')) rest = rest.subspan(1);
    ImportLine line;
    if (!rest.empty() && !rest.front().starts_with('-')) {
        const std::string name = rest.front().substr(rest.front().rfind('/') + 1);
        if (name == "ipchains")
            line.program = Program::ipchains;
        else if (name == "ipfwadm")
            line.program = Program::ipfwadm;
        else if (name != "iptables" && name != "ip6tables")
            return std::nullopt;
        rest = rest.subspan(1);
    }
    const bool adds = std::ranges::any_of(rest, [](const std::string& word) {
        return word == "-A" || word == "-I" || word == "--append" || word == "--insert";
    });
    if (!adds) return std::nullopt;
    LineReader(line, rest).read();
    return line;
}

}  // namespace octroi::accounting
