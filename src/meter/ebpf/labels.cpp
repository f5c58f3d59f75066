// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/ebpf/labels.hpp"

#include "meter/ebpf/layout.h"
#include "record/name.hpp"

namespace octroi::ebpf {

Result<Labels> Labels::open(EbpfMaps& maps) {
    Labels labels(maps);
    TRY_ASSIGN(const auto known, maps.labels());
    for (const auto& [number, text] : known) {
        if (number == 0 || number >= OCTROI_LABELS) continue;
        labels.numbers_.emplace(text, static_cast<std::uint16_t>(number));
        labels.texts_.emplace(static_cast<std::uint16_t>(number), text);
    }
    return labels;
}

Result<std::uint16_t> Labels::number(const std::string& text) {
    if (const auto known = numbers_.find(text); known != numbers_.end()) return known->second;
    const std::uint32_t next = texts_.empty() ? 1U : texts_.rbegin()->first + 1U;
    if (next >= OCTROI_LABELS || text.size() > class_name_octets_max) {
        ++refused_;
        return std::uint16_t{0};
    }
    TRY(maps_->add_label(next, text));
    const auto number = static_cast<std::uint16_t>(next);
    numbers_.emplace(text, number);
    texts_.emplace(number, text);
    return number;
}

std::string Labels::text(std::uint16_t number) const {
    const auto known = texts_.find(number);
    return known == texts_.end() ? "" : known->second;
}

}  // namespace octroi::ebpf
