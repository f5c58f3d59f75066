// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/ipfix/elements.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace octroi::ipfix {
namespace {

constexpr auto element_table = std::to_array<Element>({
#include "wire/ipfix/elements.inc"
});

constexpr std::pair<std::uint32_t, std::uint16_t> key(const Element& element) {
    return {element.enterprise, element.id};
}
static_assert(std::is_sorted(element_table.begin(), element_table.end(),
                             [](const Element& a, const Element& b) { return key(a) < key(b); }));
static_assert(std::adjacent_find(element_table.begin(), element_table.end(),
                                 [](const Element& a, const Element& b) {
                                     return key(a) == key(b);
                                 }) == element_table.end());

}  // namespace

std::span<const Element> elements() noexcept { return element_table; }

const Element* find_element(std::uint32_t enterprise, std::uint16_t id) noexcept {
    const std::pair wanted{enterprise, id};
    const auto found = std::lower_bound(element_table.begin(), element_table.end(), wanted,
                                        [](const Element& e, const auto& w) { return key(e) < w; });
    return found != element_table.end() && key(*found) == wanted ? &*found : nullptr;
}

}  // namespace octroi::ipfix
