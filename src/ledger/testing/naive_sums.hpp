// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What Query::sums() must answer: a loop over the transfers of batches, written without regard to
// speed. And random questions.

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "ledger/query.hpp"
#include "ledger/testing/batches.hpp"

namespace octroi::testing {

template <typename T>
bool is_one_of(const std::vector<T>& list, const T& item) {
    return std::find(list.begin(), list.end(), item) != list.end();
}

inline bool selects(const SumQuestion& question, const MeterName& meter) {
    return (!question.role || *question.role == meter.role) &&
           (!question.meter || *question.meter == meter.name) &&
           (!question.layer || *question.layer == meter.layer);
}

inline bool selects(const SumQuestion& question, const Batch& batch, const Transfer& t) {
    const Party& from = batch.parties[t.from];
    const Party& to = batch.parties[t.to];
    if (!question.period.contains(t.bucket)) return false;
    if (!question.ends.empty() && !is_one_of(question.ends, to_string(from)) &&
        !is_one_of(question.ends, to_string(to)))
        return false;
    if (question.identity && from.identity != *question.identity &&
        to.identity != *question.identity)
        return false;
    return question.services.empty() || is_one_of(question.services, batch.services[t.service]);
}

inline UtcTime step_of(const SumQuestion& question, UtcTime bucket) {
    if (question.by_bucket) return bucket;
    UtcTime begin = question.period.begin;
    for (const UtcTime step : question.steps)
        if (step <= bucket) begin = step;
    return begin;
}

inline Party without_identity(const Party& party) { return {party.kind, party.name, ""}; }

// The keys of a transfer by end (SumEnds): each end that is local by itself.
inline std::vector<TransferSum> keys_by_end(const SumQuestion& question, const TransferSum& key) {
    const Party from = without_identity(key.from);
    const Party to = without_identity(key.to);
    const auto kind_only = [](const Party& party) { return Party{party.kind, "", ""}; };
    std::vector<TransferSum> keys;
    const auto add = [&](const Party& near, const Party& key_from, const Party& key_to,
                         SumEnds ends) {
        if (!question.ends.empty() && !is_one_of(question.ends, to_string(near))) return;
        TransferSum& added = keys.emplace_back(key);
        added.from = key_from;
        added.to = key_to;
        added.ends = ends;
    };
    if (from.kind == PartyKind::excluded || to.kind == PartyKind::excluded) {
        const Party& near = from.kind == PartyKind::excluded ? from : to;
        add(near, near, near, SumEnds::both);
    } else if (from == to || (!is_local(from.kind) && !is_local(to.kind))) {
        add(from, from, from, SumEnds::both);
    } else {
        if (is_local(from.kind)) add(from, from, kind_only(to), SumEnds::from);
        if (is_local(to.kind)) add(to, kind_only(from), to, SumEnds::to);
    }
    return keys;
}

inline Party counted_as(const SumQuestion& question, Party party) {
    for (const auto& [account, as] : question.counted_as)
        if (party.kind == PartyKind::account && party.name == account) return {party.kind, as, ""};
    return party;
}

// Of observations only, and not as_of.
inline std::vector<TransferSum> naive_sums(const std::vector<Batch>& batches,
                                           const SumQuestion& question) {
    std::map<TransferSum, std::pair<Volume, Estimate>> groups;  // keys without figures
    for (const Batch& batch : batches) {
        if (!selects(question, batch.meter)) continue;
        for (std::uint32_t i = 0; i < batch.transfers.size(); ++i) {
            const Transfer& t = batch.transfers[i];
            if (!selects(question, batch, t)) continue;
            TransferSum key;
            key.layer = batch.meter.layer;
            key.bucket = step_of(question, t.bucket);
            if (question.by_meter) {
                key.meter = batch.meter.name;
                key.role = batch.meter.role;
            }
            key.from = batch.parties[t.from];
            key.to = batch.parties[t.to];
            if (!question.by_identity) key.from.identity = key.to.identity = "";
            if (question.by_service) key.service = batch.services[t.service];
            key.from = counted_as(question, key.from);
            key.to = counted_as(question, key.to);
            for (const TransferSum& group :
                 question.by_end ? keys_by_end(question, key) : std::vector{key}) {
                auto& [volume, estimate] = groups[group];
                volume += t.volume;
                if (question.estimates) estimate += estimate_of(batch, i);
            }
        }
    }
    std::vector<TransferSum> sums;
    for (const auto& [key, figures] : groups) {
        if (figures.first == Volume{}) continue;
        sums.push_back(key);
        std::tie(sums.back().volume, sums.back().estimate) = figures;
    }
    return sums;
}

// Makes some questions that permit it questions by end, or of accounts that count as others.
inline void choose_ends(std::mt19937_64& random, SumQuestion& question) {
    if (question.by_identity || question.identity) return;
    if (random() % 3 == 0)
        question.counted_as = {{"user1", "user2"}, {"user3", "above"}, {"nobody", "above"}};
    else if (!question.by_service && question.services.empty())
        question.by_end = random() % 2 == 0;
}

// A question about batches of random_batch(). Each filter is there in about a third of the
// questions.
inline SumQuestion random_question(std::mt19937_64& random) {
    const auto below = [&](std::uint64_t n) { return static_cast<int>(random() % n); };
    SumQuestion question;
    if (below(2) == 0)
        question.period = {bucket_at(below(4)), bucket_at(6 + below(8)) + Duration{below(3)}};
    if (below(4) == 0) question.meter = below(2) == 0 ? "eth0" : "proxy";
    if (below(4) == 0) question.role = below(2) == 0 ? MeterRole::bill : MeterRole::witness;
    if (below(4) == 0) question.layer = layers[static_cast<std::size_t>(below(3))];
    const std::vector<std::string> ends{"user1",    "user2",         "@unattributed",
                                        "domestic", "international", "@excluded/non-ip",
                                        "nobody",   "@excluded/x",   "user3"};
    if (below(3) == 0)
        for (int i = 1 + below(3); i > 0; --i)
            question.ends.push_back(ends[random() % ends.size()]);
    if (below(4) == 0)
        question.identity = (below(2) == 0 ? "10.1.0." : "10.0.0.") + std::to_string(below(20));
    if (below(3) == 0)
        for (int i = 1 + below(2); i > 0; --i)
            question.services.push_back(below(2) == 0 ? "web"
                                                      : "service" + std::to_string(below(6)));
    if (below(3) == 0) {
        // Steps may begin within buckets and be empty; the first one is before all buckets.
        question.steps.push_back(bucket_at(-1));
        for (int i = below(5); i > 0; --i)
            question.steps.push_back(bucket_at(below(12)) + Duration::minutes(below(5)));
        std::sort(question.steps.begin(), question.steps.end());
    } else {
        question.by_bucket = below(3) == 0;
    }
    question.by_meter = below(3) == 0;
    question.by_identity = below(3) == 0;
    question.by_service = below(3) == 0;
    question.estimates = below(2) == 0;
    choose_ends(random, question);
    return question;
}

}  // namespace octroi::testing
