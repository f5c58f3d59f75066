// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <string>

#include "wire/exporter/exporters.hpp"
#include "wire/exporter/testing/collected.hpp"
#include "wire/ipfix/testing/messages.hpp"

namespace octroi::exporter {
namespace {

using namespace ipfix::testing;
using exporter::testing::Collected;

const Address router = Address::v4(0xcb007101);
const Fields plain{{8, 4}, {12, 4}, {1, 4}};

std::string record(std::uint32_t bytes) { return values().u32(1).u32(2).u32(bytes); }

void decode(Exporters& exporters, Collected& sink, const std::string& octets,
            const Address& from = router) {
    exporters.decode({as_octets(octets), from, UtcTime::from_seconds(export_seconds)}, sink);
}

// With something in every component.
Exporters filled() {
    Exporters e;
    Collected sink;
    const OptionsSpec options{300, {{149, 4}}, {{34, 4}, {160, 8}}};
    const OptionsSpec names{301, {{10, 4}}, {{82, 65535}}};
    decode(e, sink,
           ipfix_message(1, {templates({{256, plain}, {257, {{371, 65535}, {1, 4}, {22, 4}}}}),
                             options_template(options), options_template(names),
                             data(300, values().u32(1).u32(50).u64(1'789'999'000'000)),
                             data(301, values().u32(7).variable("eth7"))}));
    decode(e, sink, ipfix_message(1, {data(256, record(1))}, 2));
    decode(e, sink, ipfix_message(1, {data(256, record(2))}, 9));
    decode(e, sink, v9_message(4, {data(400, record(4))}, 0));
    decode(e, sink, v5_message({.sampling = 5}, {v5_record(8, 1)}), Address::v4(0x0a000009));
    return e;
}

TEST(Snapshot, ContinuesAfterARestore) {
    Exporters before = filled();
    auto after = Exporters::restore(before.save());
    ASSERT_TRUE(after.has_value());
    EXPECT_EQ(after->counters().records, before.counters().records);
    EXPECT_EQ(after->status().size(), 2U);
    EXPECT_EQ(after->status()[1].templates, 4U);
    EXPECT_EQ(after->interface_name(router, 7), "eth7");
    Collected sink;
    // A template, a rate, the start of the exporter; a duplicate; pending data; the sequence.
    decode(*after, sink,
           ipfix_message(1, {data(257, values().variable("ann").u32(64).u32(1000))}, 10));
    ASSERT_EQ(sink.all.size(), 1U);
    EXPECT_EQ(sink.all[0].user, "ann");
    EXPECT_EQ(sink.all[0].record.sampling, 50U);
    EXPECT_EQ(sink.all[0].record.first, UtcTime::from_seconds(1'789'999'001));
    decode(*after, sink, ipfix_message(1, {data(256, record(2))}, 9));
    EXPECT_EQ(after->counters().duplicates, 1U);
    decode(*after, sink, v9_message(4, {v9_templates({{400, plain}})}, 1));
    ASSERT_EQ(sink.all.size(), 2U);
    EXPECT_EQ(sink.all[1].record.bytes, 4U);
    after->flush(sink);
    ASSERT_EQ(sink.gaps.size(), 1U);
    EXPECT_EQ(sink.gaps[0].lost, 6U);
}

TEST(Snapshot, IsTheSameWhenSavedAgain) {
    const std::string saved = filled().save();
    auto again = Exporters::restore(saved);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->save().size(), saved.size());
    EXPECT_EQ(again->memory(), filled().memory());
    Settings other;
    other.seed = 99;
    // The seed is not saved.
    auto seeded = Exporters::restore(saved, other);
    ASSERT_TRUE(seeded.has_value());
    EXPECT_EQ(seeded->save().size(), saved.size());
}

TEST(Snapshot, DamageIsRefused) {
    const std::string saved = filled().save();
    for (std::size_t size = 0; size < saved.size(); ++size)
        EXPECT_FALSE(Exporters::restore(saved.substr(0, size)).has_value()) << size;
    EXPECT_FALSE(Exporters::restore(saved + "x").has_value());
    std::string other_version = saved;
    other_version[3] = 99;
    EXPECT_FALSE(Exporters::restore(other_version).has_value());
    Settings tight;
    tight.limits.exporters = 1;
    EXPECT_FALSE(Exporters::restore(saved, tight).has_value());
    // With any octet changed: refused, or another state within the limits.
    std::size_t refused = 0;
    for (std::size_t i = 0; i < saved.size(); ++i) {
        std::string changed = saved;
        changed[i] = static_cast<char>(changed[i] ^ 0x41);
        const auto state = Exporters::restore(changed);
        if (state) {
            EXPECT_LE(state->memory(), state->memory_limit());
        } else {
            ++refused;
        }
    }
    EXPECT_GT(refused, 0U);
}

TEST(Snapshot, AnEmptyStateIsRestored) {
    auto empty = Exporters::restore(Exporters().save());
    ASSERT_TRUE(empty.has_value());
    EXPECT_TRUE(empty->status().empty());
}

}  // namespace
}  // namespace octroi::exporter
