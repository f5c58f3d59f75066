// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/usage_fold.hpp"

#include <algorithm>

#include "base/saturated_sum.hpp"

namespace octroi {
namespace {

// Excluded traffic comes first: it is in no account's figures, even if one of its ends is an
// account.
void add_to_totals(UsageTotals& totals, const Volume& volume, const UsageParty& from,
                   const UsageParty& to) {
    const bool excluded = from.is_excluded() || to.is_excluded();
    Volume* kind = &totals.transit;
    if (excluded)
        kind = &totals.excluded;
    else if (from.is_account() || to.is_account())
        kind = &totals.attributed;
    else if (from.is_local() || to.is_local())
        kind = &totals.unattributed;
    add_saturated(totals.whole, volume);
    add_saturated(*kind, volume);
    if (from.is_account() && to.is_account()) add_saturated(totals.internal, volume);
}

std::vector<std::uint32_t> numbers_of(const std::vector<std::string>& texts, TextNumbers& numbers) {
    std::vector<std::uint32_t> list;
    for (const std::string& text : texts) list.push_back(numbers.number(text));
    return list;
}

bool lets_pass(const std::vector<std::uint32_t>& filter, std::uint32_t value) {
    return filter.empty() || std::find(filter.begin(), filter.end(), value) != filter.end();
}

}  // namespace

std::size_t UsageRowHash::operator()(const UsageRowKey& key) const noexcept {
    const auto pair = [&](std::size_t i) {
        return static_cast<std::uint64_t>(key[i]) << 32U | key[i + 1];
    };
    std::uint64_t hash = mix(pair(0) ^ mix_a, pair(2) ^ mix_b);
    hash = mix(hash ^ pair(4), pair(6) ^ mix_c);
    return mix(hash ^ pair(8), mix_a);
}

void add_transfer(UsageFigures& figures, const TransferSum& sum, UsageSides sides) {
    if (sides.apart) return add_saturated(figures.excluded, sum.volume);
    if (sides.received) add_saturated(figures.received, sum.volume);
    if (sides.sent) add_saturated(figures.sent, sum.volume);
    figures.estimate += sum.estimate;
    add_saturated(figures.total, sum.volume);
}

UsagePlacer::UsagePlacer(const UsageQuestion& question, TextNumbers& texts)
    : question_(question),
      texts_(texts),
      by_end_(counts_ends(question)),
      only_excluded_(selects_only_excluded(question)),
      classes_(numbers_of(question.classes, texts)),
      directions_(numbers_of(question.directions, texts)),
      in_(texts.number("in")),
      out_(texts.number("out")),
      internal_(texts.number("internal")),
      transit_(texts.number("transit")),
      excluded_(texts.number("excluded")),
      class_transit_(texts.number("@transit")),
      class_excluded_(texts.number("@excluded")) {
    for (const UsageKey key : question.by) by_[static_cast<std::size_t>(key)] = true;
}

std::span<const PlacedTransfer> UsagePlacer::place(const TransferSum& sum, const UsageParty& from,
                                                   const UsageParty& to) {
    placed_.clear();
    if (by_end_)
        place_ends(sum, from, to);
    else if (selects(sum, from, to))
        place_whole(sum, from, to);
    return placed_;
}

UsageRowKey UsagePlacer::common(const TransferSum& sum) {
    UsageRowKey key{};
    if (asked(UsageKey::service) || asked(UsageKey::category)) {
        const std::uint32_t service = texts_.number(sum.service);
        if (asked(UsageKey::service)) field(key, UsageKey::service) = service;
        if (asked(UsageKey::category)) field(key, UsageKey::category) = category_of(service);
    }
    if (asked(UsageKey::meter)) field(key, UsageKey::meter) = texts_.number(sum.meter);
    if (asked(UsageKey::period)) field(key, UsageKey::period) = period_of(sum.bucket);
    return key;
}

std::uint32_t UsagePlacer::category_of(std::uint32_t service) {
    if (service >= categories_.size()) categories_.resize(std::size_t{2} * service + 1, 0);
    std::uint32_t& category = categories_[service];
    if (category == 0) category = texts_.number(question_.category(texts_.at(service)));
    return category;
}

std::uint32_t UsagePlacer::period_of(UtcTime bucket) const {
    const auto& steps = question_.steps;
    const auto behind = std::upper_bound(steps.begin(), steps.end(), bucket);
    return static_cast<std::uint32_t>(behind - steps.begin());
}

bool UsagePlacer::passes(std::uint32_t far_class, std::uint32_t direction) const {
    return lets_pass(classes_, far_class) && lets_pass(directions_, direction);
}

// If both ends are in the same row, its total counts the transfer once.
void UsagePlacer::put(UsageRowKey key, std::uint32_t far_class, std::uint32_t direction,
                      UsageSides sides) {
    if (asked(UsageKey::far_class)) field(key, UsageKey::far_class) = far_class;
    if (asked(UsageKey::direction)) field(key, UsageKey::direction) = direction;
    for (PlacedTransfer& other : placed_) {
        if (other.key != key) continue;
        other.sides.received |= sides.received;
        other.sides.sent |= sides.sent;
        return;
    }
    placed_.push_back({key, sides});
}

void UsagePlacer::place_end(const UsageRowKey& common, const Party& near,
                            const UsageParty& near_party, const UsageParty& far, UsageSides side) {
    if (!near_party.is_local() || near_party.subjects.empty()) return;
    if (question_.identity && near.identity != *question_.identity) return;
    const std::uint32_t direction = side.sent ? out_ : in_;
    if (!passes(far.far_class, direction)) return;
    UsageRowKey key = common;
    if (asked(UsageKey::identity)) field(key, UsageKey::identity) = texts_.number(near.identity);
    for (const std::uint32_t account : near_party.subjects) {
        field(key, UsageKey::account) = account;
        put(key, far.far_class, direction, side);
    }
}

void UsagePlacer::place_ends(const TransferSum& sum, const UsageParty& from, const UsageParty& to) {
    if (from.is_excluded() || to.is_excluded() || (from.is_outside() && to.is_outside()))
        return place_special(sum, from, to);
    const UsageRowKey key = common(sum);
    if (sum.ends != SumEnds::to) place_end(key, sum.from, from, to, {.sent = true});
    if (sum.ends != SumEnds::from) place_end(key, sum.to, to, from, {.received = true});
}

bool UsagePlacer::names_excluded(const UsageParty& from, const UsageParty& to) const {
    return asked(UsageKey::account) || asked(UsageKey::far_class) || asked(UsageKey::direction) ||
           (asked(UsageKey::from) && from.is_excluded()) ||
           (asked(UsageKey::to) && to.is_excluded());
}

void UsagePlacer::place_special(const TransferSum& sum, const UsageParty& from,
                                const UsageParty& to) {
    const bool excluded = from.is_excluded() || to.is_excluded();
    const std::uint32_t account = from.is_excluded() ? from.text
                                  : to.is_excluded() ? to.text
                                                     : class_transit_;
    const std::uint32_t far_class = excluded ? class_excluded_ : class_transit_;
    const std::uint32_t direction = excluded ? excluded_ : transit_;
    if (question_.account && *question_.account != texts_.at(account)) return;
    if (question_.identity || !passes(far_class, direction)) return;
    UsageRowKey key = common(sum);
    if (asked(UsageKey::account)) field(key, UsageKey::account) = account;
    put(key, far_class, direction,
        {.apart = excluded && !only_excluded_ && !names_excluded(from, to)});
}

bool UsagePlacer::selects(const TransferSum& sum, const UsageParty& from,
                          const UsageParty& to) const {
    if (!question_.account && !question_.identity) return true;
    const bool transit = from.is_outside() && to.is_outside();
    if (from.is_excluded() || to.is_excluded() || transit) {
        const std::uint32_t account = transit              ? class_transit_
                                      : from.is_excluded() ? from.text
                                                           : to.text;
        return !question_.identity && texts_.at(account) == *question_.account;
    }
    const auto is_selected = [&](const Party& end, const UsageParty& party) {
        return party.is_local() && party.selected &&
               (!question_.identity || end.identity == *question_.identity);
    };
    return is_selected(sum.from, from) || is_selected(sum.to, to);
}

void UsagePlacer::place_whole(const TransferSum& sum, const UsageParty& from,
                              const UsageParty& to) {
    UsageSides sides{.received = to.is_local(), .sent = from.is_local()};
    std::uint32_t far_class = sides.sent ? to.far_class : from.far_class;
    std::uint32_t direction = sides.sent ? out_ : in_;
    if (sides.sent && sides.received) direction = internal_;
    if (from.is_outside() && to.is_outside()) {
        far_class = class_transit_;
        direction = transit_;
    }
    if (from.is_excluded() || to.is_excluded()) {
        far_class = class_excluded_;
        direction = excluded_;
        sides = {.apart = !only_excluded_ && !names_excluded(from, to)};
    }
    if (!passes(far_class, direction)) return;
    UsageRowKey key = common(sum);
    if (asked(UsageKey::from)) field(key, UsageKey::from) = from.end_text;
    if (asked(UsageKey::to)) field(key, UsageKey::to) = to.end_text;
    put(key, far_class, direction, sides);
}

void UsageFold::add(const TransferSum& sum, const UsageParty& from, const UsageParty& to,
                    std::span<const PlacedTransfer> placed, bool counts) {
    if (placed.empty()) return;
    // Unless the question selects one end, the sums over all rows take the sender's sum.
    const bool is_in_sum_of_sender = sum.ends == SumEnds::to && from.is_local() && !selects_one_;
    const bool is_excluded = from.is_excluded() || to.is_excluded();
    UsageSides any{.apart = !counts};
    for (const auto& [key, sides] : placed) {
        const auto next = static_cast<std::uint32_t>(keys_.size());
        const auto [found, is_new] = rows_.try_emplace(key, next);
        if (is_new) {
            keys_.push_back(key);
            figures_.emplace_back();
            names_excluded_.push_back(is_excluded && !counts && !sides.apart);
        }
        add_transfer(figures_[found->second], sum, sides);
        any.received |= sides.received;
        any.sent |= sides.sent;
    }
    if (is_in_sum_of_sender) return add_saturated(all_.received, sum.volume);
    add_transfer(all_, sum, any);
    add_to_totals(totals_, sum.volume, from, to);
}

}  // namespace octroi
