// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite/sum_groups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "store/sqlite/rows.hpp"

namespace octroi::sqlite {
namespace {

// Meters of different layers never have the same key.
using MeterKey = std::tuple<Layer, std::string, MeterRole, std::string>;

// The distinct row numbers of a column and their names. Each number gets the rank of its name, so
// that millions of groups are sorted by numbers and not by texts. Numbers of the same name get the
// same rank.
template <typename Name>
class Names {
public:
    void note(std::int64_t number) { ranks_.try_emplace(number, 0); }

    // name_of: std::int64_t → Result<Name>.
    template <typename NameOf>
    [[nodiscard]] Status look_up(NameOf name_of) {
        std::vector<std::pair<Name, std::int64_t>> named;
        named.reserve(ranks_.size());
        for (const auto& [number, rank] : ranks_) {
            TRY_ASSIGN(Name name, name_of(number));
            named.emplace_back(std::move(name), number);
        }
        std::sort(named.begin(), named.end());
        for (auto& [name, number] : named) {
            if (sorted_.empty() || sorted_.back() != name) sorted_.push_back(std::move(name));
            ranks_[number] = static_cast<std::uint32_t>(sorted_.size() - 1);
        }
        return {};
    }
    [[nodiscard]] std::uint32_t rank(std::int64_t number) const { return ranks_.at(number); }
    [[nodiscard]] const Name& at(std::uint32_t rank) const { return sorted_[rank]; }

private:
    boost::unordered_flat_map<std::int64_t, std::uint32_t> ranks_;
    std::vector<Name> sorted_;
};

// A group with ranks for names.
struct Ranked {
    Layer layer = Layer::ip;
    std::int64_t bucket = 0;
    std::uint32_t meter = 0;
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    SumEnds ends = SumEnds::both;
    std::uint32_t service = 0;
    std::uint32_t classes = 0;
    std::int64_t directory = 0;
    std::int64_t identities = 0;
    WideFigures figures;
    SignedEstimate estimate;

    [[nodiscard]] auto key() const {
        return std::tie(layer, bucket, meter, from, to, ends, service, classes, directory,
                        identities);
    }
};

// Finds the row of a number; `read` converts it to a name.
template <typename Read>
auto find_name(const Database& db, Statement& find, std::int64_t number, Read read)
    -> Result<decltype(read(find))> {
    find.bind(1, number);
    TRY_ASSIGN(const bool found, find.step());
    if (!found)
        return fail(
            ErrorCode::corrupt,
            fmt::format("ledger {}: a name is missing; next: run `octroi audit`", db.path()));
    auto name = read(find);
    find.reset();
    return name;
}

class Namer {
public:
    Namer(const Database& db, const SumQuestion& question, const EndTable& ends,
          const Versions& versions)
        : db_(db), question_(question), ends_(ends), versions_(versions) {}

    [[nodiscard]] Status look_up(const Groups& groups) {
        for (const auto& [key, figures] : groups) {
            parties_.note(key.from);
            parties_.note(key.to);
            meters_.note(key.meter);
            if (question_.by_service) services_.note(key.service);
            if (question_.by_versions) class_versions_.note(versions_.at(key.versions).classes);
        }
        TRY(look_up_parties());
        TRY_ASSIGN(auto service,
                   Statement::prepare(db_, "SELECT name FROM service WHERE service_id = ?1"));
        TRY_ASSIGN(auto meter,
                   Statement::prepare(
                       db_, "SELECT name, role, layer, kind FROM meter WHERE meter_id = ?1"));
        const auto service_of = [](const Statement& row) { return row.text(0); };
        const auto meter_of = [this](const Statement& row) {
            const auto layer = enum_from<Layer>(row, 2);
            if (!question_.by_meter) return MeterKey{layer, "", MeterRole::bill, ""};
            return MeterKey{layer, row.text(0), enum_from<MeterRole>(row, 1),
                            question_.by_meter_kind ? row.text(3) : ""};
        };
        const auto find_service = [&](auto n) { return find_name(db_, service, n, service_of); };
        const auto find_meter = [&](auto n) { return find_name(db_, meter, n, meter_of); };
        TRY(services_.look_up(find_service));
        TRY(look_up_class_versions());
        return meters_.look_up(find_meter);
    }

    [[nodiscard]] Result<std::vector<Ranked>> ranked(Groups groups,
                                                     const Estimates& estimates) const {
        std::vector<Ranked> rows;
        rows.reserve(groups.size());
        for (const auto& [key, figures] : groups)
            rows.push_back(row_of(key, figures, estimate_of(key, estimates)));
        // Frees the table, which may have millions of groups, before the sort.
        groups = {};
        std::sort(rows.begin(), rows.end(),
                  [](const Ranked& a, const Ranked& b) { return a.key() < b.key(); });
        return merged(std::move(rows));
    }

    [[nodiscard]] TransferSum named(const Ranked& row) const {
        TransferSum sum;
        sum.bucket = bucket_of(row.bucket);
        std::tie(sum.layer, sum.meter, sum.role, sum.meter_kind) = meters_.at(row.meter);
        sum.from = parties_.at(row.from);
        sum.to = parties_.at(row.to);
        sum.ends = row.ends;
        if (question_.by_service) sum.service = services_.at(row.service);
        if (question_.by_versions) {
            sum.class_version = class_versions_.at(row.classes);
            sum.directory_version = static_cast<std::uint64_t>(row.directory);
            sum.identities_known = static_cast<std::uint64_t>(row.identities);
        }
        // More than that is forged traffic, and is shown as the highest value.
        const auto figure = [](WideFigure v) {
            return v > WideFigure{UINT64_MAX} ? UINT64_MAX : static_cast<std::uint64_t>(v);
        };
        sum.volume = {Bytes{figure(row.figures.bytes)}, Packets{figure(row.figures.packets)},
                      Flows{figure(row.figures.flows)}};
        sum.estimate = row.estimate.estimate();
        return sum;
    }

private:
    [[nodiscard]] UtcTime bucket_of(std::int64_t number) const {
        if (!question_.steps.empty()) return question_.steps[static_cast<std::size_t>(number)];
        return question_.by_bucket ? bucket_time(number) : question_.period.begin;
    }

    [[nodiscard]] Ranked row_of(const GroupKey& key, const WideFigures& figures,
                                const SignedEstimate& estimate) const {
        Ranked row{.layer = std::get<Layer>(meters_.at(meters_.rank(key.meter))),
                   .bucket = key.bucket,
                   .meter = meters_.rank(key.meter),
                   .from = parties_.rank(key.from),
                   .to = parties_.rank(key.to),
                   .ends = ends_of(key),
                   .service = question_.by_service ? services_.rank(key.service) : 0,
                   .figures = figures,
                   .estimate = estimate};
        if (!question_.by_versions) return row;
        const Versions::Pair& pair = versions_.at(key.versions);
        row.classes = class_versions_.rank(pair.classes);
        row.directory = pair.directory;
        row.identities = pair.identities;
        return row;
    }
    // An end of which only the kind is known is not the one that the sum stands for.
    [[nodiscard]] SumEnds ends_of(const GroupKey& key) const {
        if (!question_.by_end || (key.from >= 0 && key.to >= 0)) return SumEnds::both;
        return key.to < 0 ? SumEnds::from : SumEnds::to;
    }
    [[nodiscard]] Status look_up_class_versions() {
        if (!question_.by_versions) return {};
        TRY_ASSIGN(auto find, Statement::prepare(db_,
                                                 "SELECT version FROM class_version WHERE "
                                                 "class_version_id = ?1"));
        return class_versions_.look_up([&](std::int64_t number) {
            return find_name(db_, find, number, [](const Statement& row) { return row.text(0); });
        });
    }
    [[nodiscard]] static SignedEstimate estimate_of(const GroupKey& key,
                                                    const Estimates& estimates) {
        const auto found = estimates.find(key);
        return found == estimates.end() ? SignedEstimate{} : found->second;
    }

    [[nodiscard]] Status look_up_parties() {
        TRY_ASSIGN(auto find,
                   Statement::prepare(
                       db_, question_.by_identity
                                ? "SELECT h.kind, h.name, p.identity FROM party p JOIN holder h ON "
                                  "h.holder_id = p.holder WHERE p.party_id = ?1"
                                : "SELECT kind, name, '' FROM holder WHERE holder_id = ?1"));
        const auto party_of = [](const Statement& row) {
            return Party{enum_from<PartyKind>(row, 0), row.text(1), row.text(2)};
        };
        const auto find_party = [&](std::int64_t number) -> Result<Party> {
            if (number < 0) return ends_.party_of(number);
            TRY_ASSIGN(Party party, find_name(db_, find, number, party_of));
            if (party.kind < PartyKind::account || party.kind > PartyKind::excluded)
                return fail(ErrorCode::corrupt, fmt::format("ledger {}: a party has an unknown "
                                                            "kind; next: run `octroi audit`",
                                                            db_.path()));
            return party;
        };
        return parties_.look_up(find_party);
    }

    // Joins rows with equal keys, for example of a meter that changed its kind and so has two rows
    // with the same name. Leaves out sums that corrections have made zero.
    [[nodiscard]] Result<std::vector<Ranked>> merged(std::vector<Ranked> rows) const {
        std::size_t kept = 0;
        for (const Ranked& row : rows) {
            if (kept == 0 || rows[kept - 1].key() != row.key()) {
                rows[kept++] = row;
                continue;
            }
            rows[kept - 1].figures.add(row.figures);
            rows[kept - 1].estimate.add(row.estimate);
        }
        rows.resize(kept);
        std::erase_if(rows, [](const Ranked& row) { return row.figures == WideFigures{}; });
        const auto is_negative = [](const Ranked& row) {
            return row.figures.bytes < 0 || row.figures.packets < 0 || row.figures.flows < 0;
        };
        if (std::any_of(rows.begin(), rows.end(), is_negative))
            return fail(ErrorCode::corrupt,
                        fmt::format("ledger {}: corrections remove more than was observed; next: "
                                    "run `octroi audit`",
                                    db_.path()));
        return rows;
    }

    const Database& db_;
    const SumQuestion& question_;
    const EndTable& ends_;
    const Versions& versions_;
    Names<Party> parties_;
    Names<std::string> services_;
    Names<std::string> class_versions_;
    Names<MeterKey> meters_;
};

}  // namespace

Error day_sum_is_at_limit(const Database& db) {
    return {ErrorCode::over_limit, fmt::format("ledger {}: a sum by day is too large", db.path())};
}

Result<std::vector<TransferSum>> name_groups(const Database& db, const SumQuestion& question,
                                             const EndTable& ends, Groups groups,
                                             const Estimates& estimates, const Versions& versions) {
    Namer namer(db, question, ends, versions);
    TRY(namer.look_up(groups));
    TRY_ASSIGN(const std::vector<Ranked> rows, namer.ranked(std::move(groups), estimates));
    std::vector<TransferSum> sums;
    sums.reserve(rows.size());
    for (const Ranked& row : rows) sums.push_back(namer.named(row));
    return sums;
}

}  // namespace octroi::sqlite
