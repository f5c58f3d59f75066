// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/ipfix/unread_counts.hpp"

#include <cstddef>

#include "wire/ipfix/elements.hpp"
#include "wire/ipfix/roles.hpp"

namespace octroi::ipfix {
namespace {

constexpr std::size_t shown_elements = 8;

// A number, of an enterprise, from which no field is made.
bool may_be_count(const TemplateField& field) noexcept {
    return field.enterprise != 0 && field.enterprise != reverse_enterprise &&
           field.enterprise != v9_scope && field.length >= 1 && field.length <= 8 &&
           find_role(field.enterprise, field.id) == nullptr;
}

}  // namespace

std::string unread_counts(const Template& from, const Plan& plan) {
    using flow::bit;
    using flow::Field;
    constexpr std::uint64_t events = bit(Field::nat_event) | bit(Field::firewall_event);
    constexpr std::uint64_t ends = bit(Field::src) | bit(Field::dst);
    const bool lacks_counts = plan.kind == flow::RecordKind::event &&
                              plan.section == flow::SectionKind::none &&
                              (plan.fields & events) == 0 && (plan.fields & ends) != 0;
    if (from.options || !lacks_counts) return {};
    std::string text;
    std::size_t count = 0;
    for (const TemplateField& field : from.fields) {
        if (!may_be_count(field)) continue;
        if (++count > shown_elements) return text + ", ...";
        text += text.empty() ? std::to_string(from.id) + ": " : ", ";
        text += std::to_string(field.enterprise) + '/' + std::to_string(field.id);
    }
    return text;
}

}  // namespace octroi::ipfix
