// SPDX-License-Identifier: GPL-3.0-or-later
// Random traffic is metered with random bindings, networks, class tables and service rules, which
// then change backwards in time, several times. After each rebook the ledger answers as one that
// was metered with the present tables from the start, up to the volume that the rebook calls
// unresolved.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "attribute/class_table.hpp"
#include "attribute/testing/world.hpp"
#include "ledger/audit.hpp"
#include "ledger/testing/batches.hpp"
#include "record/identity_kinds.hpp"
#include "service/attribution.hpp"
#include "service/rebook.hpp"
#include "service/testing/temporary_ledger.hpp"

namespace octroi {
namespace {

using testing::below;
using testing::Random;
using testing::TemporaryLedger;
using testing::World;

// Bytes, packets and flows by bucket, ends and service, as `octroi usage` shows them.
using Answer = std::map<std::tuple<UtcTime, std::string, std::string, std::string>, Volume>;

class RandomLedger {
public:
    enum class Kind {
        all_changes,   // and the rules of services stay
        rules_change,  // also these
        addresses,     // only addresses have bindings, and only they decide classes
    };
    RandomLedger(std::uint64_t seed, Kind kind)
        : random_(seed), world_(testing::some_world(random_)), kind_(kind) {
        use_rules(world_.rules);
        declare(world_.directory);
        load_classes();
    }

    // Some traffic, metered with the present tables.
    void meter() {
        std::vector<Reading> readings;
        std::vector<CountedVolume> volumes;
        for (std::uint64_t i = 20 + below(random_, 80); i > 0; --i) {
            Reading& reading = readings.emplace_back(testing::some_reading(random_));
            testing::fill(random_, reading);
            reading.fresh = true;
            reading.flows = 1;
            if (below(random_, 4) == 0) reading.sampling = 10;
            if (!binds_names()) reading.near_name = no_name;
        }
        for (std::uint64_t i = below(random_, 20); i > 0; --i) {
            CountedVolume& volume = volumes.emplace_back(testing::some_volume(random_));
            testing::fill(random_, volume);
            // Classes and services that a meter states are not those of the tables.
            volume.service = no_name;
            if (volume.far > 0 &&
                world_.names[(volume.far - 1) % world_.names.size()].kind == NameKind::far_class)
                volume.far = no_name;
        }
        const Attributed made = attributed(readings, volumes);
        Batch batch;
        batch.id = testing::batch_id(++batches_);
        batch.meter = {"test", "capture", MeterRole::bill};
        batch.booked_at = testing::noon;
        batch.class_version = made.class_version;
        batch.directory_version = made.directory_version;
        batch.parties = made.parties;
        batch.services = made.services;
        batch.transfers = made.transfers;
        batch.sampled = made.sampled;
        batch.observed = made.volume;
        const auto outcome = ledger_->commit(batch);
        ASSERT_TRUE(outcome.has_value()) << outcome.error().text;
        readings_.insert(readings_.end(), readings.begin(), readings.end());
        volumes_.insert(volumes_.end(), volumes.begin(), volumes.end());
    }

    void change_tables() {
        DirectoryStore::Change change;
        const auto directory = *ledger_->directory();
        for (const Binding& binding : directory.bindings) {
            const std::uint64_t choice = below(random_, 8);
            const UtcTime at = choice == 0 ? UtcTime::min() : testing::some_time(random_);
            if (choice < 2 && at < binding.valid.end)
                change.end_bindings.push_back({binding.id, at});
        }
        for (std::uint64_t i = below(random_, 4); i > 0; --i) {
            const Binding binding = testing::some_binding(random_, 0);
            if (is_wanted(binding)) change.add_bindings.push_back(binding);
        }
        if (below(random_, 4) == 0 && !directory.networks.empty())
            change.remove_networks.push_back(directory.networks.front().prefix);
        if (below(random_, 4) == 0)
            change.put_networks.push_back(
                {to_string(testing::some_prefix(random_)), below(random_, 2) == 0});
        if (!change.remove_networks.empty() && !change.put_networks.empty())
            change.put_networks.clear();
        const auto done = ledger_->apply(change, testing::noon);
        ASSERT_TRUE(done.has_value()) << done.error().text;
        if (rules_change()) use_rules(testing::some_world(random_).rules);
        if (below(random_, 2) == 0) return;
        world_.classes = testing::some_world(random_).classes;
        load_classes();
    }

    [[nodiscard]] RebookSummary rebook(Interval period = {}, bool dry_run = false) {
        auto summary = octroi::rebook(*ledger_, config_,
                                      {.period = period,
                                       .dry_run = dry_run,
                                       .now = testing::noon,
                                       .slice_rows = 1 + below(random_, 200)});
        EXPECT_TRUE(summary.has_value()) << summary.error().text;
        return summary.value_or(RebookSummary{});
    }

    // The ledger, and one that knew the present tables from the start.
    [[nodiscard]] Answer booked() {
        Answer answer;
        const auto sums = ledger_->sums(
            {.period = {}, .by_bucket = true, .by_identity = true, .by_service = true});
        EXPECT_TRUE(sums.has_value()) << sums.error().text;
        for (const TransferSum& sum : *sums)
            answer[{sum.bucket, to_string(sum.from), to_string(sum.to), sum.service}] += sum.volume;
        return answer;
    }
    [[nodiscard]] Answer expected() {
        Answer answer;
        const Attributed made = attributed(readings_, volumes_);
        for (const Transfer& t : made.transfers)
            answer[{t.bucket, to_string(made.parties[t.from]), to_string(made.parties[t.to]),
                    made.services[t.service]}] += t.volume;
        return answer;
    }
    // The ledger does not hold the rules of then: a name that they still give stays, also where it
    // is another one by now.
    [[nodiscard]] bool rules_change() const { return kind_ == Kind::rules_change; }
    // A name that no rule gives any more is replaced, or unresolved.
    [[nodiscard]] Volume of_rules_gone() {
        Volume volume;
        for (const auto& [key, part] : booked())
            if (rules_gone_.contains(std::get<3>(key))) volume += part;
        return volume;
    }
    void expect_holds() {
        const auto report = audit(*ledger_);
        ASSERT_TRUE(report.has_value()) << report.error().text;
        EXPECT_TRUE(report->holds());
        for (const AuditFinding& finding : report->findings) ADD_FAILURE() << finding.text;
    }

private:
    void use_rules(const std::vector<ServiceRule>& rules) {
        for (const NamedList& rule : config_.services) rules_gone_.insert(rule.name);
        config_.services.clear();
        for (const ServiceRule& rule : rules) {
            config_.services.push_back({rule.name, rule.matches});
            rules_gone_.erase(rule.name);
        }
    }
    void declare(const Directory& directory) {
        DirectoryStore::Change change;
        for (int i = 0; i < 6; ++i) change.put_accounts.push_back({fmt::format("account-{}", i)});
        for (const Binding& binding : directory.bindings)
            if (is_wanted(binding)) change.add_bindings.push_back(binding);
        change.put_networks = directory.networks;
        const auto done = ledger_->apply(change, testing::noon);
        ASSERT_TRUE(done.has_value()) << done.error().text;
    }
    [[nodiscard]] bool is_wanted(const Binding& binding) const {
        if (binding.valid.begin >= binding.valid.end) return false;
        return kind_ != Kind::addresses || (binding.identity.kind == IdentityKind::prefix &&
                                            binding.identity.value.ends_with("/32"));
    }
    void load_classes() {
        if (kind_ == Kind::addresses) {
            world_.classes.ases.clear();
            world_.classes.next_hops.clear();
            world_.classes.version = class_table_version(world_.classes);
        }
        const auto loaded = ledger_->load_class_table(world_.classes, "test", testing::noon);
        ASSERT_TRUE(loaded.has_value()) << loaded.error().text;
    }
    // Rebook takes meters of a directory that binds no names to state none.
    [[nodiscard]] bool binds_names() const {
        const Directory directory = *ledger_->directory();
        return std::ranges::any_of(directory.bindings, [](const Binding& binding) {
            return find_identity_kind(binding.identity.kind)->rank <
                   find_identity_kind(IdentityKind::prefix)->rank;
        });
    }
    [[nodiscard]] Attributed attributed(const std::vector<Reading>& readings,
                                        const std::vector<CountedVolume>& volumes) {
        const auto source = AttributionSource::create(config_, *ledger_, private_networks());
        EXPECT_TRUE(source.has_value());
        const AttributionTables& tables = source->tables();
        Attributor attributor(tables.directory, tables.classes, tables.services, 1);
        attributor.set_names(world_.names);
        attributor.accept(readings);
        attributor.accept_counted(volumes);
        return attributor.make_attributed();
    }

    Random random_;
    World world_;
    Kind kind_;
    std::set<std::string> rules_gone_;  // names of former rules that no rule has now
    Config config_;
    TemporaryLedger ledger_;
    std::uint64_t batches_ = 0;
    std::vector<Reading> readings_;
    std::vector<CountedVolume> volumes_;
};

Answer without_services(const Answer& answer) {
    Answer sums;
    for (const auto& [key, volume] : answer)
        sums[{std::get<0>(key), std::get<1>(key), std::get<2>(key), ""}] += volume;
    return sums;
}

// Half the sum of the differences: each that is at the wrong place is missing at the right one.
std::map<UtcTime, Volume> differences(const Answer& a, const Answer& b) {
    Answer all = a;
    for (const auto& [key, volume] : b) all.try_emplace(key);
    std::map<UtcTime, Volume> sums;
    for (const auto& [key, ignored] : all) {
        const auto in_a = a.find(key);
        const auto in_b = b.find(key);
        const Volume x = in_a == a.end() ? Volume{} : in_a->second;
        const Volume y = in_b == b.end() ? Volume{} : in_b->second;
        const auto over = [](auto p, auto q) { return p > q ? p.value() - q.value() : 0; };
        sums[std::get<0>(key)] +=
            {Bytes{over(x.bytes, y.bytes)}, Packets{over(x.packets, y.packets)},
             Flows{over(x.flows, y.flows)}};
    }
    return sums;
}

struct Seen {
    std::uint64_t equal = 0;      // buckets that are equal to the last byte
    std::uint64_t different = 0;  // others
    std::uint64_t moved = 0;      // rebooks that moved something
    // Bytes at the wrong place before and after each rebook, by kind of ledger.
    std::map<RandomLedger::Kind, double> wrong_before;
    std::map<RandomLedger::Kind, double> wrong_after;
};

std::map<UtcTime, Volume> wrong_in(RandomLedger& ledger) {
    if (!ledger.rules_change()) return differences(ledger.booked(), ledger.expected());
    return differences(without_services(ledger.booked()), without_services(ledger.expected()));
}

double bytes_of(const std::map<UtcTime, Volume>& volumes) {
    double bytes = 0;
    for (const auto& [bucket, volume] : volumes) bytes += double(volume.bytes.value());
    return bytes;
}

void expect_within(const Volume& difference, const RebookSummary& summary,
                   const std::string& where) {
    EXPECT_LE(difference.bytes, summary.unresolved.bytes) << where;
    EXPECT_LE(difference.packets, summary.unresolved.packets) << where;
    EXPECT_LE(difference.flows, summary.unresolved.flows) << where;
}

void run(std::uint64_t seed, RandomLedger::Kind kind, Seen& seen) {
    RandomLedger ledger(seed, kind);
    ledger.meter();
    for (int round = 0; round < 3; ++round) {
        ledger.change_tables();
        if (round == 1) ledger.meter();
        seen.wrong_before[kind] += bytes_of(wrong_in(ledger));
        const RebookSummary summary = ledger.rebook();
        if (summary.corrections > 0) ++seen.moved;
        EXPECT_EQ(ledger.rebook().corrections, 0U) << "seed " << seed;
        Volume different;
        const auto wrong = wrong_in(ledger);
        seen.wrong_after[kind] += bytes_of(wrong);
        expect_within(ledger.of_rules_gone(), summary, fmt::format("seed {} rules", seed));
        for (const auto& [bucket, difference] : wrong) {
            different += difference;
            ++(difference == Volume{} ? seen.equal : seen.different);
            if (difference != Volume{} && seen.different % 10 == 0)
                expect_within(difference, ledger.rebook({bucket, bucket + bucket_length}, true),
                              fmt::format("seed {} round {} {}", seed, round, to_rfc3339(bucket)));
        }
        expect_within(different, summary, fmt::format("seed {} round {}", seed, round));
        if (::testing::Test::HasFailure()) return;
    }
    ledger.expect_holds();
}

TEST(RebookProperty, TheLedgerAnswersAsOneThatKnewEverything) {
    Seen seen;
    using Kind = RandomLedger::Kind;
    for (std::uint64_t seed = 1; seed <= 4 && !HasFailure(); ++seed)
        for (const Kind kind : {Kind::all_changes, Kind::rules_change, Kind::addresses})
            run(seed, kind, seen);
    EXPECT_GT(seen.moved, 12U);
    EXPECT_GT(seen.equal, 100U);
    fmt::print("buckets: {} equal, {} different; {} rebooks moved\n", seen.equal, seen.different,
               seen.moved);
    // Much is in doubt, because in these ledgers links, names and wide networks decide.
    for (const auto& [kind, bytes] : seen.wrong_before) {
        const double share = seen.wrong_after[kind] / bytes;
        EXPECT_LT(share, 0.9) << "kind " << static_cast<int>(kind);
        fmt::print("of the bytes at the wrong place {:.1f} % stay\n", 100 * share);
    }
}

// Traffic between single addresses, of a meter that knows nothing else.
std::vector<Reading> plain_readings(Random& random) {
    std::vector<Reading> readings(500);
    for (Reading& reading : readings) {
        reading.kind = ReadingKind::ip;
        reading.src = Address::v4(0x0A000000U | static_cast<std::uint32_t>(below(random, 20)));
        reading.dst = below(random, 2) == 0
                          ? Address::v4(0x0A000000U | static_cast<std::uint32_t>(below(random, 20)))
                          : *parse_address("192.0.2.1");
        reading.proto = proto_tcp;
        reading.fresh = true;
        reading.flows = 1;
        testing::fill(random, reading);
    }
    return readings;
}

Attributed attributed_now(Ledger& ledger, const std::vector<Reading>& readings) {
    const auto source = AttributionSource::create({}, ledger, {});
    const AttributionTables& tables = source->tables();
    Attributor attributor(tables.directory, tables.classes, tables.services, 1);
    attributor.accept(readings);
    return attributor.make_attributed();
}

void add_bindings(Random& random, Ledger& ledger, DirectoryStore::Change change) {
    for (int i = 0; i < 3; ++i) {
        const UtcTime begin = bucket_start(testing::some_time(random));
        change.add_bindings.push_back({0,
                                       *parse_identity(fmt::format("10.0.0.{}", below(random, 20))),
                                       fmt::format("account-{}", below(random, 3)),
                                       {begin, UtcTime::max()},
                                       false});
    }
    EXPECT_TRUE(ledger.apply(change, testing::noon).has_value());
}

using ExactAnswer = std::map<std::tuple<UtcTime, Party, Party, std::string>, Volume>;

ExactAnswer answer_of(const Attributed& made) {
    ExactAnswer answer;
    for (const Transfer& t : made.transfers)
        if (t.volume != Volume{})
            answer[{t.bucket, made.parties[t.from], made.parties[t.to], made.services[t.service]}] =
                t.volume;
    return answer;
}

ExactAnswer answer_of(Query& ledger) {
    ExactAnswer answer;
    const auto sums =
        ledger.sums({.period = {}, .by_bucket = true, .by_identity = true, .by_service = true});
    EXPECT_TRUE(sums.has_value());
    for (const TransferSum& s : *sums) answer[{s.bucket, s.from, s.to, s.service}] = s.volume;
    return answer;
}

// With a single address in each row, and one class, everything can be attributed again.
TEST(RebookProperty, NothingIsUnresolvedWhereRowsHaveAddresses) {
    Random random(3);
    const TemporaryLedger ledger;
    DirectoryStore::Change first;
    for (int i = 0; i < 3; ++i)
        first.put_accounts.push_back({fmt::format("account-{}", i), "", ""});
    first.put_networks = {{"10.0.0.0/8", true}};
    add_bindings(random, *ledger, first);
    const std::vector<Reading> readings = plain_readings(random);
    const Attributed made = attributed_now(*ledger, readings);
    Batch batch;
    batch.id = testing::batch_id(1);
    batch.meter = {"test", "capture", MeterRole::bill};
    batch.booked_at = testing::noon;
    batch.directory_version = made.directory_version;
    batch.parties = made.parties;
    batch.services = made.services;
    batch.transfers = made.transfers;
    batch.observed = made.volume;
    ASSERT_TRUE(ledger->commit(batch).has_value());
    std::uint64_t moved = 0;
    for (int round = 0; round < 10; ++round) {
        add_bindings(random, *ledger, {});
        const auto summary = rebook(*ledger, {}, {.period = {}, .now = testing::noon});
        ASSERT_TRUE(summary.has_value()) << summary.error().text;
        EXPECT_EQ(summary->unresolved, Volume{});
        moved += summary->moved.bytes.value();
        EXPECT_EQ(answer_of(*ledger), answer_of(attributed_now(*ledger, readings)));
    }
    EXPECT_GT(moved, 0U);
}

}  // namespace
}  // namespace octroi
