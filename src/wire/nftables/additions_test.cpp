// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/nftables/additions.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <span>

#include "wire/nftables/nftables.hpp"
#include "wire/nftables/testing/messages.hpp"

namespace octroi::nftables {
namespace {

struct Message {
    std::uint32_t length = 0;
    std::uint16_t type = 0;
    std::uint16_t flags = 0;
    std::uint32_t sequence = 0;
    std::string body;
};

std::vector<Message> messages_of(std::string_view batch) {
    std::vector<Message> all;
    while (batch.size() >= 16) {
        Message& message = all.emplace_back();
        std::memcpy(&message.length, batch.data(), 4);
        std::memcpy(&message.type, batch.data() + 4, 2);
        std::memcpy(&message.flags, batch.data() + 6, 2);
        std::memcpy(&message.sequence, batch.data() + 8, 4);
        EXPECT_LE(message.length, batch.size());
        if (message.length < 16 || message.length > batch.size()) return all;
        message.body = batch.substr(16, message.length - 16);
        batch.remove_prefix(message.length);
    }
    EXPECT_TRUE(batch.empty());
    return all;
}

TEST(NftAdditions, AreABatchWithOneAnswer) {
    Additions made("octroi_t");
    made.add_counter("out-a");
    made.add_element("m1", std::string("\x0a\x01\x00\x00", 4), "out-a");
    made.add_element("m1", std::string("\x0a\x02\x00\x00", 4), "out-b");
    const auto batches = made.drain();
    ASSERT_EQ(batches.size(), 1U);
    const auto messages = messages_of(batches[0]);
    ASSERT_EQ(messages.size(), 4U);
    EXPECT_EQ(messages[0].type, 0x10);
    EXPECT_EQ(messages[0].body, std::string("\0\0\0\x0a", 4));
    EXPECT_EQ(messages[1].type, 0x0a12);
    EXPECT_EQ(messages[1].flags, 0x401);
    const auto counter = decode_counter(std::as_bytes(std::span(messages[1].body)));
    ASSERT_TRUE(counter.has_value());
    EXPECT_EQ(counter->item.table, "octroi_t");
    EXPECT_EQ(counter->item.name, "out-a");
    EXPECT_EQ(messages[2].type, 0x0a0c);
    EXPECT_EQ(messages[2].flags, 0x405) << "the last one is answered";
    EXPECT_EQ(messages[3].type, 0x11);
    const auto element = [](std::string_view key, std::string_view name) {
        std::string value;
        testing::add_attribute(value, 1, key);
        std::string content;
        testing::add_attribute(content, 1 | 0x8000, value);
        testing::add_attribute(content, 9, std::string(name) + '\0');
        std::string out;
        testing::add_attribute(out, 1 | 0x8000, content);
        return out;
    };
    std::string body = testing::inet_header();
    testing::add_attribute(body, 1, std::string("octroi_t\0", 9));
    testing::add_attribute(body, 2, std::string("m1\0", 3));
    testing::add_attribute(body, 3 | 0x8000,
                           element(std::string("\x0a\x01\x00\x00", 4), "out-a") +
                               element(std::string("\x0a\x02\x00\x00", 4), "out-b"));
    EXPECT_EQ(messages[2].body, body);
}

// The length of an attribute has 16 bits, and a batch must fit the send buffer of a socket.
TEST(NftAdditions, AreDivided) {
    Additions made("octroi_t");
    EXPECT_TRUE(made.drain().empty());
    for (int i = 0; i < 10'000; ++i) {
        std::string key(4, '\0');
        std::memcpy(key.data(), &i, 4);
        made.add_element(i < 9000 ? "m1" : "m2", key, "out-" + std::to_string(i));
    }
    const auto batches = made.drain();
    EXPECT_GT(batches.size(), 2U);
    std::size_t elements = 0;
    for (const std::string& batch : batches) {
        EXPECT_LT(batch.size(), 200'000U);
        const auto messages = messages_of(batch);
        ASSERT_GT(messages.size(), 2U);
        for (std::size_t i = 0; i < messages.size(); ++i) EXPECT_EQ(messages[i].sequence, i);
        EXPECT_EQ(messages[messages.size() - 2].flags, 0x405);
        for (const Message& message : messages)
            for (std::size_t at = 0; (at = message.body.find("out-", at)) != std::string::npos;
                 ++at)
                ++elements;
    }
    EXPECT_EQ(elements, 10'000U);
}

}  // namespace
}  // namespace octroi::nftables
