// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/pcap/reader.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "wire/pcap/format.hpp"
#include "wire/pcap/testing/writer.hpp"

namespace octroi::pcap {
namespace {

constexpr UtcTime t0{1'700'000'000'123'456'789};

struct Seen {
    std::string octets;
    std::uint32_t wire_length = 0;
    UtcTime time;
    LinkType link{};
    std::uint16_t interface = 0;
    packet::Direction direction{};
    bool timed = false;

    bool operator==(const Seen&) const = default;
};

Seen seen(const Frame& f) {
    return {{reinterpret_cast<const char*>(f.data), f.captured_length},
            f.wire_length,
            f.time,
            f.link,
            f.interface,
            f.direction,
            f.timed};
}

struct Outcome {
    std::vector<Seen> frames;
    State state = State::more;
    std::size_t position = 0;
    std::vector<Interface> interfaces;
    Counters counters;
    std::string why;
    bool complete = false;
};

// Passes the file in windows of `window` octets (more if the reader needs more), each one a copy of
// exactly that size. After every call the reader is saved and restored.
Outcome read_all(const std::string& file, std::size_t window = SIZE_MAX) {
    Outcome o;
    Reader reader;
    std::size_t show = window;
    for (;;) {
        const std::size_t size = std::min(show, file.size() - o.position);
        const auto copy = std::make_unique<std::byte[]>(size);
        std::memcpy(copy.get(), file.data() + o.position, size);
        const Progress p =
            reader.read({copy.get(), size}, [&o](const Frame& f) { o.frames.push_back(seen(f)); });
        EXPECT_LE(p.consumed, size);
        o.position += p.consumed;
        o.state = p.state;
        if (p.state == State::corrupt) break;
        EXPECT_GT(p.needed, 0U);
        EXPECT_LE(p.needed, max_needed);
        if (p.consumed == 0 && o.position + size == file.size()) break;
        show = std::max(window, p.needed);
        auto again = Reader::restore(reader.save());
        EXPECT_TRUE(again.has_value());
        if (!again) break;
        EXPECT_EQ(again->save(), reader.save());
        reader = std::move(*again);
    }
    o.interfaces.assign(reader.interfaces().begin(), reader.interfaces().end());
    o.counters = reader.counters();
    o.why = reader.why();
    o.complete = reader.complete() && o.position == file.size();
    return o;
}

TEST(PcapReader, ReadsEveryFormOfPcap) {
    for (int form = 0; form < 12; ++form) {
        PcapOptions options{.link = LinkType::raw, .nanoseconds = (form & 1) != 0};
        options.big_endian = (form & 2) != 0;
        options.kuznetzov = form >= 4 && form < 8;
        if (form >= 8) options.minor_version = form < 10 ? 2 : 3;
        if (options.kuznetzov) options.nanoseconds = false;
        std::string file;
        PcapWriter writer(file, options);
        writer.frame(t0, "abc", 1500);
        writer.frame(t0 + Duration::seconds(1), "");
        writer.frame(t0, std::string(300, 'x'));
        for (const std::size_t window : {std::size_t{1}, std::size_t{17}, file.size()}) {
            const Outcome o = read_all(file, window);
            ASSERT_EQ(o.frames.size(), 3U) << form << ' ' << o.why;
            EXPECT_EQ(o.frames[0].octets, "abc");
            EXPECT_EQ(o.frames[0].wire_length, 1500U);
            EXPECT_EQ(o.frames[0].time.ns, options.nanoseconds ? t0.ns : t0.ns / 1000 * 1000);
            EXPECT_EQ(o.frames[0].link, LinkType::raw);
            EXPECT_TRUE(o.frames[0].timed);
            EXPECT_EQ(o.frames[1].octets, "");
            EXPECT_EQ(o.frames[2].octets, std::string(300, 'x'));
            EXPECT_EQ(o.frames[2].wire_length, 300U);
            EXPECT_EQ(o.counters.frames, 3U);
            EXPECT_EQ(o.state, State::more);
            EXPECT_TRUE(o.complete);
        }
    }
}

// The two lengths of a record, in the order of the version and in the other one.
TEST(PcapReader, TheLengthsOfOldVersions) {
    struct Case {
        std::uint16_t minor;
        std::uint32_t first;
        std::uint32_t second;
    };
    for (const Case& c :
         {Case{0, 1500, 60}, Case{1, 1500, 60}, Case{2, 1500, 60}, Case{2, 60, 1500},
          Case{3, 1500, 60}, Case{3, 60, 1500}, Case{4, 60, 1500}}) {
        std::string file;
        PcapWriter writer(file, {.minor_version = c.minor});
        for (int i = 0; i < 2; ++i) writer.frame(t0, std::string(60, 'x'), 1500);
        for (const std::size_t record : {std::size_t{24}, std::size_t{24 + 16 + 60}}) {
            for (unsigned octet = 0; octet < 4; ++octet) {
                file[record + 8 + octet] = static_cast<char>(c.first >> (8 * octet));
                file[record + 12 + octet] = static_cast<char>(c.second >> (8 * octet));
            }
        }
        const Outcome o = read_all(file);
        ASSERT_EQ(o.frames.size(), 2U) << c.minor << ' ' << c.first << ' ' << o.why;
        EXPECT_EQ(o.frames[1].octets, std::string(60, 'x'));
        EXPECT_EQ(o.frames[1].wire_length, 1500U);
        EXPECT_TRUE(o.complete);
    }
}

TEST(PcapReader, ReadsTheCompleteRecordsOfATruncatedFile) {
    std::string file;
    PcapWriter writer(file);
    for (int i = 0; i < 5; ++i) writer.frame(t0, std::string(40, 'a'));
    for (std::size_t size = 24; size < file.size(); ++size) {
        const Outcome o = read_all(file.substr(0, size));
        EXPECT_EQ(o.frames.size(), (size - 24) / 56);
        EXPECT_EQ(o.position, 24 + o.frames.size() * 56);
        EXPECT_EQ(o.state, State::more);
        EXPECT_EQ(o.complete, (size - 24) % 56 == 0);
    }
    for (std::size_t size = 0; size < 24; ++size) {
        const Outcome o = read_all(file.substr(0, size));
        EXPECT_EQ(o.state, State::more);
        EXPECT_FALSE(o.complete);
    }
}

TEST(PcapReader, TheSinkMayStopAfterAnyFrame) {
    std::string file;
    PcapWriter writer(file);
    for (int i = 0; i < 3; ++i) writer.frame(t0, "abcd");
    Reader reader;
    std::size_t at = 0;
    for (std::uint64_t i = 1; i <= 3; ++i) {
        const Progress p =
            reader.read(as_octets(file).subspan(at), [](const Frame&) { return false; });
        EXPECT_EQ(p.state, State::stopped);
        at += p.consumed;
        EXPECT_EQ(at, 24 + i * 20);
        EXPECT_EQ(reader.counters().frames, i);
    }
}

TEST(PcapReader, IgnoresAnImpossibleSnapLength) {
    for (const std::uint32_t snap : {0U, 1U, 0xffff'ffffU}) {
        std::string file;
        PcapWriter(file).frame(t0, "abcd");
        for (std::size_t i = 0; i < 4; ++i) file[16 + i] = static_cast<char>(snap >> (8 * i));
        EXPECT_EQ(read_all(file).frames.size(), 1U);
    }
}

TEST(PcapReader, IgnoresTheUpperBitsOfTheLinkType) {
    std::string file;
    PcapWriter writer(file, {.link = LinkType::ethernet});
    file[23] = 0x24;
    writer.frame(t0, "abcd");
    EXPECT_EQ(read_all(file).frames.at(0).link, LinkType::ethernet);
}

TEST(PcapReader, StopsAtAnImpossibleRecord) {
    for (const bool old : {false, true}) {
        std::string file;
        PcapWriter writer(file, {.kuznetzov = old});
        writer.frame(t0, "abcd");
        const std::size_t good = file.size();
        writer.frame(t0, "efgh");
        file[good + 11] = 0x10;
        const Outcome o = read_all(file);
        EXPECT_EQ(o.frames.size(), 1U);
        EXPECT_EQ(o.state, State::corrupt);
        EXPECT_EQ(o.position, good);
        EXPECT_NE(o.why.find("268435460"), std::string::npos) << o.why;
    }
}

TEST(PcapReader, ReadsTheLargestRecord) {
    std::string file;
    PcapWriter writer(file);
    writer.frame(t0, std::string(max_captured, 'x'));
    EXPECT_EQ(read_all(file, 1000).frames.size(), 1U);
    for (const bool old : {false, true}) {
        std::string longer;
        PcapWriter(longer, {.kuznetzov = old, .snap_length = 2 * max_captured})
            .frame(t0, std::string(max_captured + 1, 'x'));
        EXPECT_EQ(read_all(longer).state, State::corrupt);
    }
}

TEST(PcapReader, RefusesOtherFiles) {
    for (const std::string file : {"GIF89a...................", "\x1f\x8b\x08\x01", "    "}) {
        Reader reader;
        const Progress p = reader.read(as_octets(file), [](const Frame&) {});
        EXPECT_EQ(p.state, State::corrupt);
        EXPECT_EQ(p.consumed, 0U);
        EXPECT_FALSE(reader.is_capture());
        EXPECT_FALSE(reader.complete());
        EXPECT_NE(reader.why(), "");
    }
    std::string file;
    PcapWriter writer(file);
    file[4] = 7;  // version
    EXPECT_EQ(read_all(file).state, State::corrupt);
}

TEST(PcapReader, RestoreRefusesOtherOctets) {
    std::string file;
    PcapngWriter writer(file);
    writer.interface({.name = "eth0"});
    Reader reader;
    (void)reader.read(as_octets(file), [](const Frame&) {});
    const std::string saved = reader.save();
    ASSERT_TRUE(Reader::restore(saved).has_value());
    for (std::size_t size = 0; size < saved.size(); ++size)
        EXPECT_FALSE(Reader::restore(saved.substr(0, size)).has_value()) << size;
    EXPECT_FALSE(Reader::restore(saved + "x").has_value());
}

}  // namespace
}  // namespace octroi::pcap
