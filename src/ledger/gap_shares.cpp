// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/gap_shares.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "base/saturated_sum.hpp"
#include "record/identity.hpp"
#include "record/identity_kinds.hpp"

namespace octroi {
namespace {

__extension__ using WideWeight = unsigned __int128;

using Names = std::map<Party, Bytes>;

// A name in the line, not an address.
bool is_named(const Party& party) {
    const auto identity = parse_identity(party.identity);
    if (!identity) return false;
    const IdentityKindInfo* info = find_identity_kind(identity->kind);
    return info != nullptr && info->end == IdentityEnd::near;
}

// The end that the lines are about. Of two local ends it is the one with the name.
const Party& near_end(const TransferSum& sum) {
    if (!is_local(sum.from.kind)) return sum.to;
    if (!is_local(sum.to.kind)) return sum.from;
    return is_named(sum.to) && !is_named(sum.from) ? sum.to : sum.from;
}

bool is_compared(const TransferSum& sum) {
    return sum.from.kind != PartyKind::excluded || sum.from.name == "duplicate";
}

void add_shares(const ServerGapRow& gap, const Names& names, std::vector<GapShare>& out) {
    const auto spread = static_cast<std::uint64_t>(std::max<std::int64_t>(gap.gap, 0));
    const std::size_t first = out.size();
    std::vector<std::uint64_t> weights;
    for (const auto& [party, octets] : names) {
        weights.push_back(octets.value());
        out.push_back({gap.begin, gap.log, gap.meter, party, octets.value(), 0});
    }
    const auto shares = shares_of(spread, weights);
    for (std::size_t i = 0; i < shares.size(); ++i) out[first + i].spread = shares[i];
    const bool has_weight = std::ranges::any_of(weights, [](std::uint64_t w) { return w > 0; });
    if (!has_weight) out.push_back({gap.begin, gap.log, gap.meter, Party{}, 0, spread});
    std::stable_sort(out.begin() + static_cast<std::ptrdiff_t>(first), out.end(),
                     [](const GapShare& a, const GapShare& b) { return a.logged > b.logged; });
}

}  // namespace

std::vector<std::uint64_t> shares_of(std::uint64_t amount, std::span<const std::uint64_t> weights) {
    WideWeight sum = 0;
    for (const std::uint64_t weight : weights) sum += weight;
    std::vector<std::uint64_t> parts(weights.size(), 0);
    if (sum == 0) return parts;
    std::vector<std::pair<WideWeight, std::size_t>> remainders;
    std::uint64_t left = amount;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const WideWeight product = WideWeight{amount} * weights[i];
        parts[i] = static_cast<std::uint64_t>(product / sum);
        left -= parts[i];
        remainders.emplace_back(product % sum, i);
    }
    std::ranges::stable_sort(remainders, std::ranges::greater{},
                             &std::pair<WideWeight, std::size_t>::first);
    // Fewer octets are left than there are parts with a remainder.
    for (std::size_t i = 0; left > 0; ++i, --left) ++parts[remainders[i].second];
    return parts;
}

SumQuestion logged_names_question(const std::string& log, const Interval& period,
                                  std::vector<UtcTime> steps) {
    SumQuestion question = logged_question(log, period, std::move(steps));
    question.by_identity = true;
    return question;
}

std::vector<GapShare> gap_shares(std::span<const ServerGapRow> gaps,
                                 const std::vector<TransferSum>& logged) {
    std::map<UtcTime, Names> steps;
    for (const TransferSum& sum : logged) {
        if (!is_compared(sum)) continue;
        Bytes& octets = steps[sum.bucket][near_end(sum)];
        octets = saturated_sum(octets, sum.volume.bytes);
    }
    std::vector<GapShare> shares;
    for (const ServerGapRow& gap : gaps) add_shares(gap, steps[gap.begin], shares);
    return shares;
}

}  // namespace octroi
