// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nftables/rule_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "meter/nftables/accounting_rule.hpp"
#include "record/identity.hpp"

namespace octroi::accounting {
namespace {

std::string key_of(std::string_view rule, std::uint32_t booking) {
    return fmt::format("{}/{:x}", rule, booking);
}

}  // namespace

void RuleNames::add_booking(RuleBooking booking) {
    CounterEnds ends;
    const auto& [identity, service, far_class] = booking.booking;
    if (!far_class.empty()) ends.far = table_.intern(NameKind::far_class, far_class);
    if (!service.empty()) ends.service = table_.intern(NameKind::service, service);
    ends.local = table_.intern(NameKind::rule, booking.rule);
    if (const auto parsed = parse_identity(identity); !identity.empty() && parsed)
        ends.local = table_.intern(static_cast<NameKind>(parsed->kind), parsed->value);
    std::string key = key_of(booking.rule, booking_number(booking.booking));
    bookings_.insert_or_assign(std::move(key), Known{std::move(booking), ends});
}

void RuleNames::add(std::span<const RuleConfig> rules) {
    counters_.clear();
    for (const RuleConfig& rule : rules) add_booking({rule.name, booking_of(rule)});
}

void RuleNames::add(std::span<const RuleBooking> bookings) {
    for (const RuleBooking& booking : bookings) add_booking(booking);
}

void RuleNames::drop_others(std::span<const RuleConfig> rules,
                            std::span<const std::string> counters) {
    ByText<Known> kept;
    const auto keep = [&](const std::string& key) {
        if (const auto known = bookings_.find(key); known != bookings_.end() && !kept.contains(key))
            kept.emplace(key, known->second);
    };
    for (const RuleConfig& rule : rules) keep(key_of(rule.name, booking_number(booking_of(rule))));
    for (const std::string& counter : counters)
        if (const auto name = parse_counter(counter)) keep(key_of(name->rule, name->booking));
    bookings_ = std::move(kept);
    counters_.clear();
}

const CounterEnds* RuleNames::find(std::string_view counter) {
    const auto known = counters_.find(counter);
    if (known != counters_.end()) return &known->second;
    const auto name = parse_counter(counter);
    if (!name) return nullptr;
    CounterEnds ends;
    const auto booking = bookings_.find(key_of(name->rule, name->booking));
    if (booking != bookings_.end()) {
        ends = booking->second.ends;
    } else if (is_canonical({IdentityKind::rule, name->rule})) {
        ends.local = table_.intern(NameKind::rule, name->rule);
        ends.has_unknown_booking = name->booking != 0;
    } else {
        return nullptr;
    }
    if (!name->address.empty())
        ends.local = table_.intern(NameKind::prefix, to_string(name->address));
    ends.direction = name->direction;
    return &counters_.insert_or_assign(std::string(counter), ends).first->second;
}

std::vector<RuleBooking> RuleNames::bookings() const {
    std::vector<RuleBooking> all;
    for (const auto& [key, known] : bookings_)
        if (known.booking.booking != Booking{}) all.push_back(known.booking);
    std::ranges::sort(all);
    return all;
}

}  // namespace octroi::accounting
