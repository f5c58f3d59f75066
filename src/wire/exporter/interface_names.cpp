// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/interface_names.hpp"

#include "base/check.hpp"
#include "wire/exporter/snapshot_values.hpp"

namespace octroi::exporter {

bool InterfaceNames::update(std::uint64_t if_index, std::string_view name) {
    const auto found = names_.find(if_index);
    if (found == names_.end()) return false;
    found->second = name.substr(0, longest_);
    return true;
}

void InterfaceNames::add(std::uint64_t if_index, std::string_view name) {
    CHECK(names_.emplace(if_index, std::string(name.substr(0, longest_))).second);
    memory_.charge(cost());
}

void InterfaceNames::save(ByteWriter& to) const {
    to.be32(static_cast<std::uint32_t>(names_.size()));
    for (const auto& [if_index, name] : names_) {
        to.be64(if_index);
        to.text(name);
    }
}

bool InterfaceNames::restore(ByteCursor& from, std::size_t most) {
    std::uint32_t count = 0;
    if (!get_count(from, most, count)) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
        std::uint64_t if_index = 0;
        std::string name;
        if (!from.be64(if_index) || !from.text(name) || name.size() > longest_) return false;
        if (names_.contains(if_index)) return false;
        add(if_index, name);
    }
    return true;
}

}  // namespace octroi::exporter
