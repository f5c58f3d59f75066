// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/flow_file/reassembly.hpp"

#include <gtest/gtest.h>

#include <string>

#include "wire/packet/testing/frames.hpp"

namespace octroi::flow_file {
namespace {

using namespace packet::testing_frames;

constexpr UtcTime start{1'700'000'000'000'000'000};

std::string text_of(std::size_t size) {
    std::string text;
    for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i);
    return text.substr(0, size);
}

// Parts of `whole` as frames with one of the two versions of IP.
class Parts {
public:
    Parts(std::string whole, bool six, std::uint16_t id = 9)
        : whole_(std::move(whole)), six_(six), id_(id) {}

    std::optional<std::string> give(Reassembly& table, std::size_t begin, std::size_t end,
                                    UtcTime now = start) const {
        const bool more = end < whole_.size();
        const auto offset = static_cast<std::uint16_t>(begin / 8);
        Frame frame;
        if (six_) {
            frame.ipv6(v6_header()).fragment(offset, more, id_).protocol(17);
        } else {
            auto header = v4_header();
            header.id = id_;
            header.fragment_offset = offset;
            header.more_fragments = more;
            frame.ipv4(header).protocol(17);
        }
        const std::string octets = frame.raw(whole_.substr(begin, end - begin)).octets();
        packet::Packet packet;
        packet::Payload payload;
        EXPECT_TRUE(packet::find_payload(packet::LinkType::raw, as_octets(octets),
                                         static_cast<std::uint32_t>(octets.size()), packet,
                                         payload));
        const auto found = table.on_fragment(packet, payload, now);
        if (!found) return std::nullopt;
        std::string text;
        for (const std::byte octet : *found) text.push_back(static_cast<char>(octet));
        return text;
    }

private:
    std::string whole_;
    bool six_;
    std::uint16_t id_;
};

TEST(Reassembly, PartsInAnyOrder) {
    const std::string whole = text_of(3001);
    for (const bool six : {false, true}) {
        const Parts parts(whole, six);
        Reassembly table;
        EXPECT_FALSE(parts.give(table, 1480, 2960));
        EXPECT_FALSE(parts.give(table, 2960, 3001));
        EXPECT_FALSE(parts.give(table, 1480, 2960));  // once more
        EXPECT_EQ(parts.give(table, 0, 1480), whole);
        EXPECT_EQ(table.completed(), 1U);
        EXPECT_EQ(table.incomplete(), 0U);
    }
}

TEST(Reassembly, DatagramsDoNotMix) {
    const Parts one(text_of(2000), false, 1);
    const Parts two(text_of(2008), false, 2);
    Reassembly table;
    EXPECT_FALSE(one.give(table, 0, 1480));
    EXPECT_FALSE(two.give(table, 1480, 2008));
    EXPECT_EQ(one.give(table, 1480, 2000), text_of(2000));
    EXPECT_EQ(two.give(table, 0, 1480), text_of(2008));
}

TEST(Reassembly, OverlappingPartsMakeTheDatagramInvalid) {
    const Parts parts(text_of(3000), false);
    Reassembly table;
    EXPECT_FALSE(parts.give(table, 0, 1480));
    EXPECT_FALSE(parts.give(table, 8, 1488));
    EXPECT_FALSE(parts.give(table, 1480, 3000));
    EXPECT_EQ(table.completed(), 0U);
    EXPECT_EQ(table.incomplete(), 2U);
}

TEST(Reassembly, IsBoundedInTimeAndNumber) {
    Reassembly table;
    const Parts late(text_of(2000), false, 7);
    EXPECT_FALSE(late.give(table, 0, 1480));
    EXPECT_FALSE(late.give(table, 1480, 2000, start + Duration::seconds(61)));
    EXPECT_EQ(table.incomplete(), 2U);
    for (std::uint16_t id = 100; id < 1000; ++id)
        EXPECT_FALSE(Parts(text_of(2000), false, id).give(table, 0, 1480, start));
    EXPECT_EQ(table.incomplete(), 902U);
    EXPECT_TRUE(Parts(text_of(2000), false, 999).give(table, 1480, 2000, start));
    EXPECT_FALSE(Parts(text_of(2000), false, 100).give(table, 1480, 2000, start));
}

}  // namespace
}  // namespace octroi::flow_file
