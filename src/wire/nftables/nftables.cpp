// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/nftables/nftables.hpp"

#include <algorithm>
#include <cstring>

namespace octroi::nftables {
namespace {

// linux/netfilter/nf_tables.h. Numbers are in network byte order. 0: there is no such attribute.
struct ItemAttributes {
    std::uint16_t table;
    std::uint16_t name;
    std::uint16_t handle;
};
constexpr ItemAttributes table_attributes{1, 1, 4};   // NFTA_TABLE_NAME, NFTA_TABLE_HANDLE
constexpr ItemAttributes chain_attributes{1, 3, 2};   // NFTA_CHAIN_TABLE, _NAME, _HANDLE
constexpr ItemAttributes set_attributes{1, 2, 16};    // NFTA_SET_TABLE, _NAME, _HANDLE
constexpr ItemAttributes rule_attributes{1, 2, 3};    // NFTA_RULE_TABLE, _CHAIN, _HANDLE
constexpr ItemAttributes object_attributes{1, 2, 6};  // NFTA_OBJ_TABLE, _NAME, _HANDLE
constexpr std::uint16_t table_flags = 2;              // NFTA_TABLE_FLAGS
constexpr std::uint32_t flag_dormant = 1;             // NFT_TABLE_F_DORMANT
constexpr std::uint16_t rule_expressions = 4;         // NFTA_RULE_EXPRESSIONS
constexpr std::uint16_t list_element = 1;             // NFTA_LIST_ELEM
constexpr std::uint16_t expression_name = 1;          // NFTA_EXPR_NAME
constexpr std::uint16_t expression_data = 2;          // NFTA_EXPR_DATA
constexpr std::uint16_t objref_set = 4;               // NFTA_OBJREF_SET_NAME
constexpr std::uint16_t object_type = 3;              // NFTA_OBJ_TYPE
constexpr std::uint16_t object_data = 4;              // NFTA_OBJ_DATA
constexpr std::uint16_t object_use = 5;               // NFTA_OBJ_USE
constexpr std::uint32_t type_counter = 1;             // NFT_OBJECT_COUNTER
constexpr std::uint16_t counter_bytes = 1;            // NFTA_COUNTER_BYTES
constexpr std::uint16_t counter_packets = 2;          // NFTA_COUNTER_PACKETS

constexpr std::size_t family_octets = 4;  // nfgenmsg
constexpr std::size_t header_octets = 4;  // nlattr: length and type, in host byte order
constexpr std::uint16_t type_bits = 0x3fff;

[[nodiscard]] std::uint16_t native16(const std::byte* from) noexcept {
    std::uint16_t value = 0;
    std::memcpy(&value, from, sizeof value);
    return value;
}

// Calls visit(type, value) for each attribute. False: a length contradicts the octets, or visit
// refuses a value.
template <typename Visit>
[[nodiscard]] bool each_value(ByteSpan octets, Visit visit) {
    while (octets.size() >= header_octets) {
        const std::size_t length = native16(octets.data());
        if (length < header_octets || length > octets.size()) return false;
        const auto type = static_cast<std::uint16_t>(native16(octets.data() + 2) & type_bits);
        if (!visit(type, octets.subspan(header_octets, length - header_octets))) return false;
        octets = octets.subspan(std::min((length + 3) / 4 * 4, octets.size()));
    }
    return true;
}

[[nodiscard]] bool read(ByteSpan value, std::uint32_t& out) {
    ByteCursor in(value);
    return in.be32(out) && in.left() == 0;
}
[[nodiscard]] bool read(ByteSpan value, std::uint64_t& out) {
    ByteCursor in(value);
    return in.be64(out) && in.left() == 0;
}
[[nodiscard]] bool read(ByteSpan value, std::string& out) {
    const auto* const text = reinterpret_cast<const char*>(value.data());
    out.assign(text, ::strnlen(text, value.size()));
    return !out.empty();
}

[[nodiscard]] bool read_item(const ItemAttributes& known, std::uint16_t type, ByteSpan value,
                             NamedItem& item) {
    if (type == known.table && !read(value, item.table)) return false;
    if (type == known.name) return read(value, item.name);
    return type != known.handle || read(value, item.handle);
}

[[nodiscard]] std::optional<NamedItem> decode_item(const ItemAttributes& known, ByteSpan message) {
    if (message.size() < family_octets) return std::nullopt;
    NamedItem item{.family = static_cast<std::uint8_t>(message.front()), .table = {}, .name = {}};
    const bool good = each_value(
        message.subspan(family_octets),
        [&](std::uint16_t type, ByteSpan value) { return read_item(known, type, value, item); });
    if (!good || item.name.empty()) return std::nullopt;
    return item;
}

[[nodiscard]] bool read_counter(ByteSpan data, CounterObject& counter) {
    return each_value(data, [&](std::uint16_t type, ByteSpan value) {
        if (type == counter_bytes) return read(value, counter.bytes);
        return type != counter_packets || read(value, counter.packets);
    });
}

// Appends the map of an expression that refers to an object by a lookup.
[[nodiscard]] bool read_expression(ByteSpan expression, std::vector<std::string>& maps) {
    std::string name;
    ByteSpan data;
    const bool good = each_value(expression, [&](std::uint16_t type, ByteSpan value) {
        if (type == expression_data) data = value;
        return type != expression_name || read(value, name);
    });
    if (!good || name != "objref") return good;
    return each_value(data, [&](std::uint16_t type, ByteSpan value) {
        return type != objref_set || read(value, maps.emplace_back());
    });
}

}  // namespace

std::optional<NamedItem> decode_table(ByteSpan message) {
    auto table = decode_item(table_attributes, message);
    if (!table) return table;
    const bool good =
        each_value(message.subspan(family_octets), [&](std::uint16_t type, ByteSpan value) {
            std::uint32_t flags = 0;
            if (type != table_flags) return true;
            if (!read(value, flags)) return false;
            table->is_dormant = (flags & flag_dormant) != 0;
            return true;
        });
    return good ? table : std::nullopt;
}

std::vector<std::string> decode_rule_maps(ByteSpan message) {
    std::vector<std::string> maps;
    if (message.size() < family_octets) return maps;
    const auto on_element = [&](std::uint16_t type, ByteSpan value) {
        return type != list_element || read_expression(value, maps);
    };
    const bool good =
        each_value(message.subspan(family_octets), [&](std::uint16_t type, ByteSpan value) {
            return type != rule_expressions || each_value(value, on_element);
        });
    if (!good) maps.clear();
    return maps;
}

std::optional<NamedItem> decode_chain(ByteSpan message) {
    return decode_item(chain_attributes, message);
}

std::optional<NamedItem> decode_set(ByteSpan message) {
    return decode_item(set_attributes, message);
}

std::optional<NamedItem> decode_rule(ByteSpan message) {
    return decode_item(rule_attributes, message);
}

std::optional<CounterObject> decode_counter(ByteSpan message) {
    if (message.size() < family_octets) return std::nullopt;
    CounterObject counter;
    counter.item.family = static_cast<std::uint8_t>(message.front());
    std::uint32_t type_of_object = 0;
    const bool good =
        each_value(message.subspan(family_octets), [&](std::uint16_t type, ByteSpan value) {
            if (type == object_type) return read(value, type_of_object);
            if (type == object_use) return read(value, counter.users);
            if (type == object_data) return read_counter(value, counter);
            return read_item(object_attributes, type, value, counter.item);
        });
    if (!good || type_of_object != type_counter || counter.item.name.empty()) return std::nullopt;
    return counter;
}

}  // namespace octroi::nftables
