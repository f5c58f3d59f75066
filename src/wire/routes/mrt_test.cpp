// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/routes/mrt.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <random>
#include <string>

#include "wire/routes/route_reader.hpp"

namespace octroi {
namespace {

using Text = std::string;

Text u8(unsigned v) { return Text(1, static_cast<char>(v)); }
Text be16(unsigned v) { return u8(v >> 8U & 255U) + u8(v & 255U); }
Text be32(unsigned v) { return be16(v >> 16U) + be16(v & 0xFFFFU); }
Text octets(std::initializer_list<unsigned> list) {
    Text text;
    for (const unsigned v : list) text += u8(v);
    return text;
}
Text mrt(unsigned type, unsigned subtype, const Text& body) {
    return be32(1'400'000'000) + be16(type) + be16(subtype) +
           be32(static_cast<unsigned>(body.size())) + body;
}
Text attribute(unsigned type, const Text& value) {
    return u8(0x40) + u8(type) + u8(static_cast<unsigned>(value.size())) + value;
}
Text segment(unsigned type, std::initializer_list<unsigned> ases, bool wide = true) {
    Text text = u8(type) + u8(static_cast<unsigned>(ases.size()));
    for (const unsigned as : ases) text += wide ? be32(as) : be16(as);
    return text;
}
Text as_path(std::initializer_list<Text> segments) {
    Text value;
    for (const Text& s : segments) value += s;
    return attribute(2, value);
}
Text peers(unsigned count) {
    Text body = be32(0x0A000001) + be16(4) + "view" + be16(count);
    for (unsigned i = 0; i < count; ++i) {
        const bool v6 = i % 2 == 1;
        body += u8(v6 ? 3 : 2) + be32(i) + Text(v6 ? 16 : 4, '\x01') + be32(64512 + i);
    }
    return mrt(13, 1, body);
}
Text entry(unsigned peer, const Text& attributes, bool path_id = false) {
    return be16(peer) + be32(0) + (path_id ? be32(7) : Text()) +
           be16(static_cast<unsigned>(attributes.size())) + attributes;
}
Text update(const Text& attributes, const Text& nlri, const Text& withdrawn = {}) {
    const Text body = be16(static_cast<unsigned>(withdrawn.size())) + withdrawn +
                      be16(static_cast<unsigned>(attributes.size())) + attributes + nlri;
    return Text(16, '\xFF') + be16(static_cast<unsigned>(19 + body.size())) + u8(2) + body;
}
Text message(unsigned subtype, bool wide, const Text& bgp) {
    const Text as = wide ? be32(64512) : be16(64512);
    return mrt(16, subtype, as + as + be16(0) + be16(1) + Text(8, '\x01') + bgp);
}

// A line for each route: "10.0.0.0/8 <- 1", "… <- {1,2}" or "… <- own"; "x2": two votes.
Text show(const RouteBatch& batch) {
    Text text;
    for (const Route& route : batch.routes) {
        text += to_string(route.prefix) + " <-";
        for (const std::uint32_t as : batch.origins_of(route)) text += fmt::format(" {}", as);
        if (route.origins_count == 0) text += " own";
        if (route.votes > 1) text += fmt::format(" x{}", route.votes);
        text += '\n';
    }
    return text;
}

struct Read {
    RouteBatch batch;
    RouteReader reader;
};
Read read(const Text& input) {
    Read r;
    r.reader.feed(as_octets(input), r.batch);
    r.reader.finish(r.batch);
    return r;
}

TEST(Mrt, TableDumpV2HasTheOriginOfEachPath) {
    const Text rib = mrt(13, 2,
                         be32(0) + octets({22, 10, 1, 4}) + be16(3) +
                             entry(0, as_path({segment(2, {64512, 7575})})) +
                             entry(1, as_path({segment(2, {64513, 3, 7575})})) +
                             entry(2, as_path({segment(2, {64514, 1221})})));
    const Text rib6 = mrt(13, 4,
                          be32(1) + octets({32, 0x20, 0x01, 0x0D, 0xB8}) + be16(1) +
                              entry(1, as_path({segment(2, {400'000})})));
    const Read r = read(peers(3) + rib + rib6);
    EXPECT_EQ(show(r.batch),
              "10.1.4.0/22 <- 7575 x2\n10.1.4.0/22 <- 1221\n2001:db8::/32 <- 400000\n");
    EXPECT_EQ(r.reader.counts().records, 3U);
    EXPECT_EQ(r.reader.counts().routes, 4U);
    EXPECT_EQ(r.reader.counts().ignored, 1U);
    EXPECT_EQ(r.reader.counts().malformed, 0U);
}

TEST(Mrt, SetsConfederationsAndOwnRoutes) {
    const auto rib = [](const Text& path) {
        return mrt(13, 2, be32(0) + octets({8, 10}) + be16(1) + entry(0, path));
    };
    EXPECT_EQ(show(read(rib(as_path({segment(2, {5}), segment(1, {9, 7, 9})}))).batch),
              "10.0.0.0/8 <- 7 9\n");
    EXPECT_EQ(
        show(read(rib(as_path({segment(2, {5}), segment(3, {65001}), segment(4, {65002})}))).batch),
        "10.0.0.0/8 <- 5\n");
    EXPECT_EQ(show(read(rib(as_path({segment(3, {65001})}))).batch), "10.0.0.0/8 <- own\n");
    EXPECT_EQ(show(read(rib(as_path({}))).batch), "10.0.0.0/8 <- own\n");
    EXPECT_EQ(show(read(rib({})).batch), "10.0.0.0/8 <- own\n");
    EXPECT_EQ(show(read(rib(as_path({segment(2, {5}), segment(2, {})}))).batch),
              "10.0.0.0/8 <- 5\n");
}

TEST(Mrt, TableDumpReadsTwoOctetAsesAndAs4Path) {
    const auto dump = [](const Text& attributes) {
        return mrt(12, 1,
                   be16(0) + be16(1) + octets({192, 0, 2, 255}) + u8(24) + u8(1) + be32(0) +
                       octets({10, 0, 0, 1}) + be16(64512) +
                       be16(static_cast<unsigned>(attributes.size())) + attributes);
    };
    const Text path = as_path({segment(2, {1, 2, 23456}, false)});
    EXPECT_EQ(show(read(dump(path)).batch), "192.0.2.0/24 <- 23456\n");
    EXPECT_EQ(show(read(dump(path + attribute(17, segment(2, {2, 200'000})))).batch),
              "192.0.2.0/24 <- 200000\n");
    // An AS4_PATH longer than AS_PATH is ignored (RFC 6793 section 4.2.3).
    EXPECT_EQ(show(read(dump(path + attribute(17, segment(2, {9, 8, 2, 200'000})))).batch),
              "192.0.2.0/24 <- 23456\n");
    // The route was aggregated after the last 4-octet speaker.
    const Text aggregators =
        attribute(7, be16(77) + be32(1)) + attribute(18, be32(200'000) + be32(1));
    EXPECT_EQ(show(read(dump(path + aggregators + attribute(17, segment(2, {2, 200'000})))).batch),
              "192.0.2.0/24 <- 23456\n");
    const Text dump6 =
        mrt(12, 2,
            be16(0) + be16(1) + octets({0x20, 1}) + Text(14, '\0') + u8(16) + u8(1) + be32(0) +
                Text(16, '\x01') + be16(64512) + be16(static_cast<unsigned>(path.size())) + path);
    EXPECT_EQ(show(read(dump6).batch), "2001::/16 <- 23456\n");
}

TEST(Mrt, AdditionalPaths) {
    const Text path = as_path({segment(2, {64512, 7575})});
    const Text rib = mrt(
        13, 8, be32(0) + octets({8, 10}) + be16(2) + entry(0, path, true) + entry(0, path, true));
    EXPECT_EQ(show(read(rib).batch), "10.0.0.0/8 <- 7575 x2\n");
    const Text nlri = octets({8, 10});
    const Text ids_in_entries =
        mrt(13, 12, be32(0) + be16(1) + u8(1) + nlri + be16(1) + entry(0, path, true));
    EXPECT_EQ(show(read(ids_in_entries).batch), "10.0.0.0/8 <- 7575\n");
    const Text id_in_nlri =
        mrt(13, 12, be32(0) + be16(1) + u8(1) + be32(5) + nlri + be16(1) + entry(0, path));
    EXPECT_EQ(show(read(id_in_nlri).batch), "10.0.0.0/8 <- 7575\n");
    const Text update_message =
        message(9, true, update(path, be32(1) + nlri + be32(2) + octets({9, 10, 128})));
    EXPECT_EQ(show(read(update_message).batch), "10.0.0.0/8 <- 7575\n10.128.0.0/9 <- 7575\n");
}

TEST(Mrt, GenericRib) {
    const Text path = as_path({segment(2, {7})});
    const auto generic = [&](unsigned afi, unsigned safi, const Text& nlri) {
        return mrt(13, 6, be32(0) + be16(afi) + u8(safi) + nlri + be16(1) + entry(0, path));
    };
    EXPECT_EQ(show(read(generic(2, 1, octets({16, 0x20, 1}))).batch), "2001::/16 <- 7\n");
    const Read vpn = read(generic(1, 128, octets({96}) + Text(12, 'x')));
    EXPECT_EQ(vpn.batch.routes.size(), 0U);
    EXPECT_EQ(vpn.reader.counts().unsupported, 1U);
}

TEST(Mrt, UpdatesAnnounceInBothFamilies) {
    const Text path = as_path({segment(2, {64512, 500}, false)});
    const Text reach =
        attribute(14, be16(2) + u8(1) + u8(16) + Text(16, '\x01') + u8(0) + octets({16, 0x20, 1}));
    const Text plain =
        message(1, false, update(path + reach, octets({24, 192, 0, 2}), octets({8, 11})));
    EXPECT_EQ(show(read(plain).batch), "192.0.2.0/24 <- 500\n2001::/16 <- 500\n");
    Text precise = plain;  // BGP4MP_ET: the same, preceded by microseconds
    precise.replace(4, 8, be16(17) + be16(1) + be32(static_cast<unsigned>(plain.size() - 12 + 4)));
    precise.insert(12, be32(123));
    EXPECT_EQ(show(read(precise).batch), show(read(plain).batch));
    const Read keepalive = read(message(4, true, Text(16, '\xFF') + be16(19) + u8(4)));
    EXPECT_EQ(keepalive.reader.counts().ignored, 1U);
    const Read withdrawal = read(message(4, true, update({}, {}, octets({8, 11}))));
    EXPECT_EQ(withdrawal.reader.counts().ignored, 1U);
}

TEST(Mrt, CountsMalformedRecordsAndReadsTheRest) {
    const Text good =
        mrt(13, 2, be32(0) + octets({8, 10}) + be16(1) + entry(0, as_path({segment(2, {7})})));
    const Text too_long = mrt(13, 2, be32(0) + octets({33, 10, 0, 0, 0, 0}) + be16(0));
    const Text cut =
        mrt(13, 2, be32(0) + octets({8, 11}) + be16(2) + entry(0, as_path({segment(2, {8})})));
    const Text rest = mrt(13, 2, be32(0) + octets({8, 12}) + be16(0) + "surplus");
    const Text unknown = mrt(13, 99, "?");
    const Read r = read(good + too_long + cut + rest + unknown + good);
    EXPECT_EQ(show(r.batch), "10.0.0.0/8 <- 7\n10.0.0.0/8 <- 7\n");
    EXPECT_EQ(r.reader.counts().routes, 2U);
    EXPECT_EQ(r.reader.counts().malformed, 3U);
    EXPECT_EQ(r.reader.counts().unsupported, 1U);
    ASSERT_EQ(r.reader.errors().size(), 4U);
    EXPECT_EQ(r.reader.errors()[0].place, good.size());
    EXPECT_FALSE(r.reader.not_a_table());
    // An entry of a peer that is not in the index.
    const Read peer =
        read(peers(2) + mrt(13, 2, be32(0) + octets({8, 10}) + be16(1) + entry(2, {})));
    EXPECT_EQ(peer.reader.counts().malformed, 1U);
}

// Path identifiers that the subtype denies, and the reverse.
TEST(Mrt, TheOctetsDecideWhetherThereArePathIdentifiers) {
    const Text path = as_path({segment(2, {64512, 7575})});
    const auto read_update = [&](unsigned subtype, const Text& nlri) {
        return show(read(message(subtype, true, update(path, nlri))).batch);
    };
    const Text two = octets({24, 203, 0, 113, 25, 198, 51, 100, 0});
    const Text two_shown = "203.0.113.0/24 <- 7575\n198.51.100.0/25 <- 7575\n";
    const auto with_ids = [](unsigned first, unsigned second) {
        return be32(first) + octets({24, 203, 0, 113}) + be32(second) +
               octets({25, 198, 51, 100, 0});
    };
    for (const unsigned subtype : {4U, 9U}) {
        EXPECT_EQ(read_update(subtype, two), two_shown);
        for (const unsigned id : {0U, 1U, 257U, 70'000U, 0x0018'c633U, 0x0a00'0001U})
            EXPECT_EQ(read_update(subtype, with_ids(id, id + 1)), two_shown) << id;
        // Default routes that are announced as they should be.
        EXPECT_EQ(read_update(subtype, octets({0})), "0.0.0.0/0 <- 7575\n");
        EXPECT_EQ(read_update(subtype, be32(7) + octets({0})), "0.0.0.0/0 <- 7575\n");
        EXPECT_EQ(read_update(subtype, octets({0, 24, 192, 0, 2})),
                  "0.0.0.0/0 <- 7575\n192.0.2.0/24 <- 7575\n");
    }
    // Both readings come out even: no writer counts identifiers from 2^24.
    const Text same_length = octets({24, 203, 0, 113, 24, 198, 51, 100});
    EXPECT_EQ(read_update(9, same_length), "203.0.113.0/24 <- 7575\n198.51.100.0/24 <- 7575\n");
    const auto reach = [&](unsigned subtype, const Text& nlri) {
        const Text value = be16(2) + u8(1) + u8(16) + Text(16, '\x01') + u8(0) + nlri;
        return show(read(message(subtype, true, update(path + attribute(14, value), {}))).batch);
    };
    const Text v6 = octets({48, 0x20, 1, 0x0D, 0xB8, 0, 1});
    for (const unsigned subtype : {4U, 9U}) {
        EXPECT_EQ(reach(subtype, v6), "2001:db8:1::/48 <- 7575\n");
        EXPECT_EQ(reach(subtype, be32(3) + v6), "2001:db8:1::/48 <- 7575\n");
    }
}

TEST(Mrt, TheOctetsDecideWhetherEntriesHavePathIdentifiers) {
    const Text path = as_path({segment(2, {64512, 7575})});
    for (const bool ids : {false, true}) {
        for (const unsigned subtype : {2U, 8U}) {
            const Text rib = mrt(
                13, subtype,
                be32(0) + octets({8, 10}) + be16(2) + entry(0, path, ids) + entry(1, path, ids));
            EXPECT_EQ(show(read(peers(2) + rib).batch), "10.0.0.0/8 <- 7575 x2\n");
        }
        for (const unsigned subtype : {6U, 12U}) {
            const Text rib =
                mrt(13, subtype,
                    be32(0) + be16(1) + u8(1) + octets({8, 10}) + be16(1) + entry(0, path, ids));
            EXPECT_EQ(show(read(peers(2) + rib).batch), "10.0.0.0/8 <- 7575\n");
        }
    }
}

TEST(Mrt, NothingOfABrokenUpdateIsKept) {
    const Text path = as_path({segment(2, {7})});
    for (const Text& broken : {octets({24, 203, 0, 113, 33, 1}), octets({24, 203, 0, 113, 24, 198}),
                               octets({8, 10, 200})}) {
        const Read r = read(message(4, true, update(path, broken)));
        EXPECT_EQ(r.batch.routes.size(), 0U);
        EXPECT_EQ(r.batch.origins.size(), 0U);
        EXPECT_EQ(r.reader.counts().malformed, 1U);
        EXPECT_EQ(r.reader.counts().routes, 0U);
    }
    // The routes of the second family are broken: those of the first one go too.
    const Text value = be16(2) + u8(1) + u8(16) + Text(16, '\x01') + u8(0) + octets({129, 0x20});
    const Read r =
        read(message(4, true, update(path + attribute(14, value), octets({24, 203, 0, 113}))));
    EXPECT_EQ(r.batch.routes.size(), 0U);
    EXPECT_EQ(r.reader.counts().malformed, 1U);
}

TEST(Mrt, SkipsATooLongRecord) {
    const Text good =
        mrt(13, 2, be32(0) + octets({8, 10}) + be16(1) + entry(0, as_path({segment(2, {7})})));
    const unsigned size = static_cast<unsigned>(mrt_record_max) + 1;
    const Text huge = be32(0) + be16(13) + be16(2) + be32(size) + Text(size, 'x');
    const Read r = read(good + huge + good);
    EXPECT_EQ(r.batch.routes.size(), 2U);
    EXPECT_EQ(r.reader.counts().records, 3U);
    EXPECT_EQ(r.reader.counts().malformed, 1U);
    EXPECT_EQ(r.reader.counts().truncated, 0U);
}

// The result does not depend on where blocks are cut. If the input is truncated, all complete
// records are read.
TEST(Mrt, DoesNotDependOnBlocks) {
    Text input = peers(3);
    for (unsigned i = 0; i < 20; ++i) {
        input += mrt(
            13, 2,
            be32(i) + octets({16, 10, i}) + be16(1) + entry(0, as_path({segment(2, {100 + i})})));
    }
    const Text whole = show(read(input).batch);
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        Read r;
        for (std::size_t at = 0; at < input.size();) {
            const std::size_t size =
                std::min<std::size_t>(1 + random() % (round % 2 == 0 ? 5 : 90), input.size() - at);
            r.reader.feed(as_octets(input).subspan(at, size), r.batch);
            at += size;
        }
        r.reader.finish(r.batch);
        ASSERT_EQ(show(r.batch), whole);
    }
    for (std::size_t cut = 12; cut < input.size(); ++cut) {
        const Read r = read(input.substr(0, cut));
        ASSERT_EQ(whole.find(show(r.batch)), 0U);
        ASSERT_EQ(r.reader.counts().malformed, 0U);
        ASSERT_EQ(r.reader.counts().truncated, r.reader.counts().unread_octets > 0 ? 1U : 0U);
    }
}

}  // namespace
}  // namespace octroi
