// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/rules.hpp"

#include <gtest/gtest.h>

#include "ledger/testing/batches.hpp"

namespace octroi::testing {
namespace {

Batch good_batch() {
    return BatchBuilder(1)
        .transfer(0, account("alice", "10.0.0.1"), outside("world"), "web", 100, 2)
        .transfer(0, outside("world"), account("alice", "10.0.0.1"), "web", 900, 3)
        .transfer(1, unattributed("10.0.0.9"), excluded("non-ip"), "dns", 7)
        .sampled({0, Bytes{50}, Packets{1}, 1, 2})
        .sampled({1, Bytes{7}, Packets{0}, variance_max, 0})
        .cursor("interface:eth0", "x", 1)
        .cursor("interface:eth1", "x", 4)
        .loss({"eth0", LossReason::kernel_drop, {bucket_at(0), bucket_at(1)}, 5, 7500})
        .translation(translation(1, 40000, {bucket_at(0), bucket_at(1)}))
        .translation(translation(1, 40000, {bucket_at(2), UtcTime::max()}))
        .build();
}

// Makes the batch a correction that adds what it removes.
Batch& correct(Batch& b) {
    b.correction = {.reason = "bindings",
                    .corrected = {bucket_at(0), bucket_at(2)},
                    .removed = b.transfers,
                    .removed_sampled = b.sampled};
    b.cursors.clear();
    b.losses.clear();
    b.translations.clear();
    b.observed = {};
    b.last_traffic.reset();
    return b;
}

struct Case {
    const char* name;
    Violation violation;
    void (*damage)(Batch&);
};

// At least one invalid batch for every rule.
const Case cases[] = {
    {"NoMeterName", Violation::meter_name, [](Batch& b) { b.meter.name = ""; }},
    {"LongMeterName", Violation::meter_name, [](Batch& b) { b.meter.name.assign(256, 'x'); }},
    {"ControlInKind", Violation::meter_name, [](Batch& b) { b.meter.kind = "a\nb"; }},
    {"Role", Violation::meter_role, [](Batch& b) { b.meter.role = static_cast<MeterRole>(3); }},
    {"BookedBefore1970", Violation::booked_at, [](Batch& b) { b.booked_at = UtcTime{-1}; }},
    {"BookedNever", Violation::booked_at, [](Batch& b) { b.booked_at = UtcTime::max(); }},
    {"ClassVersion", Violation::class_version, [](Batch& b) { b.class_version = "\x7f"; }},
    {"DirectoryVersion", Violation::directory_version,
     [](Batch& b) { b.directory_version = figure_max + 1; }},
    {"PartyKind", Violation::party_kind,
     [](Batch& b) { b.parties[0].kind = static_cast<PartyKind>(5); }},
    {"AccountName", Violation::party_name, [](Batch& b) { b.parties[0].name = "@x"; }},
    {"UnattributedWithName", Violation::party_name, [](Batch& b) { b.parties[2].name = "x"; }},
    {"ClassLikeOurOwn", Violation::party_name, [](Batch& b) { b.parties[1].name = "@internal"; }},
    {"ExcludedWithoutReason", Violation::party_name, [](Batch& b) { b.parties[3].name = ""; }},
    {"OutsideIdentity", Violation::party_identity, [](Batch& b) { b.parties[1].identity = "x"; }},
    {"ControlInIdentity", Violation::party_identity,
     [](Batch& b) { b.parties[0].identity = std::string(1, '\0'); }},
    {"PartyTwice", Violation::party_twice, [](Batch& b) { b.parties.push_back(b.parties[0]); }},
    {"ServiceName", Violation::service_name, [](Batch& b) { b.services[0] = ""; }},
    {"ServiceTwice", Violation::service_twice, [](Batch& b) { b.services[0] = b.services[1]; }},
    {"FromRange", Violation::index_range, [](Batch& b) { b.transfers[0].from = 4; }},
    {"ToRange", Violation::index_range, [](Batch& b) { b.transfers[0].to = UINT32_MAX; }},
    {"ServiceRange", Violation::index_range, [](Batch& b) { b.transfers[2].service = 2; }},
    {"Bucket", Violation::bucket_alignment, [](Batch& b) { b.transfers[0].bucket.ns -= 1; }},
    {"Bytes", Violation::figure_range,
     [](Batch& b) { b.transfers[0].volume.bytes = Bytes{figure_max + 1}; }},
    {"Flows", Violation::figure_range,
     [](Batch& b) { b.transfers[0].volume.flows = Flows{figure_max + 1}; }},
    {"Observed", Violation::figure_range,
     [](Batch& b) { b.observed.packets = Packets{figure_max + 1}; }},
    {"Order", Violation::transfer_order,
     [](Batch& b) { std::swap(b.transfers[0], b.transfers[2]); }},
    {"Twice", Violation::transfer_twice, [](Batch& b) { b.transfers[1] = b.transfers[0]; }},
    // Two rows with the same key and different volumes.
    {"TwiceOtherVolume", Violation::transfer_twice,
     [](Batch& b) {
         b.transfers[1] = b.transfers[0];
         b.transfers[1].volume.bytes += Bytes{1};
     }},
    {"SampledIndex", Violation::sampled_index, [](Batch& b) { b.sampled[1].transfer = 3; }},
    {"SampledOrder", Violation::sampled_order,
     [](Batch& b) { std::swap(b.sampled[0], b.sampled[1]); }},
    {"SampledTwice", Violation::sampled_order, [](Batch& b) { b.sampled[1] = b.sampled[0]; }},
    {"CountedBytes", Violation::sampled_counted, [](Batch& b) { b.sampled[0].bytes = Bytes{101}; }},
    {"CountedPackets", Violation::sampled_counted,
     [](Batch& b) { b.sampled[0].packets = Packets{3}; }},
    {"CountedAll", Violation::sampled_counted,
     [](Batch& b) {
         b.sampled[1].bytes = Bytes{900};
         b.sampled[1].packets = Packets{3};
     }},
    {"BytesVariance", Violation::sampled_variance,
     [](Batch& b) { b.sampled[0].bytes_variance = figure_max + 1; }},
    {"PacketsVariance", Violation::sampled_variance,
     [](Batch& b) { b.sampled[1].packets_variance = figure_max + 1; }},
    {"CursorSource", Violation::cursor_source, [](Batch& b) { b.cursors[0].source = ""; }},
    {"CursorTwice", Violation::cursor_twice,
     [](Batch& b) { b.cursors[0].source = b.cursors[1].source; }},
    {"CursorSize", Violation::cursor_size,
     [](Batch& b) { b.cursors[0].position.assign(position_octets_max + 1, 'x'); }},
    {"CursorNote", Violation::cursor_size,
     [](Batch& b) { b.cursors[0].note.assign(note_octets_max + 1, 'x'); }},
    {"CursorVersion", Violation::cursor_version, [](Batch& b) { b.cursors[0].version = 0; }},
    {"LossSource", Violation::loss_source, [](Batch& b) { b.losses[0].source = "\r"; }},
    {"LossReason", Violation::loss_reason,
     [](Batch& b) { b.losses[0].reason = static_cast<LossReason>(0); }},
    {"LossInterval", Violation::loss_interval,
     [](Batch& b) { b.losses[0].interval.end = bucket_at(-1); }},
    {"LossFigure", Violation::loss_figure,
     [](Batch& b) { b.losses[0].bytes_bound = figure_max + 1; }},
    {"TranslationOutside", Violation::translation_address,
     [](Batch& b) { b.translations[0].outside = {}; }},
    {"TranslationInside", Violation::translation_address,
     [](Batch& b) { b.translations[1].inside = {}; }},
    {"TranslationPorts", Violation::translation_ports,
     [](Batch& b) { b.translations[0].first_port = 40001; }},
    {"TranslationStep", Violation::translation_ports,
     [](Batch& b) { b.translations[0].port_step = 0; }},
    {"TranslationInterval", Violation::translation_interval,
     [](Batch& b) { b.translations[0].valid.end = bucket_at(-1); }},
    // The same translation with and without an end.
    {"TranslationTwice", Violation::translation_twice,
     [](Batch& b) {
         b.translations[0].valid.begin = bucket_at(2), b.translations[0].valid.end = bucket_at(3);
     }},
    {"HeldByAUser", Violation::identity_held,
     [](Batch& b) { b.identities = {held("user alice", "mac 02:00:00:00:00:01")}; }},
    {"HeldNotCanonical", Violation::identity_held,
     [](Batch& b) {
         b.identities = {held("10.0.0.1", "user alice")};
         b.identities[0].held.value = "10.0.0.1";
     }},
    {"HolderNotCanonical", Violation::identity_holder,
     [](Batch& b) {
         b.identities = {held("10.0.0.1", "mac 02:00:00:00:00:01")};
         b.identities[0].holder.value = "2:0:0:0:0:1";
     }},
    {"NobodyOfAKind", Violation::identity_holder,
     [](Batch& b) {
         b.identities = {held("10.0.0.1", "user alice")};
         b.identities[0].holder.value.clear();
     }},
    {"HeldUntilBefore", Violation::identity_interval,
     [](Batch& b) {
         b.identities = {held("10.0.0.1", "user alice")};
         b.identities[0].until = b.identities[0].at;
     }},
    {"IdentityTwice", Violation::identity_order,
     [](Batch& b) {
         b.identities = {held("10.0.0.1", "user alice"), held("10.0.0.1", "user alice")};
     }},
    {"IdentitiesKnown", Violation::identities_known,
     [](Batch& b) { b.identities_known = figure_max + 1; }},
    {"CorrectionWithIdentity", Violation::correction_lists,
     [](Batch& b) { correct(b).identities = {held("10.0.0.1", "user alice")}; }},
    {"SumOverflow", Violation::sum_overflow,
     [](Batch& b) {
         for (Transfer& t : b.transfers) t.volume.bytes = Bytes{figure_max};
     }},
    {"OneByteMore", Violation::conservation, [](Batch& b) { b.observed.bytes += Bytes{1}; }},
    {"OnePacketLess", Violation::conservation, [](Batch& b) { b.observed.packets -= Packets{1}; }},
    {"OneFlowMore", Violation::conservation, [](Batch& b) { b.observed.flows += Flows{1}; }},
    {"RowMissing", Violation::conservation, [](Batch& b) { b.transfers.pop_back(); }},
    {"Layer", Violation::meter_layer, [](Batch& b) { b.meter.layer = static_cast<Layer>(4); }},
    {"CorrectionReason", Violation::correction_reason,
     [](Batch& b) { correct(b).correction->reason.clear(); }},
    {"CorrectionInterval", Violation::correction_interval,
     [](Batch& b) { correct(b).correction->corrected.end = b.transfers.back().bucket; }},
    {"CorrectionOfNothing", Violation::correction_interval,
     [](Batch& b) { correct(b).correction->corrected = {bucket_at(9), bucket_at(9)}; }},
    {"CorrectionObserves", Violation::correction_lists,
     [](Batch& b) { correct(b).observed.bytes = Bytes{1}; }},
    {"CorrectionWithATimeOfTraffic", Violation::correction_lists,
     [](Batch& b) { correct(b).last_traffic = bucket_at(1); }},
    {"CorrectionWithCursor", Violation::correction_lists,
     [](Batch& b) {
         const auto cursors = b.cursors;
         correct(b).cursors = cursors;
     }},
    {"CorrectionRow", Violation::correction_row,
     [](Batch& b) { correct(b).transfers[2].volume = {}; }},
    {"CorrectionIndex", Violation::index_range,
     [](Batch& b) { correct(b).correction->removed[0].from = 99; }},
    {"CorrectionFigure", Violation::figure_range,
     [](Batch& b) { correct(b).correction->removed[0].volume.bytes = Bytes{figure_max + 1}; }},
    {"CorrectionSampled", Violation::sampled_index,
     [](Batch& b) { correct(b).correction->removed_sampled = {{3, {}, {}, 0, 0}}; }},
    {"CorrectionAdds", Violation::correction_balance,
     [](Batch& b) { correct(b).transfers[0].volume.bytes += Bytes{1}; }},
    {"CorrectionScales", Violation::correction_balance,
     [](Batch& b) { correct(b).sampled.clear(); }},
};

class Refuses : public ::testing::TestWithParam<Case> {};

TEST_P(Refuses, WithItsOwnCode) {
    Batch batch = good_batch();
    GetParam().damage(batch);
    const auto refusal = find_violation(batch);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->violation, GetParam().violation) << refusal->text;
    EXPECT_FALSE(refusal->text.empty());
    for (const char c : refusal->text)
        EXPECT_GE(static_cast<unsigned char>(c), 0x20)
            << "an error must not carry control characters";
    const auto status = check_batch(batch);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::invalid);
}
INSTANTIATE_TEST_SUITE_P(Batch, Refuses, ::testing::ValuesIn(cases),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Rules, EveryCodeHasACase) {
    for (int i = 0; i <= static_cast<int>(Violation::correction_balance); ++i) {
        const auto is_it = [&](const Case& c) { return static_cast<int>(c.violation) == i; };
        EXPECT_TRUE(std::any_of(std::begin(cases), std::end(cases), is_it)) << "violation " << i;
    }
}

TEST(Rules, AcceptValidBatches) {
    EXPECT_FALSE(find_violation(good_batch()));
    Batch corrected = good_batch();
    EXPECT_FALSE(find_violation(correct(corrected)));
    EXPECT_FALSE(find_violation(BatchBuilder(1).build())) << "a batch may be empty";
    Batch batch = good_batch();
    batch.transfers[0].volume.bytes = Bytes{figure_max};
    batch.observed = *sum_of({batch.transfers[0]});
    batch.transfers.resize(1);
    batch.sampled.resize(1);
    EXPECT_FALSE(find_violation(batch)) << "the greatest figure";
    for (std::uint64_t seed = 1; seed < 50; ++seed)
        EXPECT_FALSE(find_violation(random_batch(seed, 1, 100)));
}

Directory small_directory() {
    Directory directory;
    directory.version = 5;
    directory.accounts = {{"a", "", ""}, {"b", "a", ""}, {"c", "b", ""}};
    directory.bindings = {{3, {IdentityKind::prefix, "10.0.0.0/8"}, "b", {}, false},
                          {4, {IdentityKind::vlan, "7"}, "c", {bucket_at(0), bucket_at(9)}, false}};
    directory.networks = {{"10.0.0.0/8", false}};
    return directory;
}

Result<Directory> change(const DirectoryStore::Change& change) {
    return changed_directory(
        small_directory(), change,
        {.next_binding_id = 10, .has_traffic = [](std::string_view name) { return name == "c"; }});
}

std::string refusal(const DirectoryStore::Change& c) {
    const auto result = change(c);
    return result ? "accepted" : result.error().text;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST(DirectoryRules, RefuseEachWithItsOwnText) {
    EXPECT_TRUE(has(refusal({.put_accounts = {{"x y", "", ""}}}), "not valid"));
    EXPECT_TRUE(has(refusal({.put_accounts = {{"@x", "", ""}}}), "not valid"));
    EXPECT_TRUE(has(refusal({.put_accounts = {{"-x", "", ""}}}), "not valid"));
    EXPECT_TRUE(has(refusal({.put_accounts = {{"x", "", "a\tb"}}}), "title"));
    EXPECT_TRUE(has(refusal({.put_accounts = {{"x", "x", ""}}}), "own parent"));
    EXPECT_TRUE(has(refusal({.put_accounts = {{"x", "", ""}, {"x", "", ""}}}), "twice"));
    EXPECT_TRUE(has(refusal({.put_accounts = {{"x", "nobody", ""}}}), "does not exist"));
    EXPECT_TRUE(has(refusal({.put_accounts = {{"a", "c", ""}}}), "ancestor"));
    EXPECT_TRUE(has(refusal({.remove_accounts = {"x"}}), "account 'x' does not exist"));
    EXPECT_TRUE(has(refusal({.remove_accounts = {"a"}}), "below it"));
    EXPECT_TRUE(has(refusal({.remove_accounts = {"b", "c"}}), "binding"));
    EXPECT_TRUE(
        has(refusal({.remove_accounts = {"c"}, .end_bindings = {{4, UtcTime::min()}}}), "traffic"));
    EXPECT_TRUE(has(refusal({.end_bindings = {{9, bucket_at(0)}}}), "binding 9 does not exist"));
    EXPECT_TRUE(has(refusal({.end_bindings = {{4, bucket_at(10)}}}), "ended at"));
    EXPECT_TRUE(has(refusal({.remove_networks = {"10.0.0.0/9"}}),
                    "local network 10.0.0.0/9 does not exist"));
    EXPECT_TRUE(has(refusal({.put_networks = {{"10.0.0.1/9", false}}}), "bits set"));
    EXPECT_TRUE(
        has(refusal({.put_networks = {{"11.0.0.0/8", false}, {"11.0.0.0/8", true}}}), "twice"));
}

TEST(DirectoryRules, RefuseInvalidBindings) {
    const auto bind = [](IdentityKind kind, const char* value, const char* name = "a",
                         Interval valid = {}, bool per_address = false) {
        return refusal({.add_bindings = {{0, {kind, value}, name, valid, per_address}}});
    };
    EXPECT_TRUE(has(bind(IdentityKind::prefix, "10.0.0.1"), "canonical form: '10.0.0.1/32'"));
    EXPECT_TRUE(
        has(bind(IdentityKind::prefix, "2001:DB8::/32"), "canonical form: '2001:db8::/32'"));
    EXPECT_TRUE(
        has(bind(IdentityKind::mac, "0:30:ca:b8:d9:bc"), "canonical form: '00:30:ca:b8:d9:bc'"));
    EXPECT_TRUE(has(bind(IdentityKind::vlan, "4095"), "1 to 4094"));
    EXPECT_TRUE(has(bind(IdentityKind::vlan, "012"), "canonical form: '12'"));
    EXPECT_TRUE(has(bind(IdentityKind::interface, ""), "interface"));
    EXPECT_TRUE(has(bind(static_cast<IdentityKind>(99), "x"), "unknown"));
    EXPECT_TRUE(has(bind(IdentityKind::as, "0"), "AS 0 cannot be bound"));
    EXPECT_TRUE(has(bind(IdentityKind::as, "AS7"), "canonical form: '7'"));
    EXPECT_TRUE(has(bind(IdentityKind::as, "007"), "canonical form: '7'"));
    EXPECT_TRUE(has(bind(IdentityKind::next_hop, "2001:DB8::9"), "canonical form: '2001:db8::9'"));
    EXPECT_EQ(bind(IdentityKind::as, "4294967295"), "accepted");
    EXPECT_EQ(bind(IdentityKind::next_hop, "192.0.2.9"), "accepted");
    EXPECT_TRUE(has(bind(IdentityKind::vlan, "1", "nobody"), "does not exist"));
    EXPECT_TRUE(
        has(bind(IdentityKind::vlan, "1", "a", {bucket_at(1), bucket_at(1)}), "ends before"));
    EXPECT_TRUE(has(bind(IdentityKind::vlan, "1", "a", {}, true), "only a prefix"));
    EXPECT_EQ(bind(IdentityKind::interface, "eth0.100"), "accepted");
}

TEST(DirectoryRules, ANoOpKeepsTheVersion) {
    EXPECT_EQ(change({})->version, 5U);
    EXPECT_EQ(change({.put_accounts = {{"b", "a", ""}}})->version, 5U);
    EXPECT_EQ(change({.end_bindings = {{4, bucket_at(9)}}})->version, 5U);
    const Binding known{0, {IdentityKind::prefix, "10.0.0.0/8"}, "b", {bucket_at(0)}, false};
    EXPECT_EQ(change({.add_bindings = {known}})->version, 5U);
    // Listed twice in one change, it is added once.
    const Binding fresh{0, {IdentityKind::prefix, "10.0.0.0/9"}, "b", {}, false};
    const auto twice = change({.add_bindings = {fresh, fresh}});
    EXPECT_EQ(twice->version, 6U);
    EXPECT_EQ(twice->bindings.size(), 3U);
    EXPECT_EQ(twice->bindings.back().id, 10U);
}

TEST(DirectoryRules, AnOlderBindingCanBeAddedAgain) {
    const Identity identity{IdentityKind::prefix, "10.0.0.0/8"};
    const auto there_and_back =
        change({.add_bindings = {{0, identity, "c", {}, false}, {0, identity, "b", {}, false}}});
    ASSERT_TRUE(there_and_back);
    ASSERT_EQ(there_and_back->bindings.size(), 4U);
    EXPECT_EQ(there_and_back->bindings.back().account, "b");
}

TEST(DirectoryRules, MoveATreeInOneChange) {
    const auto result = change({.put_accounts = {{"root", "", ""}, {"c", "root", ""}},
                                .end_bindings = {{3, UtcTime::min()}, {4, bucket_at(2)}}});
    ASSERT_TRUE(result) << result.error().text;
    EXPECT_EQ(result->version, 6U);
    ASSERT_EQ(result->bindings.size(), 1U);
    EXPECT_EQ(result->bindings[0].valid.end, bucket_at(2));
    ASSERT_EQ(result->accounts.size(), 4U);
    EXPECT_EQ(result->accounts[2].parent, "root");
}

TEST(DirectoryRules, LimitTheDepthOfTheTree) {
    DirectoryStore::Change deep;
    for (std::size_t i = 0; i < account_depth_max; ++i)
        deep.put_accounts.push_back(
            {"n" + std::to_string(i), i == 0 ? "" : "n" + std::to_string(i - 1), ""});
    EXPECT_EQ(refusal(deep), "accepted");
    deep.put_accounts.push_back({"last", "n" + std::to_string(account_depth_max - 1), ""});
    EXPECT_EQ(change(deep).error().code, ErrorCode::over_limit);
}

}  // namespace
}  // namespace octroi::testing
