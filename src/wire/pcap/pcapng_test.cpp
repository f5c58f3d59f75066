// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "wire/pcap/format.hpp"
#include "wire/pcap/reader.hpp"
#include "wire/pcap/testing/writer.hpp"

namespace octroi::pcap {
namespace {

constexpr UtcTime t0{1'700'000'000'123'456'789};
constexpr std::uint32_t unknown_block = 0x0bad;

struct Seen {
    std::string octets;
    std::uint32_t wire_length;
    std::int64_t ns;
    LinkType link;
    std::uint16_t interface;
    packet::Direction direction;
    bool timed;
};

struct Read {
    Reader reader;
    std::vector<Seen> frames;
    Progress progress;
    std::size_t position = 0;
};

Read read_all(const std::string& file, std::size_t window = SIZE_MAX) {
    Read r;
    std::size_t show = window;
    for (;;) {
        const std::size_t size = std::min(show, file.size() - r.position);
        r.progress = r.reader.read(as_octets(file).subspan(r.position, size), [&r](const Frame& f) {
            r.frames.push_back({{reinterpret_cast<const char*>(f.data), f.captured_length},
                                f.wire_length,
                                f.time.ns,
                                f.link,
                                f.interface,
                                f.direction,
                                f.timed});
        });
        r.position += r.progress.consumed;
        if (r.progress.state == State::corrupt) return r;
        if (r.progress.consumed == 0 && r.position + size == file.size()) return r;
        show = std::max(window, r.progress.needed);
    }
}

TEST(Pcapng, InterfacesResolutionsAndOffsets) {
    for (const bool big : {false, true}) {
        std::string file;
        PcapngWriter writer(file, big);
        writer.interface({.link = LinkType::ethernet, .name = "eth0", .resolution = 6});
        writer.interface({.link = LinkType::raw, .name = "tun0", .resolution = 9});
        writer.interface({.link = LinkType::raw, .resolution = 9, .offset_s = 1'600'000'000});
        writer.interface({.link = LinkType::linux_sll, .resolution = 0x80 | 20});
        writer.interface({.link = LinkType::null, .resolution = 0, .offset_s = -5});
        for (std::uint32_t i = 0; i < 5; ++i)
            writer.frame(i, t0, "frame",
                         {.wire_length = 900 + i, .direction = packet::Direction::out});
        for (const std::size_t window : {std::size_t{1}, std::size_t{64}, file.size()}) {
            const Read r = read_all(file, window);
            ASSERT_EQ(r.frames.size(), 5U) << r.reader.why();
            EXPECT_TRUE(r.reader.complete());
            EXPECT_EQ(r.reader.format(), Format::pcapng);
            EXPECT_EQ(r.frames[0].ns, t0.ns / 1000 * 1000);
            EXPECT_EQ(r.frames[1].ns, t0.ns);
            EXPECT_EQ(r.frames[2].ns, t0.ns);
            EXPECT_LT(t0.ns - r.frames[3].ns, 1'000'000'000 / (1 << 20) + 1);
            EXPECT_GE(t0.ns, r.frames[3].ns);
            EXPECT_EQ(r.frames[4].ns, 1'700'000'000'000'000'000);
            EXPECT_EQ(r.frames[3].link, LinkType::linux_sll);
            for (std::uint16_t i = 0; i < 5; ++i) {
                EXPECT_EQ(r.frames[i].interface, i);
                EXPECT_EQ(r.frames[i].octets, "frame");
                EXPECT_EQ(r.frames[i].wire_length, 900U + i);
                EXPECT_EQ(r.frames[i].direction, packet::Direction::out);
                EXPECT_TRUE(r.frames[i].timed);
            }
            EXPECT_EQ(r.reader.interfaces()[0].name, "eth0");
            EXPECT_EQ(r.reader.interfaces()[1].name, "tun0");
            EXPECT_EQ(r.reader.time_digits(), 9);
        }
    }
}

TEST(Pcapng, SectionsHaveTheirOwnInterfaces) {
    std::string file;
    PcapngWriter writer(file, false);
    writer.interface({.name = "a"});
    writer.interface({.name = "b"});
    writer.frame(1, t0, "1");
    writer.section(true);
    writer.interface({.name = "c"});
    writer.frame(0, t0, "2");
    writer.section(false);
    writer.interface({.name = "a"});
    writer.frame(0, t0, "3");
    Read r = read_all(file, 32);
    ASSERT_EQ(r.frames.size(), 3U) << r.reader.why();
    EXPECT_EQ(r.frames[0].interface, 1);
    EXPECT_EQ(r.frames[1].interface, 2);
    EXPECT_EQ(r.frames[2].interface, 0);
    EXPECT_EQ(r.reader.interfaces().size(), 3U);
}

TEST(Pcapng, SimpleFramesHaveNoTimeAndEndAtTheSnapLength) {
    std::string file;
    PcapngWriter writer(file);
    writer.interface({.snap_length = 4});
    writer.simple_frame("abcd", 60);
    writer.frame(0, t0, "abcdef");
    writer.simple_frame("xy");
    const Read r = read_all(file);
    ASSERT_EQ(r.frames.size(), 3U);
    EXPECT_EQ(r.frames[0].octets, "abcd");
    EXPECT_EQ(r.frames[0].wire_length, 60U);
    EXPECT_EQ(r.frames[0].ns, 0);
    EXPECT_FALSE(r.frames[0].timed);
    EXPECT_EQ(r.frames[2].octets, "xy");
    EXPECT_EQ(r.frames[2].ns, t0.ns);
    EXPECT_FALSE(r.frames[2].timed);
    EXPECT_EQ(r.reader.counters().untimed, 2U);
}

TEST(Pcapng, ReadsDrops) {
    std::string file;
    PcapngWriter writer(file);
    writer.interface();
    writer.interface();
    writer.frame(0, t0, "a", {.dropped = 3});
    writer.frame(0, t0, "a", {.dropped = 4});
    writer.obsolete_frame(1, 5, t0, "b");
    writer.obsolete_frame(1, 0xffff, t0, "b");
    writer.statistics(0, 10);
    writer.statistics(0, 12);
    const Read r = read_all(file);
    ASSERT_EQ(r.frames.size(), 4U);
    EXPECT_EQ(r.frames[2].octets, "b");
    EXPECT_EQ(r.frames[2].ns, t0.ns);
    EXPECT_EQ(r.reader.interfaces()[0].dropped_between, 7U);
    EXPECT_EQ(r.reader.interfaces()[0].dropped_total, 12U);
    EXPECT_EQ(r.reader.interfaces()[1].dropped_between, 5U);
}

TEST(Pcapng, SkipsOtherBlocksOfAnySize) {
    std::string file;
    PcapngWriter writer(file);
    writer.interface();
    writer.block(unknown_block, "");
    writer.block(unknown_block, std::string(3 * max_block, 'x'));
    writer.frame(0, t0, "a");
    for (const std::size_t window : {std::size_t{100}, file.size()}) {
        const Read r = read_all(file, window);
        ASSERT_EQ(r.frames.size(), 1U);
        EXPECT_EQ(r.reader.counters().skipped_blocks, 2U);
        EXPECT_TRUE(r.reader.complete());
    }
    const Read cut = read_all(file.substr(0, file.size() / 2));
    EXPECT_EQ(cut.progress.state, State::more);
    EXPECT_FALSE(cut.reader.complete());
}

TEST(Pcapng, CountsInvalidContentAndReadsTheRest) {
    std::string file;
    PcapngWriter writer(file);
    writer.block(format::block_enhanced_packet, std::string(24, '\0'));  // no interface yet
    writer.block(format::block_simple_packet, std::string(8, '\0'));
    writer.interface();
    writer.block(format::block_enhanced_packet, "too short");
    std::string body(24, '\0');
    body[12] = 100;  // captured length greater than the block
    writer.block(format::block_enhanced_packet, body);
    body[12] = 4;
    writer.block(format::block_enhanced_packet, body + std::string("\x02\x00\xff\x00", 4));
    writer.block(format::block_obsolete_packet, std::string("\x09", 1) + std::string(23, '\0'));
    writer.block(format::block_enhanced_packet, std::string(2 * max_block, '\0'));
    writer.block(format::block_statistics, "");
    writer.frame(0, t0, "good");
    const Read r = read_all(file, 50);
    ASSERT_EQ(r.frames.size(), 2U) << r.reader.why();  // the frame is valid, its options are not
    EXPECT_EQ(r.frames[1].octets, "good");
    EXPECT_EQ(r.reader.counters().bad_blocks, 8U);
}

TEST(Pcapng, OptionsEndWithTheirMarkOrTheirBlock) {
    const auto direction_of = [](std::string_view options) {
        std::string file;
        PcapngWriter writer(file);
        writer.interface();
        writer.block(format::block_enhanced_packet, std::string(20, '\0').append(options));
        const Read r = read_all(file);
        EXPECT_EQ(r.reader.counters().bad_blocks, 0U);
        return r.frames.at(0).direction;
    };
    using namespace std::string_view_literals;
    EXPECT_EQ(direction_of("\x02\0\x04\0\x01\0\0\0"sv), packet::Direction::in);
    EXPECT_EQ(direction_of("\x01\0\x01\0x\0\0\0\x02\0\x04\0\x02\0\0\0"sv), packet::Direction::out);
    EXPECT_EQ(direction_of("\0\0\0\0\x02\0\x04\0\x01\0\0\0"sv), packet::Direction::unknown);
}

TEST(Pcapng, MovesTimesOutOfRangeIntoIt) {
    std::string file;
    PcapngWriter writer(file);
    writer.interface({.resolution = 0});
    writer.interface({.resolution = 0x80 | 0x7f});
    writer.interface({.resolution = 0x7f});
    writer.interface({.resolution = 9, .offset_s = INT64_MIN});
    writer.interface({.resolution = 9, .offset_s = INT64_MAX});
    for (char i = 0; i < 5; ++i) {
        std::string body(20, '\0');
        body[0] = i;
        for (std::size_t at = 4; at < 12; ++at) body[at] = '\xff';
        writer.block(format::block_enhanced_packet, body);
    }
    const Read r = read_all(file);
    ASSERT_EQ(r.frames.size(), 5U);
    EXPECT_EQ(r.frames[0].ns, 7'258'118'400'000'000'000);
    EXPECT_EQ(r.frames[1].ns, 0);
    EXPECT_EQ(r.frames[2].ns, 0);
    EXPECT_EQ(r.frames[3].ns, 0);
    EXPECT_EQ(r.frames[4].ns, 7'258'118'400'000'000'000);
    EXPECT_EQ(r.reader.counters().bad_times, 3U);
}

TEST(Pcapng, StopsAtInvalidFraming) {
    std::string good;
    PcapngWriter writer(good);
    writer.interface();
    writer.frame(0, t0, "abcd");
    const std::size_t whole = good.size();
    writer.frame(0, t0, "efgh");
    const auto with = [&good](std::size_t at, char octet) {
        std::string bad = good;
        bad[at] = octet;
        return read_all(bad);
    };
    for (const Read& r : {with(whole + 4, 8), with(whole + 4, 37), with(good.size() - 4, 99)}) {
        EXPECT_EQ(r.progress.state, State::corrupt);
        EXPECT_EQ(r.frames.size(), 1U);
        EXPECT_EQ(r.position, whole);
        EXPECT_NE(r.reader.why(), "");
        EXPECT_TRUE(r.reader.is_capture());
    }
    EXPECT_EQ(with(8, 0).progress.state, State::corrupt);   // byte order magic
    EXPECT_EQ(with(12, 2).progress.state, State::corrupt);  // version
    EXPECT_FALSE(with(12, 2).reader.is_capture());
}

TEST(Pcapng, LimitsTheNumberOfInterfaces) {
    std::string file;
    PcapngWriter writer(file);
    for (std::size_t i = 0; i <= max_interfaces; ++i) writer.interface();
    const Read r = read_all(file);
    EXPECT_EQ(r.progress.state, State::corrupt);
    EXPECT_EQ(r.reader.interfaces().size(), max_interfaces);
}

TEST(Pcapng, ContinuesFromASavedStateWithinASkippedBlock) {
    std::string file;
    PcapngWriter writer(file, true);
    writer.interface({.link = LinkType::raw, .name = "ppp0", .resolution = 6});
    writer.frame(0, t0, "a");
    writer.block(unknown_block, std::string(1000, 'x'));
    writer.simple_frame("b");
    Reader first;
    std::size_t at = first.read(as_octets(file).first(600), [](const Frame&) {}).consumed;
    auto second = Reader::restore(first.save());
    ASSERT_TRUE(second.has_value());
    std::vector<std::int64_t> times;
    const Progress p = second->read(as_octets(file).subspan(at), [&times](const Frame& f) {
        times.push_back(f.time.ns);
        EXPECT_EQ(f.link, LinkType::raw);
    });
    EXPECT_EQ(times, std::vector<std::int64_t>{t0.ns / 1000 * 1000});
    EXPECT_EQ(second->counters().frames, 2U);
    EXPECT_EQ(at + p.consumed, file.size());
    EXPECT_EQ(second->interfaces()[0].name, "ppp0");
}

}  // namespace
}  // namespace octroi::pcap
