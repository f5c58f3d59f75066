// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/services.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bitset>
#include <charconv>
#include <memory>
#include <optional>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/check.hpp"
#include "base/narrow.hpp"

namespace octroi {
namespace {

constexpr std::uint32_t ethertype_arp = 0x0806;    // RFC 826
constexpr std::uint32_t ethertype_rarp = 0x8035;   // RFC 903
constexpr std::uint16_t ethertype_first = 0x0600;  // below it the field is a length (IEEE 802.3)
constexpr std::string_view ethertype_prefix = "ethertype/";
constexpr std::string_view hex_prefix = "ethertype/0x";

std::string ethertype_name(std::uint32_t type) {
    CHECK(type <= 0xFFFF);
    if (type < ethertype_first) return "ethertype/llc";
    if (type == ethertype_arp) return "ethertype/arp";
    if (type == ethertype_rarp) return "ethertype/rarp";
    return fmt::format("{}{:04x}", hex_prefix, type);
}

// What one rule matches, without regard to the rules before it.
struct Coverage {
    std::array<std::bitset<65'536>, port_protocols.size()> ports;
    std::bitset<256> protocols;  // whole protocols, also those with ports or types
    std::bitset<256> icmp;
    std::bitset<256> icmpv6;
    bool fragments = false;
};

std::optional<std::uint32_t> number(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<std::uint8_t> protocol_of(std::string_view name) {
    if (name == "icmp6" || name == "ipv6-icmp") return proto_icmpv6;
    if (name == "udp-lite") return proto_udplite;
    return number_of(protocol_names(), name);
}

struct Range {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
};

// "80", "20-21", "20:21", or a name that `resolve` knows (names may contain dashes).
template <typename Resolve>
Result<Range> parse_range(std::string_view text, std::uint32_t limit, std::string_view what,
                          Resolve resolve) {
    if (const auto named = resolve(text)) return Range{*named, *named};
    const std::size_t dash = std::min(text.find_first_of("-:"), text.size());
    const auto first = number(text.substr(0, dash));
    const auto last = dash == text.size() ? first : number(text.substr(dash + 1));
    if (!first || !last)
        return fail(ErrorCode::invalid,
                    fmt::format("'{}' is neither a {} nor the name of one", text, what));
    if (*first > limit || *last > limit) {
        return fail(ErrorCode::invalid,
                    fmt::format("'{}': a {} is a number from 0 to {}", text, what, limit));
    }
    if (*last < *first) {
        return fail(ErrorCode::invalid, fmt::format("'{}' is an empty range; did you mean {}-{}?",
                                                    text, *last, *first));
    }
    return Range{*first, *last};
}

// Calls mark(number) for each member of "80,443,8000-8080".
template <typename Resolve, typename Mark>
Status parse_list(std::string_view list, std::uint32_t limit, std::string_view what,
                  Resolve resolve, Mark mark) {
    for (;;) {
        const std::size_t comma = std::min(list.find(','), list.size());
        TRY_ASSIGN(const Range range, parse_range(list.substr(0, comma), limit, what, resolve));
        for (std::uint32_t n = range.first; n <= range.last; ++n) mark(n);
        if (comma == list.size()) return {};
        list.remove_prefix(comma + 1);
    }
}

// TCP and UDP have separate ports, so that a port without protocol is ambiguous.
std::unexpected<Error> needs_protocol(std::string_view text) {
    return fail(
        ErrorCode::invalid,
        fmt::format(
            "'{}' names a port without its protocol, and TCP and UDP ports are not the same; "
            "write tcp/{} or udp/{}, or both",
            text, text, text));
}

Status parse_whole(std::string_view text, Coverage& out) {
    if (text == "fragment") {
        out.fragments = true;
        return {};
    }
    const auto protocol = protocol_of(text);
    if (protocol) {
        out.protocols.set(*protocol);
        return {};
    }
    const bool like_a_port =
        !text.empty() && text.find_first_not_of("0123456789-:,") == std::string_view::npos;
    if (like_a_port || port_of(text)) return needs_protocol(text);
    return fail(
        ErrorCode::invalid,
        fmt::format(
            "'{}' is no protocol; write tcp/80, icmp/echo-request, gre, proto/47 or fragment",
            text));
}

Status parse_match(std::string_view text, Coverage& out) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return parse_whole(text, out);
    const std::string_view head = text.substr(0, slash);
    const std::string_view list = text.substr(slash + 1);
    if (head == "proto") {
        return parse_list(list, 255, "protocol number", protocol_of,
                          [&](std::uint32_t n) { out.protocols.set(n); });
    }
    const auto protocol = protocol_of(head);
    if (!protocol)
        return fail(
            ErrorCode::invalid,
            fmt::format(
                "'{}': the protocol '{}' is unknown; write a name such as tcp, or proto/NUMBER",
                text, head));
    if (const std::size_t index = port_protocol_index(*protocol); index < port_protocols.size()) {
        return parse_list(list, 65'535, "port", port_of,
                          [&](std::uint32_t n) { out.ports[index].set(n); });
    }
    if (*protocol == proto_icmp || *protocol == proto_icmpv6) {
        const bool v4 = *protocol == proto_icmp;
        const auto names = v4 ? icmp_type_names() : icmpv6_type_names();
        return parse_list(
            list, 255, "type", [&](std::string_view name) { return number_of(names, name); },
            [&](std::uint32_t n) { (v4 ? out.icmp : out.icmpv6).set(n); });
    }
    return fail(
        ErrorCode::invalid,
        fmt::format("'{}': {} has neither ports nor types; write {} alone", text, head, head));
}

}  // namespace

// Applies the rules in their order, then the defaults to what no rule matches.
struct CompiledServices::Compiler {
    explicit Compiler(CompiledServices& made) : out(made) {
        for (auto& table : out.ports_) table.assign(65'536, no_rank);
    }

    CompiledServices& out;
    boost::unordered_flat_map<std::string, std::uint32_t> numbers;
    std::bitset<256> proto_set;
    std::bitset<256> icmp_set;
    std::bitset<256> icmpv6_set;
    bool fragment_set = false;

    std::uint32_t intern(std::string name) {
        const auto [it, is_new] =
            numbers.try_emplace(name, narrow<std::uint32_t>(out.names_.size()));
        if (is_new) out.names_.push_back(std::move(name));
        return it->second;
    }

    static void claim(std::array<std::uint32_t, 256>& table, std::bitset<256>& taken,
                      std::size_t at, std::uint32_t service) {
        if (taken[at]) return;
        taken.set(at);
        table[at] = service;
    }

    void add_rule(const std::string& name, const Coverage& covers) {
        const std::uint32_t service = intern(name);
        const Rank rank = narrow<Rank>(out.of_rank_.size());
        out.of_rank_.push_back(service);
        for (std::size_t p = 0; p < port_protocols.size(); ++p) {
            const bool whole = covers.protocols[port_protocols[p]];
            if (!whole && covers.ports[p].none()) continue;
            for (std::size_t port = 0; port < 65'536; ++port) {
                Rank& known = out.ports_[p][port];
                if (known == no_rank && (whole || covers.ports[p][port])) known = rank;
            }
        }
        for (std::size_t n = 0; n < 256; ++n) {
            if (covers.protocols[n]) claim(out.of_proto_, proto_set, n, service);
            if (covers.icmp[n] || covers.protocols[proto_icmp])
                claim(out.of_icmp_, icmp_set, n, service);
            if (covers.icmpv6[n] || covers.protocols[proto_icmpv6])
                claim(out.of_icmpv6_, icmpv6_set, n, service);
        }
        if (covers.fragments && !fragment_set) {
            out.fragment_ = service;
            fragment_set = true;
        }
    }

    void add_port_names() {
        for (const PortName& known : port_names()) {
            const Rank rank = narrow<Rank>(out.of_rank_.size());
            out.of_rank_.push_back(intern(std::string(known.name)));
            for (std::size_t p = 0; p < port_protocols.size(); ++p) {
                Rank& entry = out.ports_[p][known.port];
                if ((known.protocols >> p & 1U) != 0 && entry == no_rank) entry = rank;
            }
        }
    }

    void add_numbers(std::array<std::uint32_t, 256>& table, std::bitset<256>& taken,
                     std::span<const NumberName> names, std::string_view named_prefix,
                     std::string_view unnamed_prefix) {
        for (const NumberName& known : names) {
            if (!taken[known.number])
                claim(table, taken, known.number,
                      intern(fmt::format("{}{}", named_prefix, known.name)));
        }
        for (std::size_t n = 0; n < 256; ++n) {
            if (!taken[n]) claim(table, taken, n, intern(fmt::format("{}{}", unnamed_prefix, n)));
        }
    }

    void add_defaults() {
        add_port_names();
        add_numbers(out.of_proto_, proto_set, protocol_names(), "", "proto/");
        add_numbers(out.of_icmp_, icmp_set, icmp_type_names(), "icmp/", "icmp/");
        add_numbers(out.of_icmpv6_, icmpv6_set, icmpv6_type_names(), "icmpv6/", "icmpv6/");
        // Not reached if a rule matches the whole protocol: that rule has all of its ports.
        for (std::size_t p = 0; p < port_protocols.size(); ++p)
            out.port_default_[p] = out.of_proto_[port_protocols[p]];
        if (!fragment_set) out.fragment_ = intern("fragment");
        out.malformed_ = intern("malformed");
        out.unknown_ = intern("unknown");
    }
};

Result<ServiceRule> parse_service_rule(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) {
        return fail(ErrorCode::invalid,
                    fmt::format("'{}' has no '='; write it as: web = tcp/80,443 udp/443", text));
    }
    const auto next_word = [](std::string_view& rest) {
        rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
        const std::string_view word = rest.substr(0, rest.find_first_of(" \t"));
        rest.remove_prefix(word.size());
        return word;
    };
    ServiceRule rule;
    std::string_view left = text.substr(0, equals);
    rule.name = next_word(left);
    if (rule.name.empty() || !next_word(left).empty()) {
        return fail(ErrorCode::invalid,
                    fmt::format("'{}': write the service name, one word, before the '='", text));
    }
    std::string_view right = text.substr(equals + 1);
    for (auto word = next_word(right); !word.empty(); word = next_word(right))
        rule.matches.emplace_back(word);
    if (rule.matches.empty())
        return fail(
            ErrorCode::invalid,
            fmt::format("'{}': write a protocol or a port after the '=': web = tcp/80", text));
    return rule;
}

CompiledServices::CompiledServices() {
    Compiler compiler(*this);
    compiler.add_defaults();
}

Result<CompiledServices> CompiledServices::compile(const std::vector<ServiceRule>& rules) {
    if (rules.size() > rules_max) {
        return fail(
            ErrorCode::over_limit,
            fmt::format("there are {} service rules, but at most {} are possible; use port ranges",
                        rules.size(), rules_max));
    }
    CompiledServices services{Empty{}};
    Compiler compiler(services);
    const auto covers = std::make_unique<Coverage>();
    for (const ServiceRule& rule : rules) {
        const bool plain = !rule.name.empty() && std::ranges::all_of(rule.name, [](char c) {
            return static_cast<unsigned char>(c) > ' ' && c != 0x7F;
        });
        if (!plain || rule.name.starts_with(ethertype_prefix)) {
            return fail(
                ErrorCode::invalid,
                fmt::format("'{}' cannot name a service: one word, not beginning with ethertype/",
                            rule.name));
        }
        *covers = {};
        for (const std::string& match : rule.matches) {
            auto status = parse_match(match, *covers);
            if (!status)
                return fail(status.error().code,
                            fmt::format("service {}: {}", rule.name, status.error().text));
        }
        compiler.add_rule(rule.name, *covers);
    }
    compiler.add_defaults();
    return services;
}

std::uint32_t CompiledServices::find(const Reading& reading) const noexcept {
    if (reading.kind == ReadingKind::non_ip) {
        // All lengths have one number, so that different numbers have different names.
        const std::uint16_t type = reading.ethertype();
        return ethertype_base() + (type < ethertype_first ? 0U : type);
    }
    if (reading.kind == ReadingKind::malformed) return malformed_;
    if (reading.fragment == FragmentState::orphan) return fragment_;
    const std::size_t with_ports = port_protocol_index(reading.proto);
    if (with_ports < port_protocols.size())
        return by_ports(with_ports, reading.sport, reading.dport);
    if (reading.proto == proto_icmp) return of_icmp_[reading.icmp_type];
    if (reading.proto == proto_icmpv6) return of_icmpv6_[reading.icmp_type];
    return of_proto_[reading.proto];
}

SourceServices CompiledServices::source_services() const {
    static_assert(port_protocols.size() == std::tuple_size_v<decltype(SourceServices::ports)>);
    static_assert(no_rank == SourceServices::no_rank);
    SourceServices out;
    out.ports = ports_;
    out.of_rank = of_rank_;
    out.port_default = port_default_;
    out.of_proto = of_proto_;
    out.of_icmp = of_icmp_;
    out.of_icmpv6 = of_icmpv6_;
    out.fragment = fragment_;
    out.names = names_;
    return out;
}

// Finds the names that name() composes too. If a name had two numbers, a batch would list a service
// twice.
std::optional<std::uint32_t> CompiledServices::number_of(std::string_view name) const {
    const auto known = std::ranges::find(names_, name);
    if (known != names_.end()) return static_cast<std::uint32_t>(known - names_.begin());
    std::uint32_t number = 0;
    const std::string_view hex = name.substr(std::min(name.size(), hex_prefix.size()));
    std::from_chars(hex.data(), hex.data() + hex.size(), number, 16);
    for (const std::uint32_t ethertype : {number, 0U, ethertype_arp, ethertype_rarp})
        if (ethertype <= 0xFFFF && name == ethertype_name(ethertype))
            return ethertype_base() + (ethertype < ethertype_first ? 0U : ethertype);
    return std::nullopt;
}

std::string CompiledServices::name(std::uint32_t service) const {
    if (service < ethertype_base()) return names_[service];
    return ethertype_name(service - ethertype_base());
}

}  // namespace octroi
