// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/ebpf/interface_table.hpp"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

#include "host/os_error.hpp"

namespace octroi {
namespace {

constexpr std::uint32_t covered_bit = 0x80000000U;
constexpr std::size_t name_octets = 16;  // IFNAMSIZ
// Names that no interface has any longer are deleted beyond that: their counts are at rest.
constexpr std::size_t names_kept_max = 32'768;

std::map<std::uint32_t, std::uint32_t> entries_of(int table) {
    std::map<std::uint32_t, std::uint32_t> entries;
    std::uint32_t key = 0;
    const std::uint32_t* before = nullptr;
    for (std::uint32_t next = 0; bpf_map_get_next_key(table, before, &next) == 0;) {
        key = next;
        before = &key;
        std::uint32_t value = 0;
        if (bpf_map_lookup_elem(table, &key, &value) == 0) entries.emplace(key, value);
    }
    return entries;
}

// The number of an interface if there is no space for its name: its counts are of an unknown
// interface.
constexpr std::uint32_t unnamed = 0;

// The numbers of the names; adds those that are new.
class Numbers {
public:
    Numbers(int map, std::map<std::uint32_t, std::string> known) : map_(map) {
        for (auto& [number, name] : known) {
            last_ = std::max(last_, number);
            numbers_.emplace(std::move(name), number);
        }
    }
    Result<std::uint32_t> number(const std::string& name) {
        if (const auto known = numbers_.find(name); known != numbers_.end()) return known->second;
        const std::uint32_t next = last_ + 1;
        std::array<char, name_octets> padded{};
        std::copy_n(name.data(), std::min(name.size(), name_octets - 1), padded.data());
        if (bpf_map_update_elem(map_, &next, padded.data(), BPF_ANY) != 0) {
            if (errno == E2BIG) return unnamed;
            return os_failure("add the name of an interface to the kernel");
        }
        numbers_.emplace(name, next);
        last_ = next;
        return next;
    }
    void delete_all_but(const std::set<std::uint32_t>& used) {
        if (numbers_.size() <= names_kept_max) return;
        for (const auto& [name, number] : numbers_)
            if (!used.contains(number) && number != last_) (void)bpf_map_delete_elem(map_, &number);
    }

private:
    int map_;
    std::uint32_t last_ = 0;
    std::map<std::string, std::uint32_t> numbers_;
};

Status add_entries(int table, std::span<const std::pair<std::uint32_t, std::uint32_t>> entries) {
    std::size_t left_out = 0;
    for (const auto& [index, entry] : entries) {
        if (bpf_map_update_elem(table, &index, &entry, BPF_ANY) == 0) continue;
        if (errno != E2BIG) return os_failure("add an interface to the kernel");
        ++left_out;
    }
    if (left_out == 0) return {};
    return fail(ErrorCode::no_space,
                fmt::format("the table of interfaces in the kernel is full: {} of {} interfaces "
                            "have no entry, and packets of these may count twice. Next: move "
                            "interfaces into another network namespace",
                            left_out, entries.size()));
}

}  // namespace

Result<std::map<std::uint32_t, std::string>> interface_names(int names) {
    std::map<std::uint32_t, std::string> all;
    std::uint32_t key = 0;
    const std::uint32_t* before = nullptr;
    for (std::uint32_t next = 0; bpf_map_get_next_key(names, before, &next) == 0;) {
        std::array<char, name_octets + 1> text{};
        key = next;
        before = &key;
        if (bpf_map_lookup_elem(names, &key, text.data()) == 0) all.emplace(key, text.data());
    }
    return all;
}

Status put_interfaces(int table, int names, std::span<const EbpfInterface> present,
                      bool& is_changed) {
    auto known = interface_names(names);
    if (!known) return std::unexpected(known.error());
    Numbers numbers(names, *std::move(known));
    auto old = entries_of(table);
    std::set<std::uint32_t> used;
    // Covered ones first: without their entry packets would count twice.
    std::vector<std::pair<std::uint32_t, std::uint32_t>> entries;
    for (const bool covered : {true, false})
        for (const EbpfInterface& interface : present) {
            if (interface.covered != covered) continue;
            const auto number = numbers.number(interface.name);
            if (!number) return std::unexpected(number.error());
            used.insert(*number);
            entries.emplace_back(static_cast<std::uint32_t>(interface.index),
                                 *number | (covered ? covered_bit : 0U));
        }
    std::erase_if(entries, [&](const auto& entry) {
        const auto same = old.find(entry.first);
        if (same == old.end() || same->second != entry.second) return false;
        old.erase(same);
        return true;
    });
    is_changed = !entries.empty() || !old.empty();
    // Deleted first: they free the space.
    for (const auto& [index, entry] : old) (void)bpf_map_delete_elem(table, &index);
    numbers.delete_all_but(used);
    return add_entries(table, entries);
}

}  // namespace octroi
