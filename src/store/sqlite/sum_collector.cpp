// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/sum_collector.hpp"

#include <algorithm>
#include <string>

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

Result<std::optional<GroupKey>> SumCollector::add(const SumRow& row) {
    if (!question_.services.empty() && !services_.contains(row.service)) return std::nullopt;
    TRY_ASSIGN(const std::int64_t from, ends_.holder_of(row.from_party));
    TRY_ASSIGN(const std::int64_t to, ends_.holder_of(row.to_party));
    if (!ends_.selects(row.from_party, from, row.to_party, to)) return std::nullopt;
    GroupKey key;
    if (question_.by_bucket) key.bucket = row.bucket;
    if (!steps_.empty()) key.bucket = step_of(row.bucket);
    // Also without by_meter: the meter tells the layer.
    key.meter = row.meter;
    key.from = question_.by_identity ? row.from_party : from;
    key.to = question_.by_identity ? row.to_party : to;
    if (question_.by_service) key.service = row.service;
    key.versions = row.versions;
    if (!groups_[key].add(row.figures)) return std::unexpected(sum_does_not_fit(db_));
    return key;
}

Result<std::optional<GroupKey>> SumCollector::add(const HolderRow& row) {
    if (!question_.services.empty() && !services_.contains(row.service)) return std::nullopt;
    if (!ends_.selects(0, row.from, 0, row.to)) return std::nullopt;
    GroupKey key{.meter = row.meter, .from = row.from, .to = row.to};
    if (!steps_.empty()) key.bucket = step_of(row.bucket);
    if (question_.by_service) key.service = row.service;
    if (!groups_[key].add(row.figures)) return std::unexpected(sum_does_not_fit(db_));
    return key;
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
