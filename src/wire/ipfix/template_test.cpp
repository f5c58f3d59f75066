// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/ipfix/template.hpp"

#include <gtest/gtest.h>

#include <string>

#include "wire/ipfix/message.hpp"
#include "wire/ipfix/options.hpp"
#include "wire/ipfix/testing/messages.hpp"

namespace octroi::ipfix {
namespace {

using namespace ipfix::testing;
using flow::Outcome;
using Step = TemplateReader::Step;

ByteSpan content(const std::string& set) { return as_octets(set).subspan(4); }

TEST(Templates, AreReadOneAfterTheOther) {
    const std::string set = templates({{256, {{8, 4}, {1, 8, 29305}}}, {257, {{371, 65535}}}});
    TemplateReader reader(content(set), Dialect::ipfix, false);
    Template t;
    ASSERT_EQ(reader.next(t), Step::announced);
    EXPECT_EQ(t.id, 256);
    ASSERT_EQ(t.fields.size(), 2U);
    EXPECT_EQ(t.fields[1], (TemplateField{29305, 1, 8}));
    ASSERT_EQ(reader.next(t), Step::announced);
    EXPECT_EQ(t.id, 257);
    EXPECT_EQ(t.fields[0].length, variable_length);
    EXPECT_EQ(reader.next(t), Step::end);
}

TEST(Templates, OptionsHaveAScope) {
    Template t;
    const OptionsSpec spec{300, {{149, 4}}, {{302, 8}, {305, 4}}};
    const std::string set = options_template(spec);
    TemplateReader reader(content(set), Dialect::ipfix, true);
    ASSERT_EQ(reader.next(t), Step::announced);
    EXPECT_TRUE(t.options);
    EXPECT_EQ(t.scope_fields, 1);
    EXPECT_EQ(t.fields.size(), 3U);

    const std::string v9_set = v9_options_template({301, {{2, 4}}, {{48, 1}, {34, 4}}});
    TemplateReader v9_reader(content(v9_set), Dialect::v9, true);
    ASSERT_EQ(v9_reader.next(t), Step::announced);
    EXPECT_EQ(t.fields[0], (TemplateField{v9_scope, 2, 4}));
    EXPECT_EQ(t.fields[1], (TemplateField{0, 48, 1}));
}

TEST(Templates, V9HasNoEnterpriseBit) {
    Template t;
    const std::string set = v9_templates({{256, {{40000, 20}, {56702, 8}}}});
    TemplateReader reader(content(set), Dialect::v9, false);
    ASSERT_EQ(reader.next(t), Step::announced);
    EXPECT_EQ(t.fields[0], (TemplateField{0, 40000, 20}));
}

TEST(Templates, AreWithdrawn) {
    Template t;
    const std::string set = withdrawal(256) + withdrawal(2);
    TemplateReader reader(content(set).first(4), Dialect::ipfix, false);
    EXPECT_EQ(reader.next(t), Step::withdrawn);
    EXPECT_EQ(t.id, 256);
    EXPECT_EQ(reader.next(t), Step::end);
    const std::string all = withdrawal(3, 3);
    TemplateReader options(content(all), Dialect::ipfix, true);
    EXPECT_EQ(options.next(t), Step::withdrawn);
    EXPECT_EQ(t.id, 3);
}

TEST(Templates, DamageEndsTheSet) {
    const auto step = [](const std::string& octets, Dialect dialect, bool options) {
        Template t;
        return TemplateReader(as_octets(octets), dialect, options).next(t);
    };
    EXPECT_EQ(step(values().u16(256).u16(2).u16(8).u16(4), Dialect::ipfix, false), Step::malformed);
    EXPECT_EQ(step(values().u16(255).u16(1).u16(8).u16(4), Dialect::ipfix, false), Step::malformed);
    EXPECT_EQ(step(values().u16(256).u16(1).u16(2).u16(8).u16(4), Dialect::ipfix, true),
              Step::malformed);
    EXPECT_EQ(step(values().u16(256).u16(3).u16(4).zeros(12), Dialect::v9, true), Step::malformed);
    EXPECT_EQ(step(values().u32(0).u32(0), Dialect::ipfix, false), Step::end);
    EXPECT_EQ(step(values().u16(0), Dialect::v9, false), Step::end);
    Values many;
    many.u16(256).u16(max_fields + 1);
    for (std::size_t i = 0; i <= max_fields; ++i) many.u16(8).u16(4);
    EXPECT_EQ(step(many, Dialect::ipfix, false), Step::over_limit);
}

TEST(Sets, EndWithTheMessageOrWithLengthZero) {
    const std::string octets = set(256, "abcd") + set(257, "") + std::string(9, '\0');
    SetReader reader{as_octets(octets)};
    Set s;
    ASSERT_TRUE(reader.next(s));
    EXPECT_EQ(s.id, 256);
    EXPECT_EQ(s.content.size(), 4U);
    ASSERT_TRUE(reader.next(s));
    EXPECT_TRUE(s.content.empty());
    EXPECT_FALSE(reader.next(s));
    EXPECT_EQ(reader.outcome(), Outcome::ok);
}

TEST(Sets, ATruncatedSetIsGivenAsFarAsItIsThere) {
    const std::string octets = values().u16(256).u16(100).raw("abcdef");
    SetReader reader{as_octets(octets)};
    Set s;
    ASSERT_TRUE(reader.next(s));
    EXPECT_FALSE(s.whole);
    EXPECT_EQ(s.content.size(), 6U);
    EXPECT_FALSE(reader.next(s));
    EXPECT_EQ(reader.outcome(), Outcome::incomplete);
    const std::string bad = values().u16(256).u16(3);
    SetReader malformed{as_octets(bad)};
    EXPECT_FALSE(malformed.next(s));
    EXPECT_EQ(malformed.outcome(), Outcome::malformed);
}

TEST(Message, HasAHeader) {
    const std::string octets = ipfix_message(7, {set(256, "abcd")}, 99);
    Message m;
    EXPECT_EQ(parse_message(as_octets(octets + "more"), m), Outcome::ok);
    EXPECT_EQ(m.octets, octets.size());
    EXPECT_EQ(m.observation_domain, 7U);
    EXPECT_EQ(m.sequence, 99U);
    EXPECT_EQ(m.exported, UtcTime::from_seconds(export_seconds));
    EXPECT_EQ(parse_message(as_octets(octets).first(20), m), Outcome::incomplete);
    EXPECT_EQ(m.sets.size(), 4U);
    EXPECT_EQ(parse_message(as_octets(octets).first(15), m), Outcome::malformed);
    EXPECT_EQ(parse_message(as_octets(std::string(values().u16(10).u16(15).zeros(12))), m),
              Outcome::malformed);
}

OptionsRecord read_one(const Fields& fields, const std::string& octets) {
    Template t;
    t.options = true;
    for (const FieldSpec& f : fields) t.fields.push_back({f.enterprise, f.id, f.length});
    OptionsRecord out;
    ByteCursor cursor(as_octets(octets));
    EXPECT_TRUE(read_options(t, cursor, out));
    return out;
}

TEST(Options, StateTheRate) {
    EXPECT_EQ(read_one({{34, 4}, {35, 1}}, values().u32(100).u8(2)).sampling, 100U);
    EXPECT_EQ(read_one({{48, 1}, {49, 1}, {50, 4}}, values().u8(3).u8(2).u32(50)).sampling, 50U);
    EXPECT_EQ(read_one({{304, 2}, {305, 4}, {306, 4}}, values().u16(1).u32(1).u32(9)).sampling,
              10U);
    EXPECT_EQ(read_one({{310, 4}, {309, 4}}, values().u32(300).u32(3)).sampling, 100U);
    EXPECT_EQ(read_one({{305, 4}}, values().u32(7)).sampling, 0U);
}

TEST(Options, StateWhatTheyApplyTo) {
    EXPECT_EQ(read_one({{302, 8}}, values().u64(9)).selector, 9U);
    EXPECT_EQ(read_one({{10, 4}}, values().u32(8)).interface, 8U);
    EXPECT_EQ(read_one({{2, 2, v9_scope}}, values().u16(7)).interface, 7U);
    EXPECT_EQ(read_one({{5, 2, v9_scope}}, values().u16(256)).template_id, 256U);
    EXPECT_FALSE(read_one({{1, 4, v9_scope}}, values().u32(1)).interface.has_value());
}

TEST(Options, StateNamesAndStart) {
    const std::string octets =
        values().variable("GigabitEthernet0/1").raw("uplink").zeros(2).u64(1'700'000'000'000);
    const OptionsRecord r = read_one({{82, variable_length}, {83, 8}, {160, 8}}, octets);
    EXPECT_EQ(r.name, "GigabitEthernet0/1");
    EXPECT_EQ(r.description, "uplink");
    EXPECT_EQ(r.init_ms, 1'700'000'000'000U);
}

TEST(Options, RecordsWithoutOctetsAreNotRead) {
    Template t;
    t.fields = {{0, 34, 0}};
    OptionsRecord out;
    ByteCursor cursor(as_octets("abc"));
    EXPECT_FALSE(read_options(t, cursor, out));
}

}  // namespace
}  // namespace octroi::ipfix
