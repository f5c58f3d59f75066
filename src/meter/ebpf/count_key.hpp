// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Keys of counts as volumes: which names and which direction a key stands for.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "meter/ebpf/labels.hpp"
#include "meter/ebpf/layout.h"
#include "meter/name_table.hpp"
#include "record/counted_volume.hpp"

namespace octroi::ebpf {

// From the octets of a map. Requires sizeof(octroi_key) octets.
[[nodiscard]] octroi_key key_of(std::span<const std::byte> octets);

class KeyNames {
public:
    // Both must outlive it.
    KeyNames(NameTable& names, const Labels& labels) : names_(&names), labels_(&labels) {}

    // The names of interfaces by the numbers that keys have.
    void set_interfaces(std::map<std::uint32_t, std::string> names) {
        interfaces_ = std::move(names);
    }

    // The paths of control groups by id now. One that has ended keeps its path, unless there are
    // more than groups_max.
    static constexpr std::size_t groups_max = 65'536;
    void set_groups(const std::map<std::uint64_t, std::string>& groups) {
        if (groups_.size() > groups_max) groups_.clear();
        for (const auto& [id, path] : groups) groups_[id] = path;
    }

    // Everything but times, bytes and packets.
    [[nodiscard]] CountedVolume volume(const octroi_key& key);
    // Of a counter beside the keys (enum octroi_other).
    [[nodiscard]] CountedVolume other(std::uint32_t which);

private:
    [[nodiscard]] NameRef local_name(const octroi_key& key);
    [[nodiscard]] NameRef group_name(std::string_view path);
    [[nodiscard]] NameRef label(NameKind kind, std::uint16_t number);

    NameTable* names_;
    const Labels* labels_;
    std::map<std::uint32_t, std::string> interfaces_;
    std::map<std::uint64_t, std::string> groups_;
    std::map<std::uint32_t, NameRef> label_names_;  // by kind and number
};

}  // namespace octroi::ebpf
