// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Messages of nf_tables as the kernel sends them, for tests.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace octroi::nftables::testing {

inline void add_attribute(std::string& out, std::uint16_t type, std::string_view value) {
    const auto length = static_cast<std::uint16_t>(value.size() + 4);
    char header[4];
    std::memcpy(header, &length, 2);
    std::memcpy(header + 2, &type, 2);
    out.append(header, 4).append(value);
    out.append((4 - value.size() % 4) % 4, '\0');
}

inline std::string be_text(std::uint64_t value, int octets) {
    std::string text;
    for (int i = octets; i-- > 0;) text += static_cast<char>(value >> (8 * i));
    return text;
}

inline std::string inet_header() { return {'\1', '\0', '\0', '\0'}; }

// NFTA_TABLE_NAME, NFTA_TABLE_FLAGS, NFTA_TABLE_HANDLE
inline std::string table_message(std::string_view name, std::uint64_t handle,
                                 bool dormant = false) {
    std::string out = inet_header();
    add_attribute(out, 1, std::string(name) + '\0');
    add_attribute(out, 2, be_text(dormant ? 1 : 0, 4));
    add_attribute(out, 4, be_text(handle, 8));
    return out;
}

struct CounterText {
    std::string_view table;
    std::string_view name;
    std::uint64_t handle = 0;
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
    std::uint32_t users = 1;
    std::uint32_t type = 1;  // NFT_OBJECT_COUNTER
};

inline std::string counter_message(const CounterText& counter) {
    std::string data;
    add_attribute(data, 1, be_text(counter.bytes, 8));
    add_attribute(data, 2, be_text(counter.packets, 8));
    std::string out = inet_header();
    add_attribute(out, 1, std::string(counter.table) + '\0');
    add_attribute(out, 2, std::string(counter.name) + '\0');
    add_attribute(out, 3, be_text(counter.type, 4));
    add_attribute(out, 4 | 0x8000, data);  // NLA_F_NESTED
    add_attribute(out, 5, be_text(counter.users, 4));
    add_attribute(out, 6, be_text(counter.handle, 8));
    return out;
}

// A rule that looks up its counter in a map, or one without a lookup (map: empty).
// NFTA_RULE_TABLE, NFTA_RULE_CHAIN, NFTA_RULE_EXPRESSIONS
inline std::string rule_message(std::string_view table, std::string_view chain,
                                std::string_view map) {
    std::string data;
    add_attribute(data, 3, be_text(1, 4));  // NFTA_OBJREF_SET_SREG
    add_attribute(data, 4, std::string(map) + '\0');
    std::string expression;
    add_attribute(expression, 1, std::string(map.empty() ? "counter" : "objref") + '\0');
    if (!map.empty()) add_attribute(expression, 2 | 0x8000, data);
    std::string list;
    add_attribute(list, 1 | 0x8000, expression);
    std::string out = inet_header();
    add_attribute(out, 1, std::string(table) + '\0');
    add_attribute(out, 2, std::string(chain) + '\0');
    add_attribute(out, 4 | 0x8000, list);
    return out;
}

// chain: NFTA_CHAIN_NAME is 3, of a set NFTA_SET_NAME is 2.
inline std::string named_message(std::string_view table, std::string_view name, bool chain) {
    std::string out = inet_header();
    add_attribute(out, 1, std::string(table) + '\0');
    add_attribute(out, chain ? 3 : 2, std::string(name) + '\0');
    return out;
}

}  // namespace octroi::nftables::testing
