// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/anchor.hpp"

#include <gtest/gtest.h>

#include <set>

#include "ledger/testing/batches.hpp"

namespace octroi::testing {
namespace {

Writer example_writer(std::string node = "gate") {
    Writer writer{.node = std::move(node), .id = {}};
    writer.id.octets.fill(0xaa);
    return writer;
}

std::string octets_from(std::string_view hex) {
    std::string octets;
    for (std::size_t i = 0; i < hex.size(); i += 2)
        octets += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    return octets;
}

// The worked example of docs/format/chain.md.
Anchor example_anchor() {
    return {
        .number = 1,
        .at = bucket_at(1) + Duration::hours(24),
        .reason = AnchorReason::daily,
        .heads = {{ChainKind::writer, example_writer(), 2,
                   octets_from("e76f6cf1960fa3e050c3d5bd86d72e3e5dd87bb334e1d597f06fbebf18db900c")},
                  {ChainKind::directory, {}, 3, std::string(hash_octets, '\x11')}}};
}

TEST(Anchor, GivesTheHashOfTheDocument) {
    EXPECT_EQ(to_hex(anchor_hash(zero_hash(), example_anchor())),
              "4f185108f03bb273a957e7f22feb81b1f23f93ea1345305daac79ffd1f45ac7b");
}

TEST(Anchor, DependsOnEveryField) {
    using Change = void (*)(Anchor&);
    const Change changes[] = {
        [](Anchor&) {},
        [](Anchor& a) { a.number = 2; },
        [](Anchor& a) { a.at.ns += 1; },
        [](Anchor& a) { a.reason = AnchorReason::demand; },
        [](Anchor& a) { a.heads.pop_back(); },
        [](Anchor& a) { a.heads[0].writer.node = "core"; },
        [](Anchor& a) { a.heads[0].writer.id.octets[15] = 0; },
        [](Anchor& a) { a.heads[0].sequence = 3; },
        [](Anchor& a) { a.heads[1].hash[31] = 0; },
        [](Anchor& a) { a.heads[1].chain = ChainKind::classes; },
    };
    std::set<std::string> hashes;
    for (const Change change : changes) {
        Anchor anchor = example_anchor();
        change(anchor);
        hashes.insert(anchor_hash(zero_hash(), anchor));
    }
    hashes.insert(anchor_hash(std::string(hash_octets, '\1'), example_anchor()));
    EXPECT_EQ(hashes.size(), std::size(changes) + 1) << "each differs from all others";
}

TEST(Anchor, IsDueOnceInAUtcDay) {
    const UtcTime midnight = some_day;
    const Duration second = Duration::seconds(1);
    EXPECT_FALSE(needs_daily_anchor(midnight, midnight + Duration::hours(24) - second));
    EXPECT_TRUE(needs_daily_anchor(midnight, midnight + Duration::hours(24)));
    EXPECT_TRUE(needs_daily_anchor(midnight, midnight + Duration::hours(1000)));
    EXPECT_FALSE(needs_daily_anchor(midnight, midnight - second))
        << "the clock of the other writer is a little late";
    EXPECT_TRUE(needs_daily_anchor(midnight + Duration::hours(48), midnight - second))
        << "the last one had a wrong clock";
}

TEST(Heads, AreLinesThatCanBeReadBack) {
    std::vector<ChainHead> heads = example_anchor().heads;
    heads.push_back({ChainKind::writer, example_writer("a node - 7"), UINT64_MAX, zero_hash()});
    heads.push_back({ChainKind::writer, example_writer("directory"), 1, zero_hash()});
    heads.push_back({ChainKind::classes, {}, 5, zero_hash()});
    heads.push_back({ChainKind::anchors, {}, 6, zero_hash()});
    std::string text = "# kept on 2026-11-02\n\n";
    for (const ChainHead& head : heads) text += to_string(head) + "\r\n";
    const auto read = parse_heads(text);
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(*read, heads);
    EXPECT_EQ(to_string(heads[1]), "directory - 3 " + std::string(64, '1'));
    EXPECT_EQ(to_string(heads[0]).substr(0, 40), "gate aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 2 ");
}

TEST(Heads, NothingElseIsRead) {
    const std::string hash(64, '1');
    const std::string id(32, 'a');
    for (const std::string& line :
         {std::string("x"), "gate " + id + " 2 " + hash.substr(1), "gate " + id + " 0 " + hash,
          "gate " + id + " -1 " + hash, "gate " + id + " 2x " + hash, id + " 2 " + hash,
          "gate " + id.substr(1) + "g 2 " + hash, "tariffs - 2 " + hash, hash}) {
        const auto read = parse_heads("\n" + line);
        ASSERT_FALSE(read) << line;
        EXPECT_EQ(read.error().code, ErrorCode::invalid);
        EXPECT_NE(read.error().text.find("line 2"), std::string::npos);
    }
}

}  // namespace
}  // namespace octroi::testing
