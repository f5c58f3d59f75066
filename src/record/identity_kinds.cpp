// SPDX-License-Identifier: GPL-3.0-or-later
#include "record/identity_kinds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "base/address.hpp"
#include "record/as_number.hpp"
#include "record/identity.hpp"
#include "record/reading.hpp"
#include "record/utf8.hpp"

namespace octroi {
namespace {

constexpr std::size_t interface_octets_max = 15;  // IFNAMSIZ - 1, linux/if.h
constexpr std::size_t user_octets_max = 255;
constexpr std::size_t domain_octets_max = 253;  // RFC 1035 section 2.3.4, without the last dot
constexpr std::size_t label_octets_max = 63;
constexpr std::size_t cgroup_octets_max = 255;
// The kernel's names of counters have at most 127 octets (NFT_OBJ_MAXNAMELEN,
// linux/netfilter/nf_tables.h), and one rule has several.
constexpr std::size_t rule_octets_max = 100;

template <typename... Args>
std::unexpected<Error> invalid(fmt::format_string<Args...> text, Args&&... args) {
    return fail(ErrorCode::invalid, fmt::format(text, std::forward<Args>(args)...));
}

bool is_printable(char c) { return static_cast<unsigned char>(c) > ' ' && c != 0x7F; }

bool is_word(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, is_printable) && is_utf8(text);
}

bool parse_number(std::string_view text, std::uint32_t& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size();
}

Result<std::string> canonical_prefix(std::string_view text) {
    TRY_ASSIGN(const Prefix prefix, parse_prefix(text));
    return to_string(prefix);
}

Result<std::string> canonical_mac(std::string_view text) {
    TRY_ASSIGN(const Mac mac, parse_mac(text));
    // IEEE 802: the lowest bit of the first octet marks a group; no station sends from a group.
    if (mac.empty() || (mac.octets[0] & 1U) != 0)
        return invalid("'{}' is not the address of a single station", to_string(mac));
    return to_string(mac);
}

Result<std::string> canonical_vlan(std::string_view text) {
    std::uint32_t id = 0;
    if (!parse_number(text, id) || id < vlan_first || id > vlan_last)
        return invalid("'{}' is not a VLAN id ({} to {})", text, vlan_first, vlan_last);
    return fmt::to_string(id);
}

// "192.0.2.1#3": interface 3 of that exporter.
Result<std::string> canonical_exporter_interface(const Address& exporter, std::string_view text) {
    std::uint32_t if_index = 0;
    if (!parse_number(text, if_index) || if_index == 0)
        return invalid("'{}' is not an ifIndex of an exporter (1 to 4294967295)", text);
    return fmt::format("{}#{}", to_string(exporter), if_index);
}

Result<std::string> canonical_interface(std::string_view text) {
    if (const std::size_t hash = text.find('#'); hash != std::string_view::npos) {
        const auto exporter = parse_address(text.substr(0, hash));
        if (exporter) return canonical_exporter_interface(*exporter, text.substr(hash + 1));
    }
    const auto allowed = [](char c) { return is_printable(c) && c != '/'; };
    if (text.empty() || text.size() > interface_octets_max || !std::ranges::all_of(text, allowed) ||
        !is_utf8(text))
        return invalid(
            "'{}' is not the name of an interface: 1 to {} octets of UTF-8, no space, no '/'", text,
            interface_octets_max);
    return std::string(text);
}

Result<std::string> canonical_as(std::string_view text) {
    TRY_ASSIGN(const std::uint32_t number, parse_as_number(text));
    if (number == 0 || number == as_trans)
        return invalid(
            "AS {} cannot be bound: exporters send it where they do not know or cannot "
            "state the AS",
            number);
    return fmt::to_string(number);
}

Result<std::string> canonical_next_hop(std::string_view text) {
    TRY_ASSIGN(const Address address, parse_address(text));
    if (address.octets == Address{}.octets)
        return invalid("'{}' cannot be bound: exporters send it where there is no next hop", text);
    return to_string(address);
}

// Upper and lower case are different users: only the server knows whether they are the same.
Result<std::string> canonical_user(std::string_view text) {
    if (text.size() > user_octets_max || !is_word(text))
        return invalid("'{}' is not a user name: 1 to {} octets, no space", text, user_octets_max);
    return std::string(text);
}

bool is_label(std::string_view label) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
               static_cast<unsigned char>(c) >= 0x80;
    };
    return !label.empty() && label.size() <= label_octets_max && label.front() != '-' &&
           label.back() != '-' && std::ranges::all_of(label, allowed);
}

// In lower case and without the final dot, because the DNS ignores case (RFC 4343). A wildcard
// (record/domain_wildcard.hpp) is a domain with "*." before it.
Result<std::string> canonical_domain(std::string_view text) {
    const std::string_view wildcard = text.starts_with("*.") ? "*." : "";
    std::string name(text.substr(wildcard.size()));
    if (name.ends_with('.')) name.pop_back();
    for (char& c : name)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    bool good = wildcard.size() + name.size() <= domain_octets_max && is_utf8(name);
    for (std::size_t at = 0; good && at <= name.size();) {
        const std::size_t dot = std::min(name.find('.', at), name.size());
        good = is_label(std::string_view(name).substr(at, dot - at));
        at = dot + 1;
    }
    if (!good)
        return invalid("'{}' is not a domain name (www.example.org, or *.example.org)", text);
    return name.insert(0, wildcard);
}

Result<std::string> canonical_uid(std::string_view text) {
    std::uint32_t uid = 0;
    // chown(2): (uid_t)-1 means "unchanged", so no user has it.
    if (!parse_number(text, uid) || uid == UINT32_MAX)
        return invalid("'{}' is not a user id (0 to 4294967294)", text);
    return fmt::to_string(uid);
}

Result<std::string> canonical_cgroup(std::string_view text) {
    if (text.size() < 2 || text.size() > cgroup_octets_max || text.front() != '/' ||
        text.back() == '/' || !is_word(text))
        return invalid("'{}' is not the path of a control group (/system.slice/web.service)", text);
    return std::string(text);
}

// A key of 32 octets in base64, as WireGuard shows it: 43 characters and "=".
Result<std::string> canonical_peer(std::string_view text) {
    constexpr std::size_t key_characters = 44;
    const auto is_base64 = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '+' || c == '/';
    };
    // 32 octets leave two bits of the last character unused; they are 0 in the canonical form.
    constexpr std::string_view last_characters = "AEIMQUYcgkosw048";
    const bool good = text.size() == key_characters && text.back() == '=' &&
                      std::ranges::all_of(text.substr(0, key_characters - 1), is_base64) &&
                      last_characters.contains(text[key_characters - 2]);
    if (!good) return invalid("'{}' is not a public key in base64 (44 characters)", text);
    return std::string(text);
}

Result<std::string> canonical_rule(std::string_view text) {
    const auto allowed = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
    };
    if (text.empty() || text.size() > rule_octets_max || !std::ranges::all_of(text, allowed))
        return invalid("'{}' is not the name of a rule: 1 to {} letters, digits, '-', '_', '.'",
                       text, rule_octets_max);
    return std::string(text);
}

bool is_bare_prefix(std::string_view text) {
    return parse_address(text.substr(0, text.find('/'))).has_value();
}

bool is_bare_mac(std::string_view text) { return parse_mac(text).has_value(); }

constexpr std::array kinds{
    IdentityKindInfo{IdentityKind::rule,
                     "rule",
                     {},
                     canonical_rule,
                     nullptr,
                     IdentityLookup::by_name,
                     IdentityEnd::near,
                     1,
                     "rule web-traffic"},
    IdentityKindInfo{IdentityKind::user,
                     "user",
                     {},
                     canonical_user,
                     nullptr,
                     IdentityLookup::by_name,
                     IdentityEnd::near,
                     2,
                     "user alice"},
    IdentityKindInfo{IdentityKind::uid,
                     "uid",
                     {},
                     canonical_uid,
                     nullptr,
                     IdentityLookup::by_name,
                     IdentityEnd::near,
                     3,
                     "uid 1000"},
    IdentityKindInfo{IdentityKind::cgroup,
                     "cgroup",
                     {},
                     canonical_cgroup,
                     nullptr,
                     IdentityLookup::by_name,
                     IdentityEnd::near,
                     4,
                     "cgroup /system.slice/web.service"},
    IdentityKindInfo{IdentityKind::peer,
                     "peer",
                     {},
                     canonical_peer,
                     nullptr,
                     IdentityLookup::by_name,
                     IdentityEnd::near,
                     5,
                     "peer xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="},
    IdentityKindInfo{IdentityKind::domain,
                     "domain",
                     {},
                     canonical_domain,
                     nullptr,
                     IdentityLookup::by_name,
                     IdentityEnd::near,
                     6,
                     "domain www.example.org"},
    IdentityKindInfo{IdentityKind::prefix,
                     "prefix",
                     {"address", "ip", "net"},
                     canonical_prefix,
                     is_bare_prefix,
                     IdentityLookup::by_prefix,
                     IdentityEnd::either,
                     7,
                     "prefix 10.0.0.0/8"},
    IdentityKindInfo{IdentityKind::mac,
                     "mac",
                     {},
                     canonical_mac,
                     is_bare_mac,
                     IdentityLookup::by_mac,
                     IdentityEnd::either,
                     8,
                     "mac 00:30:ca:b8:d9:bc"},
    IdentityKindInfo{IdentityKind::next_hop,
                     "next-hop",
                     {},
                     canonical_next_hop,
                     nullptr,
                     IdentityLookup::by_name,
                     IdentityEnd::destination,
                     9,
                     "next-hop 192.0.2.9"},
    IdentityKindInfo{IdentityKind::vlan,
                     "vlan",
                     {},
                     canonical_vlan,
                     nullptr,
                     IdentityLookup::by_vlan,
                     IdentityEnd::near,
                     10,
                     "vlan 12"},
    IdentityKindInfo{IdentityKind::interface,
                     "interface",
                     {"if"},
                     canonical_interface,
                     nullptr,
                     IdentityLookup::by_name,
                     IdentityEnd::near,
                     11,
                     "interface eth0"},
    IdentityKindInfo{IdentityKind::as,
                     "as",
                     {},
                     canonical_as,
                     nullptr,
                     IdentityLookup::by_as,
                     IdentityEnd::either,
                     12,
                     "as 64500"},
};

constexpr bool ranks_ascend() { return std::ranges::is_sorted(kinds, {}, &IdentityKindInfo::rank); }
static_assert(ranks_ascend());

}  // namespace

std::span<const IdentityKindInfo> identity_kinds() noexcept { return kinds; }

const IdentityKindInfo* find_identity_kind(IdentityKind kind) noexcept {
    const auto row = std::ranges::find(kinds, kind, &IdentityKindInfo::kind);
    return row == kinds.end() ? nullptr : &*row;
}

const IdentityKindInfo* find_identity_kind(std::string_view keyword) noexcept {
    const auto row = std::ranges::find_if(kinds, [&](const IdentityKindInfo& info) {
        return info.keyword == keyword ||
               (!keyword.empty() && std::ranges::find(info.aliases, keyword) != info.aliases.end());
    });
    return row == kinds.end() ? nullptr : &*row;
}

}  // namespace octroi
