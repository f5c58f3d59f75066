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

// The first place that states the label stays.
void merge(RouteVotes::Row& into, const RouteVotes::Row& row) noexcept {
    into.votes = sum(into.votes, row.votes);
    const bool is_first =
        into.line == 0 || std::tie(row.file, row.line) < std::tie(into.file, into.line);
    if (row.line == 0 || !is_first) return;
    into.file = row.file;
    into.line = row.line;
}

}  // namespace

bool RouteVotes::add(const Prefix& prefix, std::uint32_t label, std::uint32_t votes,
                     RoutePlace place) {
    const Row row{prefix, place.file, place.line, label, votes};
    if (rows_.size() > folded_ && same(rows_.back(), row)) {
        merge(rows_.back(), row);
        return true;
    }
    if (rows_.size() >= std::max(2 * folded_, fold_at_least)) fold();
    if (folded_ > limit_) return false;
    rows_.push_back(row);
    return true;
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
            merge(rows_[kept], rows_[i]);
        } else {
            rows_[++kept] = rows_[i];
        }
    }
    rows_.resize(kept + 1);
    folded_ = rows_.size();
}

std::uint64_t RouteVotes::remove_conflicts(
    const std::function<void(const Row&, const Row&)>& visit) {
    fold();
    std::uint64_t conflicts = 0;
    auto kept = rows_.begin();
    for (auto begin = rows_.begin(); begin != rows_.end();) {
        const auto end = std::find_if(begin, rows_.end(),
                                      [&](const Row& row) { return row.prefix != begin->prefix; });
        const auto is_stated = [](const Row& row) { return row.line != 0; };
        const auto first = std::find_if(begin, end, is_stated);
        const auto second = first == end ? end : std::find_if(first + 1, end, is_stated);
        if (second != end) {
            ++conflicts;
            const bool in_order = first->place() < second->place();
            visit(in_order ? *first : *second, in_order ? *second : *first);
        } else {
            kept = std::copy(begin, end, kept);
        }
        begin = end;
    }
    rows_.erase(kept, rows_.end());
    folded_ = rows_.size();
    return conflicts;
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
