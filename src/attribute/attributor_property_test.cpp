// SPDX-License-Identifier: GPL-3.0-or-later
// Random readings and counted volumes, directories, class tables and services: every row must agree
// with the auditor of testing/, and so every sum.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "attribute/attributor.hpp"
#include "attribute/testing/auditor.hpp"
#include "attribute/testing/world.hpp"

namespace octroi {
namespace {

using testing::Auditor;
using testing::below;
using testing::fill;
using testing::Random;
using testing::second;
using testing::some_reading;
using testing::some_volume;
using testing::some_world;
using testing::Sums;
using testing::World;

Sums rows_of(const Attributed& made) {
    Sums sums;
    EXPECT_TRUE(std::ranges::is_sorted(made.transfers));
    EXPECT_EQ(std::set<Party>(made.parties.begin(), made.parties.end()).size(),
              made.parties.size());
    EXPECT_EQ(std::set<std::string>(made.services.begin(), made.services.end()).size(),
              made.services.size());
    Volume total;
    for (const Transfer& t : made.transfers) {
        const auto [it, is_new] =
            sums.try_emplace({t.bucket.ns, made.parties.at(t.from), made.parties.at(t.to),
                              made.services.at(t.service)});
        EXPECT_TRUE(is_new) << "two rows of one key";
        it->second = {t.volume.bytes.value(), t.volume.packets.value(), t.volume.flows.value()};
        total += t.volume;
    }
    EXPECT_EQ(total, made.volume);
    return sums;
}

void compare(const Sums& made, const Sums& expected, std::uint64_t seed) {
    const auto show = [](const Sums& sums) {
        std::string text;
        for (const auto& [row, sum] : sums) {
            if (sum == std::array<std::uint64_t, 3>{}) continue;
            const auto& [bucket, from, to, service] = row;
            text += fmt::format("{} {}({}) > {}({}) {}: {} {} {}\n", bucket / second,
                                to_string(from), from.identity, to_string(to), to.identity, service,
                                sum[0], sum[1], sum[2]);
        }
        return text;
    };
    ASSERT_EQ(show(made), show(expected)) << "seed " << seed;
}

std::shared_ptr<const CompiledServices> compiled(const std::vector<ServiceRule>& rules) {
    return std::make_shared<const CompiledServices>(*CompiledServices::compile(rules));
}

// A meter's flow table in small: flows with a flow_slot each, now and then replaced by other flows.
// Or the readings of a collector, which knows no flows: without slots.
struct Flows {
    Random& random;
    bool slots = true;
    std::vector<Reading> flows = std::vector<Reading>(12);
    std::vector<bool> started = std::vector<bool>(12, false);

    Reading next() {
        const std::size_t at = below(random, flows.size());
        if (!started[at] || below(random, 6) == 0) {
            flows[at] = some_reading(random);
            flows[at].flow_slot = static_cast<std::uint32_t>(at);
            flows[at].fresh = true;
            flows[at].flows = 1;
        } else {
            flows[at].fresh = false;
            flows[at].flows = 0;
        }
        started[at] = true;
        fill(random, flows[at]);
        if (!slots) {
            flows[at].flow_slot = 0;
            flows[at].fresh = true;
        }
        return flows[at];
    }
};

void run(std::uint64_t seed) {
    Random random(seed);
    World world = some_world(random);
    if (seed % 3 == 0) world.names.resize(6 + seed % 23);
    const std::vector<Name> names = world.names;
    Attributor attributor(std::make_shared<const CompiledDirectory>(world.directory),
                          std::make_shared<const CompiledClasses>(world.classes),
                          compiled(world.rules), seed);
    // Rows are added while the meter reads.
    attributor.set_names(std::span(names).first(names.size() / 2));
    attributor.set_names(names);
    Flows flows{.random = random, .slots = seed % 3 != 0};
    for (int batch = 0; batch < 4; ++batch) {
        Auditor auditor{world, {}};
        std::vector<Reading> readings;
        std::array<std::uint64_t, 3> observed = {0, 0, 0};
        for (std::uint64_t i = below(random, 120); i > 0; --i) readings.push_back(flows.next());
        for (const Reading& r : readings) {
            auditor.add(r);
            observed[0] += r.bytes;
            observed[1] += r.packets;
            observed[2] += r.flows;
        }
        std::vector<CountedVolume> volumes;
        for (std::uint64_t i = below(random, 40); i > 0; --i) {
            CountedVolume& v = volumes.emplace_back(some_volume(random));
            fill(random, v);
            auditor.add(v);
            observed[0] += v.bytes;
            observed[1] += v.packets;
        }
        attributor.accept(readings);
        attributor.accept_counted(volumes);
        const Attributed made = attributor.make_attributed();
        compare(rows_of(made), auditor.sums, seed);
        EXPECT_EQ(made.volume,
                  (Volume{Bytes(observed[0]), Packets(observed[1]), octroi::Flows(observed[2])}));
        EXPECT_EQ(made.class_version, world.classes.version);
        EXPECT_EQ(made.directory_version, world.directory.version);
        if (::testing::Test::HasFailure()) return;
        if (batch == 1) {
            world = some_world(random);
            world.names = names;
            attributor.replace(std::make_shared<const CompiledDirectory>(world.directory),
                               std::make_shared<const CompiledClasses>(world.classes),
                               compiled(world.rules));
        }
    }
}

TEST(AttributorProperty, AgreesWithTheAuditorRowByRow) {
    for (std::uint64_t seed = 1; seed <= 600 && !HasFailure(); ++seed) run(seed);
}

// The sums over buckets, account trees, classes and services are all equal to the observed volume.
TEST(AttributorProperty, EveryLevelSumsToTheWhole) {
    Random random(77);
    const World world = some_world(random);
    Attributor attributor(std::make_shared<const CompiledDirectory>(world.directory),
                          std::make_shared<const CompiledClasses>(world.classes),
                          compiled(world.rules), 1);
    Flows flows{random};
    Volume observed;
    for (int i = 0; i < 20'000; ++i) {
        const Reading r = flows.next();
        observed += {Bytes(r.bytes), Packets(r.packets), octroi::Flows(r.flows)};
        attributor.accept({&r, 1});
    }
    const Attributed made = attributor.make_attributed();
    // A tree of two levels: accounts 0-2 below "reseller", 3-5 below "provider".
    const auto root = [](const Party& party) {
        if (party.kind != PartyKind::account) return to_string(party);
        return std::string(party.name.back() < '3' ? "reseller" : "provider");
    };
    std::array<std::map<std::string, Volume>, 6> levels;
    for (const Transfer& t : made.transfers) {
        levels[0][fmt::to_string(t.bucket.ns)] += t.volume;
        levels[1][root(made.parties[t.from])] += t.volume;
        levels[2][root(made.parties[t.to])] += t.volume;
        levels[3][to_string(made.parties[t.from])] += t.volume;
        levels[4][to_string(made.parties[t.to])] += t.volume;
        levels[5][made.services[t.service]] += t.volume;
    }
    for (const auto& level : levels) {
        EXPECT_GT(level.size(), 1U);
        Volume sum;
        for (const auto& [name, volume] : level) sum += volume;
        EXPECT_EQ(sum, observed);
    }
}

}  // namespace
}  // namespace octroi
