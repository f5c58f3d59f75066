// SPDX-License-Identifier: GPL-3.0-or-later
#include "attribute/route_votes.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

namespace octroi {
namespace {

// Rows are sorted when their number has doubled, so that all sorting together costs about as much
// as one sort of everything. Fewer rows are not worth it.
constexpr std::size_t fold_at_least = std::size_t{1} << 17U;

bool same(const RouteVotes::Row& a, const RouteVotes::Row& b) noexcept {
    return a.label == b.label && a.prefix == b.prefix;
}

// Saturates: votes are compared and not reported.
std::uint32_t sum(std::uint32_t a, std::uint32_t b) noexcept {
    std::uint32_t total = 0;
    return __builtin_add_overflow(a, b, &total) ? std::numeric_limits<std::uint32_t>::max() : total;
}

}  // namespace

void RouteVotes::add(const Prefix& prefix, std::uint32_t label, std::uint32_t votes) {
    const Row row{prefix, label, votes};
    if (rows_.size() > folded_ && same(rows_.back(), row)) {
        rows_.back().votes = sum(rows_.back().votes, votes);
        return;
    }
    if (rows_.size() >= std::max(2 * folded_, fold_at_least)) fold();
    rows_.push_back(row);
}

const std::vector<RouteVotes::Row>& RouteVotes::rows() {
    fold();
    return rows_;
}

void RouteVotes::fold() {
    if (rows_.size() == folded_) return;
    std::sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) {
        return std::tie(a.prefix, a.label) < std::tie(b.prefix, b.label);
    });
    std::size_t kept = 0;
    for (std::size_t i = 1; i < rows_.size(); ++i) {
        if (same(rows_[kept], rows_[i])) {
            rows_[kept].votes = sum(rows_[kept].votes, rows_[i].votes);
        } else {
            rows_[++kept] = rows_[i];
        }
    }
    rows_.resize(kept + 1);
    folded_ = rows_.size();
}

std::vector<LpmEntry> RouteVotes::winners(const std::function<std::uint32_t(std::uint32_t)>& rank) {
    fold();
    std::vector<LpmEntry> winners;
    winners.reserve(rows_.size());
    for (auto it = rows_.begin(); it != rows_.end();) {
        auto best = it;
        auto next = it + 1;
        for (; next != rows_.end() && next->prefix == it->prefix; ++next) {
            if (next->votes > best->votes ||
                (next->votes == best->votes && rank(next->label) < rank(best->label))) {
                best = next;
            }
        }
        winners.push_back({best->prefix, best->label});
        it = next;
    }
    return winners;
}

}  // namespace octroi
