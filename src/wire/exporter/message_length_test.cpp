// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/exporter/message_length.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "support/golden.hpp"

namespace octroi::exporter {
namespace {

using Kind = MessageEnd::Kind;

std::string words(std::initializer_list<std::uint16_t> values) {
    ByteWriter w;
    for (const std::uint16_t value : values) w.be16(value);
    return w.drain();
}

// Header words up to the time, which is 1000 s after 1970.
std::string v5(std::uint16_t count) {
    return words({5, count, 0, 0, 0, 1000}) + std::string(12 + count * 48U, 'x');
}
std::string ipfix(std::uint16_t length) {
    return words({10, length, 0, 1000, 0, 0, 0, 0}) + std::string(length - 16U, 'x');
}
std::string v9(std::initializer_list<std::uint16_t> sets) {
    std::string out = words({9, 1, 0, 0, 0, 1000, 0, 0, 0, 0});
    for (const std::uint16_t id : sets) out += words({id, 12, 7, 7, 7, 7});
    return out;
}
std::string sflow() { return words({0, 5, 0, 1, 1, 1, 0, 0, 0, 1, 0, 2, 0, 0}); }

TEST(MessageLength, OneMessageBehindTheOther) {
    const std::vector<std::string> messages = {v5(2),  v9({0, 256, 1}), ipfix(40), v9({300}),
                                               v5(30), sflow(),         v9({256}), sflow()};
    std::string all;
    for (const std::string& message : messages) all += message;
    std::size_t at = 0;
    for (const std::string& message : messages) {
        const MessageEnd end = find_message_end(as_octets(all).subspan(at), true);
        ASSERT_EQ(end.kind, Kind::whole) << at;
        EXPECT_EQ(end.length, message.size());
        EXPECT_EQ(end.exported, UtcTime::from_seconds(message == sflow() ? 0 : 1000));
        at += end.length;
    }
}

TEST(MessageLength, AsksForMoreUnlessNoneFollows) {
    for (const std::string& message : {v5(3), v9({0, 256}), ipfix(40), sflow()}) {
        const std::string part = message.substr(0, message.size() - 2);
        EXPECT_EQ(find_message_end(as_octets(part), false).kind, Kind::more);
        EXPECT_EQ(find_message_end(as_octets(part), true).kind, Kind::cut);
    }
    // Another set of the v9 message may follow.
    EXPECT_EQ(find_message_end(as_octets(v9({256})), false).kind, Kind::more);
    EXPECT_EQ(find_message_end(as_octets(sflow()), false).kind, Kind::more);
    EXPECT_EQ(find_message_end({}, false).kind, Kind::more);
}

TEST(MessageLength, AnythingElseIsNone) {
    for (const std::string& text :
         {std::string("hello world"), words({10, 15, 0, 0, 0, 0, 0, 0}),
          words({5, 0}) + std::string(60, '\0'), words({5, 2000}) + std::string(60, '\0')})
        EXPECT_EQ(find_message_end(as_octets(text), true).kind, Kind::none);
}

// The seed of the fuzz target: a message of each protocol.
TEST(MessageLength, SeedStandsInTheCorpusAsComposed) {
    const auto file =
        support::source_root() / "test" / "corpus" / "message_length_fuzz" / "one_of_each";
    const std::string octets = v5(1) + v9({0, 256}) + ipfix(40) + sflow() + v9({300}) +
                               words({1, 1, 0, 0, 0, 1000}) + std::string(52, 'x');
    if (std::getenv("OCTROI_UPDATE_GOLDEN") != nullptr)
        std::ofstream(file, std::ios::binary) << octets;
    EXPECT_TRUE(support::read_text(file) == octets) << "./dev golden --update writes it";
}

}  // namespace
}  // namespace octroi::exporter
