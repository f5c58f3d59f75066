// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/usual_line.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "wire/log/testing/read_lines.hpp"

namespace octroi::logline {
namespace {

using testing::Lines;

TEST(UsualLine, HasTheEntryOfTheWholeFormat) {
    UsualLine reader(true);
    Entry entry;
    ASSERT_TRUE(reader.read(R"(a.example:443 192.0.2.1 - - [29/May/2017:19:02:48 +0000] )"
                            R"("GET / HTTP/1.1" 401 612 "-")",
                            entry));
    EXPECT_EQ(entry.domain, "a.example");
    EXPECT_EQ(entry.server.port, 443);
    EXPECT_EQ(to_string(entry.client.address), "192.0.2.1");
    EXPECT_EQ(entry.client.text, "192.0.2.1");
    EXPECT_EQ(entry.status, "401");
    EXPECT_TRUE(entry.user_unverified);
    EXPECT_EQ(entry.out.value, 612U);
    EXPECT_EQ(entry.time.local_ns, 1'496'084'568'000'000'000);
}

TEST(UsualLine, LeavesWhatIsUnusual) {
    const auto is_read = [](const std::string& line) {
        Entry entry;
        return UsualLine(false).read(line, entry);
    };
    const std::string behind = R"( [29/May/2017:19:02:48 +0000] "GET / HTTP/1.1" 200 612)";
    EXPECT_TRUE(is_read("192.0.2.1 - -" + behind));
    EXPECT_FALSE(is_read("192.0.2.1 - ann" + behind));
    EXPECT_FALSE(is_read("192.0.2.01 - -" + behind));
    EXPECT_FALSE(is_read("2001:db8::1 - -" + behind));
    EXPECT_FALSE(is_read("host.example - -" + behind));
    EXPECT_FALSE(is_read("192.0.2.1 - -" + behind + "k"));
    EXPECT_FALSE(is_read(R"(192.0.2.1 - - [31/Jun/2017:19:02:48 +0000] "GET /" 200 6)"));
    EXPECT_FALSE(is_read(R"(192.0.2.1 - - [29/May/2017:19:02:48 +0000] "GET /\" 200 6" 200 5)"));
    EXPECT_FALSE(is_read(R"(192.0.2.1 - - [29/May/2017:19:02:48 +0000] "GET /" 200 )"));
    EXPECT_FALSE(is_read(""));
}

// A line with a user is read by the reader of the whole format: but for the user, both must have
// the same entry, whatever is in the line.
TEST(UsualLine, AgreesWithTheReaderOfTheWholeFormat) {
    std::mt19937 random(20261201);
    const auto one_of = [&](const std::vector<std::string>& texts) {
        return texts[random() % texts.size()];
    };
    const std::string octets = "0123456789:.-[]\" \\ax/+\r\t" + std::string("\0\xff", 2);
    const auto damaged = [&](std::string text) {
        if (text.empty() || random() % 4 != 0) return text;
        const std::size_t at = random() % text.size();
        switch (random() % 3) {
            case 0:
                text[at] = octets[random() % octets.size()];
                break;
            case 1:
                text.erase(at, 1 + random() % 3);
                break;
            default:
                text.insert(at, 1, octets[random() % octets.size()]);
        }
        return text;
    };
    Lines usual("vhost-combined");
    Lines whole("vhost-combined");
    int good = 0;
    for (int i = 0; i < 40'000; ++i) {
        const std::string host = damaged(one_of(
            {"a.example:443", "a.example", "www.a.example:65535", "[2001:db8::1]:80", "x:99999"}));
        const std::string client = damaged(
            one_of({"192.0.2.1", "255.255.255.255", "1.2.3.4", "2001:db8::1", "host.example"}));
        const std::string behind = damaged(
            fmt::format(R"({}/{}/20{:02}:{:02}:02:48 {}] "{}" {} {}{})",
                        one_of({"29", "30", "31", "01"}), one_of({"May", "Jun", "Feb"}),
                        random() % 100, random() % 25, one_of({"+0000", "-0330", "+1400"}),
                        one_of({"GET / HTTP/1.1", "-", "", R"(GET /\"x\" HTTP/1.0)", R"(a" b)"}),
                        one_of({"200", "401", "407", "-", "2000", "20"}),
                        one_of({"612", "0", "-", "999999999999999", "9999999999999999", "12kB"}),
                        one_of({"", R"( "-" "an agent")", " x", "\r", R"( "a" 404 5)"})));
        const std::string begin = host + " " + client + " - ";
        std::string expected = whole.read(begin + "u [" + behind);
        for (const std::string_view of_user : {" user=u", " user?"})
            if (const std::size_t at = expected.find(of_user); at != std::string::npos)
                expected.erase(at, of_user.size());
        ASSERT_EQ(usual.read(begin + "- [" + behind), expected) << begin + "- [" + behind;
        if (!expected.starts_with("bad")) ++good;
    }
    EXPECT_GT(good, 4'000);
}

}  // namespace
}  // namespace octroi::logline
