// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/rebook.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "host/random.hpp"
#include "ledger/rules.hpp"
#include "service/known_meter.hpp"
#include "service/late_ends.hpp"
#include "service/past_tables.hpp"
#include "service/rebook_period.hpp"
#include "service/rebook_slice.hpp"

namespace octroi {
namespace {

std::string text_of(const Doubt& doubt) {
    const std::string& subject = doubt.subject;
    switch (doubt.kind) {
        case DoubtKind::finer:
            return subject + " is bound now, and the ledger has a larger network";
        case DoubtKind::other:
            return subject + " is bound now, and the ledger does not hold who had it";
        case DoubtKind::not_kept:
            return subject + " is bound no more, and the ledger does not hold the address";
        case DoubtKind::within:
            return "the binding of " + subject + " changes within five minutes";
        case DoubtKind::networks:
            return "the local networks changed: " + subject;
        case DoubtKind::networks_unknown:
            return "the ledger does not hold the network or binding that " + subject +
                   " had (--local, [attribute] local)";
        case DoubtKind::class_of_end:
            return "class " + subject + " is several classes now";
        case DoubtKind::class_of_address:
            return subject + " is outside now, and its AS, next hop or name decides";
        case DoubtKind::service:
            return "no rule and no default gives service " + subject + " now";
    }
    return subject;
}

// Volume and the number of buckets with it. Buckets come in ascending order.
struct RebookTotal {
    Volume volume;
    std::uint64_t buckets = 0;
    UtcTime last = UtcTime::min();

    void add(UtcTime bucket, const Volume& part) {
        volume += part;
        if (bucket != last) ++buckets;
        last = bucket;
    }
};

class Rebooker {
public:
    Rebooker(Ledger& ledger, const RebookRequest& request, PastTables& past)
        : ledger_(ledger), request_(request), past_(past) {}

    [[nodiscard]] Result<RebookSummary> run() {
        Interval period = request_.period;
        if (period.begin == UtcTime::min()) TRY(leave_out_sums(period));
        auto outcome = correct_slices(period);
        if (!outcome && outcome.error().code == ErrorCode::not_found)
            return std::unexpected(gone(outcome.error()));
        if (!outcome && outcome.error().code != ErrorCode::interrupted)
            return std::unexpected(outcome.error());
        RebookSummary made = summary();
        if (!outcome) made.stopped_at = reached_;
        return made;
    }

private:
    [[nodiscard]] SumQuestion question() const {
        SumQuestion question;
        question.period = request_.period;
        question.by_bucket = true;
        if (!request_.meter.empty()) question.meter = request_.meter;
        return question;
    }

    [[nodiscard]] Status leave_out_sums(Interval& period) {
        TRY_ASSIGN(const UtcTime since, transfers_since(ledger_));
        if (since == UtcTime::min()) return {};
        period.begin = since;
        left_out_until_ = since;
        return {};
    }

    [[nodiscard]] Status correct_slices(const Interval& period) {
        TRY_ASSIGN(auto slices,
                   RebookSlices::create(ledger_, period, request_.meter, request_.slice_rows));
        reached_ = slices.period().begin;
        while (true) {
            TRY_ASSIGN(const auto slice, slices.next(rows_));
            if (!slice) return {};
            if (request_.progress) request_.progress(slice->begin, slices.period());
            if (request_.stop_requested && request_.stop_requested())
                return fail(ErrorCode::interrupted, "stopped");
            past_.drop();
            rows_ = 0;
            TRY(correct(*slice));
            reached_ = slice->end;
        }
    }

    // The error of a question for transfers that are gone, with what to do.
    [[nodiscard]] Error gone(Error error) {
        const auto since = transfers_since(ledger_);
        if (!since || *since == UtcTime::min()) return error;
        error.text.erase(std::min(error.text.find("; next:"), error.text.size()));
        error.text +=
            "; sums cannot be attributed again; next: octroi rebook --since " + to_rfc3339(*since);
        return error;
    }

    [[nodiscard]] Status correct(const Interval& slice) {
        RebookSlice rows;
        TRY(ledger_.snapshot([&] { return read(slice, rows); }));
        for (const SliceMove& move : rows.moves(request_.identities)) note(rows, move);
        for (Batch& batch : rows.corrections(slice)) TRY(commit(std::move(batch)));
        return {};
    }

    [[nodiscard]] Status read(const Interval& slice, RebookSlice& rows) {
        SumQuestion all = question();
        all.period = slice;
        all.by_meter = all.by_meter_kind = all.by_identity = all.by_service = all.estimates = true;
        TRY_ASSIGN(const auto booked, ledger_.sums(all));
        for (const TransferSum& sum : booked) rows.add_booked(sum);
        all.observed_only = all.by_versions = true;
        TRY_ASSIGN(const auto observed, ledger_.sums(all));
        rows_ = observed.size();
        if (!request_.identities.empty()) return read_late(booked, observed, rows);
        for (const TransferSum& sum : observed) {
            examined_ += sum.volume;
            TRY_ASSIGN(const RowNow now, row_now(sum));
            const SliceKey before = rows.key_of(sum);
            rows.add_observed(before, key_with(rows, before, now), sum);
            note_doubt(now.from.doubt, to_string(sum.from), sum);
            note_doubt(now.to.doubt, to_string(sum.to), sum);
            note_doubt(now.service.doubt, sum.service, sum);
            if (now.from.doubt || now.to.doubt || now.service.doubt) unresolved_ += sum.volume;
        }
        return {};
    }

    // Late statements: only ends with the identities move, and the class and the service of their
    // rows stay as they are booked.
    [[nodiscard]] Status read_late(const std::vector<TransferSum>& booked,
                                   const std::vector<TransferSum>& observed, RebookSlice& rows) {
        LateEnds ends(request_.identities);
        for (const TransferSum& sum : observed) {
            examined_ += sum.volume;
            TRY_ASSIGN(const RowNow now, row_now(sum));
            const SliceKey key = rows.key_of(sum);
            ends.add_observed(key, sum.from, now.from.party, sum.volume);
            ends.add_observed(key, sum.to, now.to.party, sum.volume);
            note_late_doubts(sum, now);
        }
        for (const TransferSum& sum : booked) {
            const SliceKey key = rows.key_of(sum);
            ends.add_booked(key, sum.from, sum.volume);
            ends.add_booked(key, sum.to, sum.volume);
        }
        std::map<std::pair<std::uint32_t, UtcTime>, LatePrices> others;
        for (const TransferSum& sum : booked) {
            const SliceKey before = rows.key_of(sum);
            if (!ends.shows_ends(before)) {
                others[{before.meter, before.bucket}].add_booked(sum.from, sum.to, sum.service,
                                                                 sum.volume);
                continue;
            }
            SliceKey after = before;
            after.from = rows.number_of(ends.party_now(before, sum.from));
            after.to = rows.number_of(ends.party_now(before, sum.to));
            rows.add_observed(before, after, sum);
        }
        return read_late_others(observed, ends, others, rows);
    }

    // Buckets of which the booked rows do not show the identities: the observed ones do. Their
    // classes and services count where no correction has changed any; else those of now.
    [[nodiscard]] Status read_late_others(
        const std::vector<TransferSum>& observed, const LateEnds& ends,
        std::map<std::pair<std::uint32_t, UtcTime>, LatePrices>& others, RebookSlice& rows) {
        if (others.empty()) return {};
        for (const TransferSum& sum : observed) {
            const SliceKey key = rows.key_of(sum);
            if (!ends.shows_ends(key))
                others[{key.meter, key.bucket}].add_observed(sum.from, sum.to, sum.service,
                                                             sum.volume);
        }
        for (const TransferSum& sum : observed) {
            const SliceKey before = rows.key_of(sum);
            if (ends.shows_ends(before)) continue;
            TRY_ASSIGN(RowNow now, row_now(sum));
            if (others[{before.meter, before.bucket}].are_as_observed()) {
                if (sum.from.kind == PartyKind::outside) now.from.party = sum.from;
                if (sum.to.kind == PartyKind::outside) now.to.party = sum.to;
                now.service.name = sum.service;
            }
            rows.add_observed(before, key_with(rows, before, now), sum);
        }
        return {};
    }

    struct RowNow {
        Reattribution::End from;
        Reattribution::End to;
        Reattribution::Service service;
    };
    // Where an observed row belongs now.
    [[nodiscard]] Result<RowNow> row_now(const TransferSum& sum) {
        TRY_ASSIGN(const Reattribution::Past* past,
                   past_.find(sum.directory_version, sum.class_version, sum.identities_known));
        if (past == nullptr) return RowNow{{sum.from, {}}, {sum.to, {}}, {sum.service, {}}};
        Reattribution& now = past_.reattribution();
        return RowNow{now.end(sum.from, sum.bucket, *past), now.end(sum.to, sum.bucket, *past),
                      now.service(sum.service)};
    }

    [[nodiscard]] static SliceKey key_with(RebookSlice& rows, const SliceKey& before,
                                           const RowNow& now) {
        return {before.meter, before.bucket, rows.number_of(now.from.party),
                rows.number_of(now.to.party), rows.service_number(now.service.name)};
    }

    // Of ends that have one of the identities, or lie in a network with one. Far ends may always
    // have had another MAC address; that is no news.
    void note_late_doubts(const TransferSum& sum, const RowNow& now) {
        const auto& wanted = request_.identities;
        const auto is_doubt = [&](const Party& party, const std::optional<Doubt>& doubt) {
            return doubt && (wanted.contains(party.identity) ||
                             (doubt->kind == DoubtKind::finer && wanted.contains(doubt->subject)));
        };
        const bool from = is_doubt(sum.from, now.from.doubt);
        const bool to = is_doubt(sum.to, now.to.doubt);
        if (from) note_doubt(now.from.doubt, to_string(sum.from), sum);
        if (to) note_doubt(now.to.doubt, to_string(sum.to), sum);
        if (from || to) unresolved_ += sum.volume;
    }

    void note_doubt(const std::optional<Doubt>& doubt, const std::string& name,
                    const TransferSum& sum) {
        if (doubt) doubts_[{name, *doubt}].add(sum.bucket, sum.volume);
    }

    void note(const RebookSlice& rows, const SliceMove& move) {
        moved_ += move.volume;
        const auto end = [&](std::uint32_t before, std::uint32_t after) {
            if (before == after) return;
            const std::string was = to_string(rows.party(before));
            const std::string is = to_string(rows.party(after));
            moves_[{was == is ? "identity" : "end", was, is}].add(move.before.bucket, move.volume);
        };
        end(move.before.from, move.after.from);
        end(move.before.to, move.after.to);
        if (move.before.service != move.after.service)
            moves_[{"service", rows.service(move.before.service), rows.service(move.after.service)}]
                .add(move.before.bucket, move.volume);
    }

    [[nodiscard]] Status commit(Batch batch) {
        ++corrections_;
        if (request_.dry_run) return {};
        batch.id = random_batch_id();
        batch.booked_at = request_.now;
        batch.class_version = past_.class_version();
        batch.directory_version = past_.directory_version();
        batch.identities_known = past_.identities_known();
        batch.correction->reason =
            request_.reason.empty() ? "bindings, classes, services of " + to_rfc3339(request_.now)
                                    : request_.reason;
        TRY(ledger_.commit(batch));
        return {};
    }

    [[nodiscard]] RebookSummary summary() const {
        RebookSummary summary{.period = request_.period,
                              .dry_run = request_.dry_run,
                              .moves = {},
                              .doubts = {},
                              .examined = examined_,
                              .moved = moved_,
                              .unresolved = unresolved_,
                              .corrections = corrections_,
                              .left_out_until = left_out_until_,
                              .stopped_at = {}};
        for (const auto& [key, total] : moves_) {
            const auto& [what, before, after] = key;
            summary.moves.push_back({what, before, after, total.volume, total.buckets});
        }
        for (const auto& [key, total] : doubts_)
            summary.doubts.push_back({key.first, text_of(key.second), total.volume, total.buckets});
        return summary;
    }

    Ledger& ledger_;
    const RebookRequest& request_;
    PastTables& past_;
    std::map<std::tuple<std::string, std::string, std::string>, RebookTotal> moves_;
    std::map<std::pair<std::string, Doubt>, RebookTotal> doubts_;
    Volume examined_;
    Volume moved_;
    Volume unresolved_;
    std::uint64_t corrections_ = 0;
    std::size_t rows_ = 0;  // of the slice
    std::optional<UtcTime> left_out_until_;
    UtcTime reached_;  // traffic before it was looked at
};

}  // namespace

Result<RebookSummary> rebook(Ledger& ledger, const Config& config, const RebookRequest& request) {
    if (!request.reason.empty() && !is_name(request.reason))
        return fail(ErrorCode::invalid,
                    fmt::format("the reason has {} octets or a control character; next: write at "
                                "most {} octets on one line",
                                request.reason.size(), name_octets_max));
    if (!request.meter.empty()) TRY(require_meter(ledger, request.meter));
    TRY_ASSIGN(const auto past, PastTables::create(ledger, config, random_seed()));
    return Rebooker(ledger, request, *past).run();
}

}  // namespace octroi
