// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/top.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "support/golden.hpp"
#include "view/text.hpp"
#include "view/top_screen.hpp"

namespace octroi {
namespace {

using Answer = TopModel::Answer;

TopEntry entry(std::string identity, std::string account, std::uint64_t received,
               std::uint64_t sent) {
    TopEntry e;
    e.identity = std::move(identity);
    e.account = std::move(account);
    e.service = received > sent ? "https" : "ssh";
    e.peer = "world";
    e.received = {Bytes(received), Packets(received / 1000), Flows(0)};
    e.sent = {Bytes(sent), Packets(sent / 1000), Flows(0)};
    return e;
}

TopSample sample(int second, std::vector<TopEntry> entries, std::uint64_t lost = 0) {
    return {UtcTime::from_seconds(1'795'269'000 + second), Duration::seconds(1), std::move(entries),
            lost};
}

// One minute of five hosts; one of them sends nothing at the end.
TopModel example(bool with_losses = false) {
    TopModel model({"eth0", "wlan0"});
    for (int i = 0; i < 60; ++i) {
        const auto wave = static_cast<std::uint64_t>((i * 7) % 23);
        std::vector<TopEntry> entries{
            entry("192.168.1.10", "alice", 1'000'000 * (20 + wave), 500'000),
            entry("2001:db8:12:34:56:78ff:fe9a:4", "Zürich", 9'000'000, 3'000'000 + 100'000 * wave),
            entry("192.168.1.11", "東京支店", 125'000, 2'000'000),
            entry("192.168.1.66", "@unattributed", 40'000, 10),
        };
        if (i < 50) entries.push_back(entry("192.168.1.99", "lab", 70'000'000, 0));
        model.add(sample(i, std::move(entries), with_losses && i > 40 ? 21 : 0));
    }
    return model;
}

// A router that sees each packet of a download twice.
TopModel with_duplicates() {
    TopModel model({"wan", "lan"});
    TopEntry duplicate;
    duplicate.identity = duplicate.account = duplicate.peer = "@excluded/duplicate";
    duplicate.service = "https";
    duplicate.neither = {Bytes(500'000), Packets(350), Flows(0)};
    duplicate.excluded = true;
    for (int i = 0; i < 5; ++i)
        model.add(sample(i, {entry("10.1.0.7", "chem", 500'000, 0), duplicate}));
    return model;
}

std::string without_styles(std::string_view frame) {
    std::string out;
    for (std::size_t i = 0; i < frame.size(); ++i) {
        if (frame[i] == '\x1b') {
            while (i < frame.size() &&
                   !((frame[i] >= 'A' && frame[i] <= 'Z') || (frame[i] >= 'a' && frame[i] <= 'z')))
                ++i;
        } else if (frame[i] != '\r') {
            if (frame[i] == '\n') out.erase(out.find_last_not_of(' ') + 1);
            out.push_back(frame[i]);
        }
    }
    return out.erase(out.find_last_not_of(' ') + 1);
}

std::string visible_escapes(std::string_view frame) {
    std::string out;
    for (const char c : frame) {
        if (c == '\x1b') {
            out += "␛";
        } else if (c != '\r') {
            out.push_back(c);
        }
    }
    return out;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines{""};
    for (const char c : text) {
        if (c == '\n') {
            lines.emplace_back();
        } else {
            lines.back().push_back(c);
        }
    }
    return lines;
}

TEST(TopModel, RatesAreMeansOverTheLastSamples) {
    TopModel model({"eth0"});
    model.add(sample(0, {entry("a", "x", 1000, 0)}));
    ASSERT_EQ(model.lines().size(), 1U);
    EXPECT_EQ(model.lines()[0].received_rate, 8000U);
    model.add(sample(1, {entry("a", "x", 3000, 0)}));
    EXPECT_EQ(model.lines()[0].received_rate, 16000U);
    model.add(sample(2, {}));
    EXPECT_EQ(model.lines()[0].received_rate, 32000U / 3);
    model.add(sample(3, {}));
    EXPECT_EQ(model.lines()[0].received_rate, 8000U);
    model.add(sample(4, {}));
    EXPECT_EQ(model.lines()[0].rate(), 0U);
    EXPECT_EQ(model.lines()[0].total_bytes, 4000U);
}

TEST(TopModel, EntriesWithOneNameAreSummed) {
    TopModel model({"eth0"});
    model.add(
        sample(0, {entry("a", "x", 1000, 10), entry("a", "x", 500, 20), entry("b", "x", 1, 2000)}));
    const auto lines = model.lines();
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0].name, "b");
    EXPECT_EQ(lines[1].received_rate, 12000U);
    EXPECT_EQ(lines[1].sent_rate, 240U);
    EXPECT_EQ(model.totals().received_bytes, 1501U);
    EXPECT_EQ(model.totals().sent_bytes, 2030U);
    EXPECT_EQ(model.totals().peak.sent, 2030U * 8);
}

TEST(TopModel, KeysGroupSortAndQuit) {
    TopModel model({"eth0"});
    model.add(sample(0, {entry("a", "x", 1000, 0), entry("b", "x", 10, 900)}));
    EXPECT_EQ(model.key('g'), Answer::redraw);
    EXPECT_EQ(model.group(), TopGroup::account);
    ASSERT_EQ(model.lines().size(), 1U);
    EXPECT_EQ(model.lines()[0].name, "x");
    EXPECT_EQ(model.key('g'), Answer::redraw);
    ASSERT_EQ(model.lines().size(), 2U);  // https and ssh
    EXPECT_EQ(model.key('g'), Answer::redraw);
    EXPECT_EQ(model.lines()[0].name, "world");
    EXPECT_EQ(model.key('g'), Answer::redraw);
    EXPECT_EQ(model.group(), TopGroup::identity);
    EXPECT_EQ(model.lines()[0].name, "a");
    EXPECT_EQ(model.key('s'), Answer::redraw);  // received
    EXPECT_EQ(model.key('s'), Answer::redraw);  // sent
    EXPECT_EQ(model.sort(), TopSort::sent);
    EXPECT_EQ(model.lines()[0].name, "b");
    EXPECT_EQ(model.key('u'), Answer::redraw);
    EXPECT_EQ(model.units(), Units::si);
    EXPECT_EQ(model.key('x'), Answer::nothing);
    EXPECT_EQ(model.key('q'), Answer::quit);
    EXPECT_EQ(model.key('\x03'), Answer::quit);
}

TEST(TopModel, ArrowsScrollWithinTheRows) {
    TopModel model = example();
    const auto type = [&](std::string_view keys) {
        Answer last = Answer::nothing;
        for (const char c : keys) last = model.key(c);
        return last;
    };
    EXPECT_EQ(type("\x1b[B"), Answer::redraw);
    EXPECT_EQ(model.scroll(), 1U);
    EXPECT_EQ(type("\x1b[6~"), Answer::redraw);
    EXPECT_EQ(model.scroll(), 4U);
    EXPECT_EQ(type("\x1bOB"), Answer::nothing);
    EXPECT_EQ(type("\x1b[A"), Answer::redraw);
    EXPECT_EQ(model.scroll(), 3U);
    EXPECT_EQ(type("\x1b[H"), Answer::redraw);
    EXPECT_EQ(model.scroll(), 0U);
    EXPECT_EQ(type("k"), Answer::nothing);
    // An unknown sequence does nothing, and the next key works.
    EXPECT_EQ(type("\x1b[1;5C"), Answer::nothing);
    EXPECT_EQ(type("\x1b[99999999999999"), Answer::nothing);
    EXPECT_EQ(type("\x1bq"), Answer::quit);
}

TEST(TopModel, APauseKeepsTheScreenAndLosesNoSample) {
    TopModel model({"eth0"});
    model.add(sample(0, {entry("a", "x", 1000, 0)}));
    EXPECT_EQ(model.key('p'), Answer::redraw);
    model.add(sample(1, {entry("b", "x", 5000, 0)}));
    EXPECT_EQ(model.lines().size(), 1U);
    EXPECT_EQ(model.totals().samples, 1U);
    EXPECT_EQ(model.key('p'), Answer::redraw);
    EXPECT_EQ(model.lines().size(), 2U);
    EXPECT_EQ(model.totals().received_bytes, 6000U);
}

TEST(TopModel, IsBoundedAndEvictedRowsKeepTheirBytes) {
    TopModel model({"eth0"});
    std::uint64_t sent = 0;
    for (int second = 0; second < 5; ++second) {
        std::vector<TopEntry> entries;
        for (std::size_t i = 0; i < TopModel::tracks_max; ++i) {
            const std::uint64_t bytes = 1 + i % 97;
            entries.push_back(entry(fmt::format("host-{}-{}", second, i), "x", bytes, 0));
            sent += bytes;
        }
        model.add(sample(second, std::move(entries)));
    }
    const auto lines = model.lines();
    EXPECT_LE(lines.size(), TopModel::tracks_max + 1);
    EXPECT_EQ(lines.back().name, "(others)");
    std::uint64_t total = 0;
    for (const TopLine& line : lines) total += line.total_bytes;
    EXPECT_EQ(total, sent);
    for (int second = 0; second < 2000; ++second) model.add(sample(second, {}));
    EXPECT_EQ(model.totals().history.size(), TopModel::history_max);
}

TEST(TopModel, SaturatesInsteadOfOverflowing) {
    TopModel model({"eth0"});
    for (int i = 0; i < 3; ++i) model.add(sample(i, {entry("a", "x", UINT64_MAX, UINT64_MAX)}));
    EXPECT_EQ(model.lines()[0].total_bytes, UINT64_MAX);
    EXPECT_EQ(model.lines()[0].rate(), UINT64_MAX);
    EXPECT_FALSE(render(model, {100, 30}, {}).empty());
}

TEST(TopScreen, Goldens) {
    const TopModel model = example();
    const ScreenOptions plain{.colour = false, .unicode = true, .zone = Zone::utc()};
    support::expect_golden("view/top_100x24.txt", without_styles(render(model, {100, 24}, plain)));
    support::expect_golden("view/top_60x16.txt", without_styles(render(model, {60, 16}, plain)));
    support::expect_golden("view/top_38x7.txt", without_styles(render(model, {38, 7}, plain)));
    const ScreenOptions ascii{.colour = false, .unicode = false, .zone = Zone::utc()};
    support::expect_golden("view/top_ascii.txt", without_styles(render(model, {100, 24}, ascii)));
    support::expect_golden("view/top_losses_coloured.txt",
                           visible_escapes(render(example(true), {110, 20}, {})));
    TopModel paused = example();
    for (const char c : std::string_view("gsup")) (void)paused.key(c);
    support::expect_golden("view/top_paused_by_account.txt",
                           without_styles(render(paused, {120, 20}, plain)));
}

TEST(TopScreen, EmptyStatesSayWhatToDo) {
    TopModel model({"eth0"});
    EXPECT_NE(render(model, {80, 24}, {}).find("Waiting for traffic on eth0"), std::string::npos);
    for (int i = 0; i < 5; ++i) model.add(sample(i, {}));
    EXPECT_NE(render(model, {80, 24}, {}).find("`octroi doctor` looks"), std::string::npos);
}

TEST(TopScreen, IsNeverWiderOrHigherThanTheTerminal) {
    TopModel model = example(true);
    for (int columns = 1; columns <= 140; columns += 3) {
        for (int rows = 1; rows <= 40; rows += 3) {
            for (const bool colour : {false, true}) {
                const std::string frame = render(model, {columns, rows}, {.colour = colour});
                const auto lines = lines_of(without_styles(frame));
                ASSERT_LE(lines.size(), static_cast<std::size_t>(rows)) << columns << "x" << rows;
                for (const auto& line : lines)
                    ASSERT_LE(text_width(line), columns) << columns << "x" << rows;
            }
        }
    }
    EXPECT_EQ(render(model, {0, 0}, {}), "");
}

TEST(TopScreen, TheLastPageIsFull) {
    TopModel model = example();
    for (int i = 0; i < 4; ++i) EXPECT_EQ(model.key('j'), Answer::redraw);
    const std::string frame = without_styles(render(model, {38, 4}, {.colour = false}));
    EXPECT_EQ(lines_of(frame).size(), 4U);  // rates, header, and the last two of five rows
    EXPECT_EQ(frame.find("192.168.1.10"), std::string::npos);
    EXPECT_NE(frame.find("320 kbit/s"), std::string::npos);
}

TEST(TopScreen, ForeignNamesCannotActOnTheTerminal) {
    TopModel model({"eth0\x1b]0;x\x07"});
    model.add(sample(0, {entry("evil\x1b[2J", "acc\nount", 1000, 0)}));
    const std::string frame = render(model, {120, 30}, {.colour = false});
    EXPECT_EQ(frame.find("\x1b[2J"), std::string::npos);
    EXPECT_EQ(frame.find("\x1b]"), std::string::npos);
    EXPECT_EQ(frame.find("acc\nount"), std::string::npos);
}

TEST(Graph, DrawsTheNewestOnTheRight) {
    const std::vector<std::uint64_t> values{0, 1, 4, 8, 16};
    EXPECT_EQ(graph(values, 16, 6, 1), (std::vector<std::string>{"  ▁▂▄█"}));
    EXPECT_EQ(graph(values, 16, 3, 2), (std::vector<std::string>{"  █", "▄██"}));
    EXPECT_EQ(graph(values, 16, 3, 1, false), (std::vector<std::string>{"..#"}));
    EXPECT_EQ(graph({}, 0, 3, 1), (std::vector<std::string>{"   "}));
    EXPECT_EQ(graph(values, 16, 0, 1), (std::vector<std::string>{""}));
}

TEST(Top, DuplicatesAreNeitherSentNorInAnySum) {
    TopModel model = with_duplicates();
    EXPECT_EQ(model.totals().history.back().received, 4'000'000U);
    EXPECT_EQ(model.totals().history.back().sent, 0U);
    EXPECT_EQ(model.totals().sent_bytes, 0U);
    EXPECT_EQ(model.totals().excluded_rate, 4'000'000U);
    EXPECT_EQ(model.totals().excluded_bytes, 2'500'000U);
    for (int group = 0; group < 4; ++group) {
        const auto lines = model.lines();
        ASSERT_EQ(lines.size(), 2U);
        EXPECT_EQ(lines[0].rate(), 4'000'000U) << lines[0].name;
        EXPECT_EQ(lines[1].name, "@excluded/duplicate");
        EXPECT_TRUE(lines[1].excluded);
        EXPECT_EQ(lines[1].sent_rate, 0U);
        (void)model.key('g');
    }
    support::expect_golden("view/top_duplicates.txt",
                           without_styles(render(model, {100, 18}, {.colour = false})) + "\n");
}

}  // namespace
}  // namespace octroi
