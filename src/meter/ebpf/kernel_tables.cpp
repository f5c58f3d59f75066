// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/ebpf/kernel_tables.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "meter/ebpf/layout.h"

namespace octroi::ebpf {
namespace {

// As attribute/builtin_classes.hpp.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> builtin_prefixes{{
    {"224.0.0.0/4", "multicast"},
    {"ff00::/8", "multicast"},
    {"255.255.255.255/32", "broadcast"},
    {"0.0.0.0/32", "unspecified"},
    {"::/128", "unspecified"},
}};
constexpr std::string_view class_without_table = "world";

std::vector<PrefixValue>& list_of(PrefixList& list, const Prefix& prefix) {
    return prefix.address.family == Family::v4 ? list.v4 : list.v6;
}

void sort_by_length(PrefixList& list) {
    for (auto* values : {&list.v4, &list.v6})
        std::ranges::stable_sort(*values, {}, [](const PrefixValue& v) { return v.prefix.length; });
}

// In the order of addresses a prefix comes before those that it contains.
bool order(const SourcePrefix& a, const SourcePrefix& b) {
    if (a.prefix.address.family != b.prefix.address.family)
        return a.prefix.address.family < b.prefix.address.family;
    return a.prefix < b.prefix;
}

std::uint32_t local_value(const Prefix& prefix, bool per_address) {
    const auto length =
        static_cast<std::uint32_t>(per_address ? prefix.address.bits() : prefix.length);
    return length + 1;
}

// The value of the longest prefix with that address. sorted: by `order`.
std::uint32_t value_at(const std::vector<SourcePrefix>& sorted, const Address& address) {
    std::uint32_t value = local_value(Prefix::of(address, address.bits()), true);
    for (const SourcePrefix& local : sorted)
        if (local.prefix.contains(address)) value = local_value(local.prefix, local.per_address);
    return value;
}

std::uint32_t port_entry(const SourceServices& services, const std::vector<std::uint32_t>& numbers,
                         std::size_t protocol, std::size_t port) {
    const std::uint16_t rank = services.ports.at(protocol)[port];
    if (rank == SourceServices::no_rank) return OCTROI_NO_RANK << 16U;
    return std::min<std::uint32_t>(rank, OCTROI_NO_RANK - 1) << 16U |
           numbers[services.of_rank[rank]];
}

// As an entry, where all ports have the same; else as a node. Few pages of ports have a name.
void add_page(const std::array<std::uint32_t, 256>& page, std::size_t at,
              std::vector<std::uint32_t>& entries) {
    if (std::ranges::all_of(page, [&](std::uint32_t e) { return e == page.front(); })) {
        entries[at] = page.front();
        return;
    }
    const std::size_t node = (entries.size() - OCTROI_SERVICES_FIRST) / OCTROI_TRIE_NODE;
    entries[at] = OCTROI_CHILD | static_cast<std::uint32_t>(node);
    entries.insert(entries.end(), page.begin(), page.end());
}

bool is_within_builtin(const Prefix& prefix) {
    return std::ranges::any_of(builtin_prefixes, [&](const auto& builtin) {
        const Prefix all = *parse_prefix(builtin.first);
        return prefix.length >= all.length && all.contains(prefix.address);
    });
}

}  // namespace

PrefixList local_prefixes(const std::vector<SourcePrefix>& local, const std::vector<Address>& own) {
    std::vector<SourcePrefix> sorted = local;
    std::ranges::sort(sorted, order);
    std::vector<const SourcePrefix*> open;  // those that contain the current one
    PrefixList list;
    for (SourcePrefix& entry : sorted) {
        while (!open.empty() && !open.back()->prefix.contains(entry.prefix.address))
            open.pop_back();
        entry.per_address = entry.per_address || (!open.empty() && open.back()->per_address);
        list_of(list, entry.prefix)
            .push_back({entry.prefix, local_value(entry.prefix, entry.per_address)});
        open.push_back(&entry);
    }
    for (const Address& address : own) {
        const Prefix prefix = Prefix::of(address, address.bits());
        list_of(list, prefix).push_back({prefix, OCTROI_OWN | value_at(sorted, address)});
    }
    sort_by_length(list);
    return list;
}

Result<PrefixList> class_prefixes(const ClassTable* table, Labels& labels) {
    PrefixList list;
    TRY_ASSIGN(
        const std::uint16_t rest,
        labels.number(table != nullptr ? table->default_class : std::string(class_without_table)));
    list.v4.push_back({*parse_prefix("0.0.0.0/0"), rest});
    list.v6.push_back({*parse_prefix("::/0"), rest});
    if (table != nullptr) {
        std::vector<std::uint16_t> numbers;
        for (const std::string& name : table->classes) {
            TRY_ASSIGN(const std::uint16_t number, labels.number(name));
            numbers.push_back(number);
        }
        for (const ClassRoute& route : table->routes)
            if (!is_within_builtin(route.prefix))
                list_of(list, route.prefix).push_back({route.prefix, numbers[route.class_index]});
    }
    for (const auto& [text, name] : builtin_prefixes) {
        TRY_ASSIGN(const std::uint16_t number, labels.number(std::string(name)));
        const Prefix prefix = *parse_prefix(text);
        list_of(list, prefix).push_back({prefix, number});
    }
    sort_by_length(list);
    return list;
}

Result<std::vector<std::uint32_t>> service_entries(const SourceServices& services, Labels& labels) {
    std::vector<std::uint32_t> numbers;
    for (const std::string& name : services.names) {
        TRY_ASSIGN(const std::uint16_t number, labels.number(name));
        numbers.push_back(number);
    }
    std::vector<std::uint32_t> entries(OCTROI_SERVICES_FIRST, 0);
    std::array<std::uint32_t, 256> page{};
    for (std::size_t p = 0; p < services.ports.size(); ++p)
        for (std::size_t high = 0; high < page.size(); ++high) {
            for (std::size_t low = 0; low < page.size(); ++low) {
                const std::size_t port = high * page.size() + low;
                page.at(low) = port_entry(services, numbers, p, port);
                if (page.at(low) != OCTROI_NO_RANK << 16U)
                    entries[p * OCTROI_PORT_WORDS + port / 32] |= 1U << (port % 32);
            }
            add_page(page, OCTROI_OF_PORT + p * page.size() + high, entries);
        }
    for (std::size_t n = 0; n < 256; ++n) {
        entries[OCTROI_OF_PROTOCOL + n] = numbers[services.of_proto[n]];
        entries[OCTROI_OF_ICMP + n] = numbers[services.of_icmp[n]];
        entries[OCTROI_OF_ICMPV6 + n] = numbers[services.of_icmpv6[n]];
    }
    entries[OCTROI_OF_FRAGMENT] = numbers[services.fragment];
    return entries;
}

Result<std::uint64_t> put_prefixes(EbpfMaps& maps, const std::string& slot_v4,
                                   const std::string& slot_v6, const PrefixList& list) {
    std::uint64_t left_out = 0;
    PrefixTrie trie;
    for (const PrefixValue& entry : list.v4)
        if (!trie.add(entry.prefix, entry.value)) ++left_out;
    TRY(maps.set_array(slot_v4, trie.entries()));
    std::vector<std::byte> keys;
    std::vector<std::uint32_t> values;
    for (const PrefixValue& entry : list.v6) {
        octroi_prefix key{};
        key.length = entry.prefix.length;
        std::ranges::copy(entry.prefix.address.octets, std::begin(key.address));
        const auto octets = std::as_bytes(std::span(&key, 1));
        keys.insert(keys.end(), octets.begin(), octets.end());
        values.push_back(entry.value);
    }
    TRY(maps.set_trie(slot_v6, keys, values));
    return left_out;
}

}  // namespace octroi::ebpf
