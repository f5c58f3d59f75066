// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/journal/journal.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "host/testing/fake_datagrams.hpp"
#include "host/testing/folder.hpp"

namespace octroi::journal {
namespace {

using octroi::testing::FakeDatagrams;
using octroi::testing::Folder;

constexpr UtcTime now = UtcTime::from_seconds(1'700'000'000);

std::vector<std::byte> octets_of(const std::string& text) {
    const auto span = as_octets(text);
    return {span.begin(), span.end()};
}

std::string text_of(const Message& message) {
    std::string text(message.octets.size(), ' ');
    std::memcpy(text.data(), message.octets.data(), text.size());
    return text;
}

Address sender(std::uint8_t last) { return Address::v4(0xC0000200U | last); }

class JournalTest : public ::testing::Test {
protected:
    JournalTest() {
        options_.shape = {512, 16};
        options_.limit_octets = 4 * Segment::octets_of(options_.shape) + 40 * overflow_stride;
        options_.boot_id = "first boot";
        options_.ready_octets = 0;
        reopen();
    }
    // As after a kill: the old journal gets no call.
    void reopen(Position from = {}) {
        journal_.reset();
        folder_.reset();
        auto folder = OwnFolder::open(place_.file("journal"));
        ASSERT_TRUE(folder.has_value()) << folder.error().text;
        folder_ = std::make_unique<OwnFolder>(std::move(*folder));
        auto journal = Journal::open(*folder_, options_, from);
        ASSERT_TRUE(journal.has_value()) << journal.error().text;
        journal_ = std::move(*journal);
    }
    void send(const std::string& text) { source_.push(sender(1), octets_of(text)); }
    std::size_t receive() {
        const auto got = journal_->writer().receive(source_, now);
        EXPECT_TRUE(got.has_value());
        return got.value_or(0);
    }
    void receive_all() {
        while (source_.left() > 0 && receive() > 0) {
        }
    }
    std::vector<std::string> read_all() {
        std::vector<std::string> texts;
        Message message;
        while (journal_->reader().next(message)) texts.push_back(text_of(message));
        return texts;
    }

    Folder place_;
    Options options_;
    FakeDatagrams source_;
    std::unique_ptr<OwnFolder> folder_;
    std::unique_ptr<Journal> journal_;
};

TEST_F(JournalTest, GivesMessagesInOrderWithSenderAndTime) {
    send("one");
    source_.push(Address::v6(std::array<std::uint8_t, 16>{0x20, 1, 0xd, 0xb8}.data()),
                 octets_of("two"));
    EXPECT_EQ(receive(), 2U);
    Message message;
    ASSERT_TRUE(journal_->reader().next(message));
    EXPECT_EQ(text_of(message), "one");
    EXPECT_EQ(message.sender, sender(1));
    EXPECT_EQ(message.received, now);
    EXPECT_EQ(message.transport, Transport::datagram);
    ASSERT_TRUE(journal_->reader().next(message));
    EXPECT_EQ(text_of(message), "two");
    EXPECT_EQ(to_string(message.sender), "2001:db8::");
    EXPECT_FALSE(journal_->reader().next(message));
}

TEST_F(JournalTest, ContinuesInTheNextSegmentWithoutALoss) {
    std::vector<std::string> sent;
    for (int i = 0; i < 40; ++i) {
        sent.push_back("message " + std::to_string(i));
        send(sent.back());
    }
    receive_all();
    EXPECT_EQ(read_all(), sent);
    EXPECT_GT(journal_->reader().position().segment, 2U);
}

TEST_F(JournalTest, KeepsDatagramsLongerThanASlotWhole) {
    const std::string whole(1300, 'x');
    send("before");
    send(whole);
    send("behind");
    receive_all();
    EXPECT_EQ(read_all(), (std::vector<std::string>{"before", whole, "behind"}));
}

TEST_F(JournalTest, LongDatagramsSurviveAKillAndFreeTheirSpace) {
    const std::string longest(max_datagram, 'y');
    for (int i = 0; i < 18; ++i) send(longest);
    receive_all();
    reopen();
    EXPECT_GT(journal_->held_octets(), 18 * overflow_stride);
    EXPECT_EQ(read_all(), std::vector<std::string>(18, longest));
    journal_->release(journal_->reader().position());
    EXPECT_LT(journal_->held_octets(), 4 * overflow_stride);
}

TEST_F(JournalTest, AfterAKillNothingIsMissingAndNothingComesTwice) {
    for (int i = 0; i < 20; ++i) send(std::to_string(i));
    receive_all();
    Message message;
    for (int i = 0; i < 7; ++i) ASSERT_TRUE(journal_->reader().next(message));
    const Position committed = journal_->reader().position();
    for (int i = 0; i < 6; ++i)
        ASSERT_TRUE(journal_->reader().next(message));  // read and not committed
    reopen(committed);
    auto texts = read_all();
    ASSERT_EQ(texts.size(), 13U);
    EXPECT_EQ(texts.front(), "7");
    EXPECT_EQ(texts.back(), "19");
    send("new");
    receive_all();
    EXPECT_EQ(read_all(), std::vector<std::string>{"new"});
}

TEST_F(JournalTest, StopsAtItsLimitAndContinuesAfterARelease) {
    options_.limit_octets = 4 * Segment::octets_of(options_.shape);
    reopen();
    for (int i = 0; i < 90; ++i) send(std::to_string(i));
    receive_all();
    EXPECT_TRUE(journal_->writer().is_full());
    EXPECT_EQ(source_.left(), 90U - 4 * 16);
    EXPECT_EQ(read_all().size(), 64U);
    journal_->release(journal_->reader().position());
    receive_all();
    EXPECT_EQ(source_.left(), 0U);
    const auto texts = read_all();
    ASSERT_EQ(texts.size(), 26U);
    EXPECT_EQ(texts.front(), "64");
    EXPECT_LE(journal_->held_octets(), options_.limit_octets);
}

TEST_F(JournalTest, ReleasedMessagesDoNotComeAgainEvenWithoutACursor) {
    for (int i = 0; i < 20; ++i) send(std::to_string(i));
    receive_all();
    EXPECT_EQ(read_all().size(), 20U);
    journal_->release(journal_->reader().position());
    reopen();  // the ledger is a new one
    EXPECT_EQ(read_all(), (std::vector<std::string>{"16", "17", "18", "19"}));
}

TEST_F(JournalTest, OfAnotherBootOnlySyncedMessagesCount) {
    send("synced");
    receive_all();
    ASSERT_TRUE(journal_->sync().has_value());
    send("not synced");
    receive_all();
    options_.boot_id = "second boot";
    reopen();
    EXPECT_EQ(read_all(), std::vector<std::string>{"synced"});
}

TEST_F(JournalTest, SetsDamagedFilesAside) {
    send("one");
    receive_all();
    journal_.reset();
    const std::string file = place_.file("journal/000000.journal");
    ASSERT_TRUE(std::filesystem::exists(file));
    std::filesystem::resize_file(file, 100);
    reopen();
    EXPECT_EQ(journal_->damaged(), 1U);
    EXPECT_TRUE(std::filesystem::exists(file + ".damaged"));
    send("two");
    receive_all();
    EXPECT_EQ(read_all(), std::vector<std::string>{"two"});
}

TEST_F(JournalTest, ASecondProcessIsRefused) {
    const auto second = OwnFolder::open(place_.file("journal"));
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, ErrorCode::busy);
}

// In any order of receiving, reading, committing, killing and reopening: the messages that are
// read and committed are those that were sent, once and in order.
TEST_F(JournalTest, RandomRestartsGiveEveryMessageOnce) {
    std::mt19937_64 random(7);
    std::vector<std::string> sent;
    std::vector<std::string> booked;
    std::vector<std::string> since;
    Position committed;
    for (int step = 0; step < 3000; ++step) {
        const auto dice = random() % 100;
        if (dice < 50 && sent.size() - booked.size() < 30) {
            std::string text = std::to_string(sent.size()) + ' ';
            text.resize(random() % 8 == 0 ? 513 + random() % 2000 : 10 + random() % 400, '.');
            sent.push_back(text);
            send(text);
            if (random() % 2 == 0) receive_all();
        } else if (dice < 80) {
            receive_all();
            Message message;
            for (std::uint64_t n = random() % 20; n > 0 && journal_->reader().next(message); --n)
                since.push_back(text_of(message));
        } else if (dice < 95) {
            booked.insert(booked.end(), since.begin(), since.end());
            since.clear();
            committed = journal_->reader().position();
            journal_->release(committed);
        } else {
            receive_all();
            since.clear();
            reopen(committed);
        }
    }
    do {
        receive_all();
        for (const std::string& text : read_all()) since.push_back(text);
        journal_->release(journal_->reader().position());
    } while (source_.left() > 0);
    booked.insert(booked.end(), since.begin(), since.end());
    ASSERT_EQ(booked.size(), sent.size());
    EXPECT_EQ(booked, sent);
}

}  // namespace
}  // namespace octroi::journal
