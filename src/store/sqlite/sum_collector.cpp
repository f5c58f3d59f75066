// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/sum_collector.hpp"

#include <algorithm>
#include <string>

#include "store/sqlite/end_views.hpp"
#include "store/sqlite/rows.hpp"

namespace octroi::sqlite {

std::int64_t first_bucket_from(UtcTime t) noexcept {
    if (t.ns < INT64_MIN + bucket_length.ns) return bucket_number_min;
    const std::int64_t number = bucket_number(t);
    return bucket_time(number) < t ? number + 1 : number;
}

Status SumCollector::prepare() {
    for (const UtcTime begin : question_.steps) steps_.push_back(first_bucket_from(begin));
    TRY(find_services());
    return ends_.prepare();
}

Status SumCollector::find_services() {
    if (question_.services.empty()) return {};
    TRY_ASSIGN(auto find,
               Statement::prepare(db_, "SELECT service_id FROM service WHERE name = ?1"));
    for (const std::string& service : question_.services) {
        find.bind_text(1, service);
        TRY_ASSIGN(const bool found, find.step());
        if (found) services_.insert(find.number(0));
        find.reset();
    }
    return {};
}

Result<RowGroups> SumCollector::add(const SumRow& row) {
    added_.clear();
    if (!question_.services.empty() && !services_.contains(row.service)) return added_;
    TRY_ASSIGN(const std::int64_t from, ends_.holder_of(row.from_party));
    TRY_ASSIGN(const std::int64_t to, ends_.holder_of(row.to_party));
    if (!ends_.selects(row.from_party, from, row.to_party, to)) return added_;
    GroupKey key;
    if (question_.by_bucket) key.bucket = row.bucket;
    if (!steps_.empty()) key.bucket = step_of(row.bucket);
    // Also without by_meter: the meter tells the layer.
    key.meter = row.meter;
    if (question_.by_service) key.service = row.service;
    key.versions = row.versions;
    if (question_.by_end)
        TRY(add_ends(key, from, to, row.figures));
    else if (question_.by_identity)
        add_group(key, row.from_party, row.to_party, row.figures);
    else
        add_group(key, ends_.group_of(from), ends_.group_of(to), row.figures);
    return added_;
}

Result<RowGroups> SumCollector::add(const HolderRow& row) {
    added_.clear();
    if (!question_.services.empty() && !services_.contains(row.service)) return added_;
    if (!ends_.selects(0, row.from, 0, row.to)) return added_;
    GroupKey key{.meter = row.meter};
    if (!steps_.empty()) key.bucket = step_of(row.bucket);
    if (question_.by_service) key.service = row.service;
    add_group(key, ends_.group_of(row.from), ends_.group_of(row.to), row.figures);
    return added_;
}

Result<RowGroups> SumCollector::add(const EndRow& row) {
    added_.clear();
    GroupKey key{.meter = row.meter};
    if (!steps_.empty()) key.bucket = step_of(row.bucket);
    add_end(key, row.near, row.ends, row.far, row.figures);
    return added_;
}

void SumCollector::add_group(GroupKey key, std::int64_t from, std::int64_t to,
                             const Figures& figures) {
    key.from = from;
    key.to = to;
    groups_[key].add(figures);
    added_.push_back(key);
}

Status SumCollector::add_ends(const GroupKey& key, std::int64_t from, std::int64_t to,
                              const Figures& figures) {
    TRY_ASSIGN(const PartyKind from_kind, ends_.kind_of(from));
    TRY_ASSIGN(const PartyKind to_kind, ends_.kind_of(to));
    for (const EndView& view : views_of({from, from_kind}, {to, to_kind}))
        add_end(key, view.near, view.ends, view.far, figures);
    return {};
}

void SumCollector::add_end(const GroupKey& key, std::int64_t near, SumEnds ends, PartyKind far,
                           const Figures& figures) {
    const NumberSet* selected = ends_.selected_holders();
    if (selected != nullptr && !selected->contains(near)) return;
    const std::int64_t other = ends == SumEnds::both ? near : EndTable::group_of(far);
    add_group(key, ends == SumEnds::to ? other : near, ends == SumEnds::to ? near : other, figures);
}

std::int64_t SumCollector::step_of(std::int64_t bucket) {
    const bool is_same =
        steps_[step_] <= bucket && (step_ + 1 == steps_.size() || bucket < steps_[step_ + 1]);
    if (!is_same) {
        const auto behind = std::upper_bound(steps_.begin(), steps_.end(), bucket);
        step_ =
            behind == steps_.begin() ? 0 : static_cast<std::size_t>(behind - steps_.begin()) - 1;
    }
    return static_cast<std::int64_t>(step_);
}

}  // namespace octroi::sqlite
