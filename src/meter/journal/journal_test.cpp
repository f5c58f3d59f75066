// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/journal/journal.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "host/process.hpp"
#include "host/testing/fake_datagrams.hpp"
#include "host/testing/folder.hpp"
#include "meter/journal/identity.hpp"

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

    // Within ten seconds.
    [[nodiscard]] bool will_have_files(std::size_t count) const {
        const auto files = [&] {
            std::size_t found = 0;
            for (const auto& entry : std::filesystem::directory_iterator(place_.file("journal")))
                found += entry.path().extension() == ".journal" ? 1U : 0U;
            return found;
        };
        for (int i = 0; i < 1000 && files() < count; ++i)
            wait_readable({}, Duration::milliseconds(10));
        return files() == count;
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

TEST_F(JournalTest, SyncsTheMessagesItIsAskedFor) {
    send("early");
    receive_all();
    ASSERT_TRUE(journal_->sync(std::vector<SegmentRing::Written>()).has_value());
    options_.boot_id = "second boot";
    reopen();
    EXPECT_TRUE(read_all().empty());
    send("early");
    receive_all();
    const auto early = journal_->written();
    send("late");
    receive_all();
    ASSERT_TRUE(journal_->sync(early).has_value());
    options_.boot_id = "third boot";
    reopen();
    EXPECT_EQ(read_all(), (std::vector<std::string>{"early", "late"}));
}

TEST_F(JournalTest, ASyncLeavesASegmentAloneThatWasReleasedAndBegunAgain) {
    for (int i = 0; i < 17; ++i) send("in the ledger");
    receive_all();
    const auto written = journal_->written();
    ASSERT_EQ(written.size(), 2U);
    EXPECT_EQ(written[0].slots, 16U);
    EXPECT_EQ(read_all().size(), 17U);
    journal_->release(journal_->reader().position());
    for (int i = 0; i < 20; ++i) send("in the file of the first");
    receive_all();
    ASSERT_TRUE(journal_->sync(written).has_value());
    EXPECT_NE(written[0].segment->number(), written[0].number);
    EXPECT_EQ(written[0].segment->synced(), 0U);
}

TEST_F(JournalTest, PreparesSegmentsAheadOfTheWriter) {
    std::jthread thread([&](const std::stop_token& stop) { journal_->prepare(stop); });
    EXPECT_TRUE(will_have_files(8));
    for (int i = 0; i < 40; ++i) send("message");
    receive_all();
    EXPECT_TRUE(will_have_files(3 + 8)) << "three in use, eight ready";
    thread.request_stop();
    thread.join();
    EXPECT_EQ(read_all().size(), 40U);
}

TEST_F(JournalTest, PreparesNoMoreThanTheLimit) {
    options_.limit_octets = 2 * Segment::octets_of(options_.shape);
    reopen();
    const std::jthread thread([&](const std::stop_token& stop) { journal_->prepare(stop); });
    ASSERT_TRUE(will_have_files(2));
    for (int i = 0; i < 40; ++i) send("message");
    receive_all();
    EXPECT_TRUE(journal_->writer().is_full());
    EXPECT_EQ(read_all().size(), 32U);
    journal_->release(journal_->reader().position());
    receive_all();
    EXPECT_EQ(read_all().size(), 8U);
    EXPECT_TRUE(will_have_files(2));
}

// The process may open so many more files until the object ends.
class FewMoreFiles {
public:
    explicit FewMoreFiles(rlim_t more) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const int lowest_free = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        ::close(lowest_free);
        rlimit limit = before_;
        limit.rlim_cur = static_cast<rlim_t>(lowest_free) + more;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    FewMoreFiles(const FewMoreFiles&) = delete;
    FewMoreFiles& operator=(const FewMoreFiles&) = delete;
    ~FewMoreFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

// The ledger and the syncs need descriptors too.
TEST_F(JournalTest, WithFewDescriptorsItIsFullUntilSegmentsAreReleased) {
    send("first");
    receive_all();
    const FewMoreFiles limited(spare_descriptors / 2);
    for (int i = 0; i < 20; ++i) send("message");
    receive_all();
    EXPECT_TRUE(journal_->writer().is_full());
    EXPECT_EQ(read_all().size(), 16U);
    EXPECT_TRUE(read_all().empty());
    journal_->release(journal_->reader().position());
    receive_all();
    EXPECT_FALSE(journal_->writer().is_full());
    EXPECT_EQ(read_all().size(), 5U);
}

TEST_F(JournalTest, SetsDamagedFilesAside) {
    send("one");
    receive_all();
    journal_.reset();
    const std::string file = place_.file("journal/000000.journal");
    ASSERT_TRUE(std::filesystem::exists(file));
    std::filesystem::resize_file(file, 100);
    reopen();
    EXPECT_EQ(journal_->lost(), 1U);
    EXPECT_TRUE(std::filesystem::exists(file + ".damaged"));
    // Until the ledger has the loss, each process reports it.
    reopen();
    EXPECT_EQ(journal_->lost(), 1U);
    ASSERT_TRUE(journal_->confirm_lost());
    reopen();
    EXPECT_EQ(journal_->lost(), 0U);
    send("two");
    receive_all();
    EXPECT_EQ(read_all(), std::vector<std::string>{"two"});
}

TEST_F(JournalTest, KnowsWhichFilesAreMissing) {
    for (int i = 0; i < 40; ++i) send(std::to_string(i));
    receive_all();
    journal_.reset();
    // The last one: no later number shows that it was there.
    ASSERT_TRUE(std::filesystem::remove(place_.file("journal/000002.journal")));
    reopen();
    EXPECT_EQ(journal_->lost(), 1U);
    EXPECT_EQ(read_all().size(), 32U);
    ASSERT_TRUE(journal_->confirm_lost());
    reopen({2, 3});
    EXPECT_EQ(journal_->lost(), 0U);
    journal_.reset();
    // Another kind of file in its place is no segment, and is not opened.
    for (const char* name : {"journal/000000.journal", "journal/000001.journal"})
        std::filesystem::rename(place_.file(name), place_.file(name) + ".elsewhere");
    std::filesystem::create_symlink(place_.file("journal/000000.journal.elsewhere"),
                                    place_.file("journal/000000.journal"));
    std::filesystem::create_directory(place_.file("journal/000001.journal"));
    reopen({2, 3});
    EXPECT_GE(journal_->lost(), 2U);
    EXPECT_TRUE(read_all().empty());
}

TEST_F(JournalTest, SegmentsOfAnotherJournalDoNotCount) {
    options_.id = "one";
    reopen();
    send("mine");
    receive_all();
    options_.id = "two";
    reopen();
    EXPECT_EQ(journal_->lost(), 1U);
    EXPECT_TRUE(read_all().empty());
}

// The pages behind the new end are gone: an access there would end the process.
TEST_F(JournalTest, SurvivesAFileThatIsCutWhileItIsInUse) {
    for (int i = 0; i < 5; ++i) send(std::to_string(i));
    receive_all();
    const std::string file = place_.file("journal/000000.journal");
    const auto size = std::filesystem::file_size(file);
    std::filesystem::resize_file(file, 4096);
    EXPECT_TRUE(read_all().empty());
    ASSERT_TRUE(journal_->writer().append({as_octets("lost"), sender(1), 1, now, {}}));
    const Status synced = journal_->sync();
    ASSERT_FALSE(synced);
    EXPECT_NE(synced.error().text.find(file), std::string::npos) << synced.error().text;
    reopen();
    EXPECT_EQ(journal_->lost(), 1U) << "of " << size << " octets";
}

TEST_F(JournalTest, NoticesThatAFileWasRemovedWhileItIsInUse) {
    send("still here");
    receive_all();
    ASSERT_TRUE(std::filesystem::remove(place_.file("journal/000000.journal")));
    EXPECT_FALSE(journal_->sync());
    EXPECT_EQ(read_all(), std::vector<std::string>{"still here"});
}

TEST_F(JournalTest, KeepsItsIdWithoutTheFile) {
    const std::string id = *journal_id(*folder_);
    EXPECT_EQ(*journal_id(*folder_), id);
    options_.id = id;
    reopen();
    send("one");
    receive_all();
    journal_.reset();
    ASSERT_TRUE(std::filesystem::remove(place_.file("journal/id")));
    EXPECT_EQ(*journal_id(*folder_), id);
}

TEST_F(JournalTest, WritesToNoFileThatALinkPointsTo) {
    journal_.reset();
    const std::string victim = place_.file("victim");
    std::ofstream(victim) << "precious";
    for (const char* name : {"journal/000000.journal.new", "journal/files.new", "journal/id.new"})
        std::filesystem::create_symlink(victim, place_.file(name));
    reopen();
    static_cast<void>(journal_id(*folder_));
    send("one");
    receive_all();
    EXPECT_EQ(*read_file(victim, 100), "precious");
    std::filesystem::remove(place_.file("journal/id"));
    std::filesystem::create_symlink(victim, place_.file("journal/id"));
    EXPECT_EQ(find_journal_id(place_.file("journal")), std::nullopt);
}

TEST_F(JournalTest, CountsWhatWaits) {
    for (int i = 0; i < 40; ++i) send(std::to_string(i));
    receive_all();
    journal_.reset();
    EXPECT_EQ(*count_messages(*folder_, options_.boot_id, {}), 40U);
    EXPECT_EQ(*count_messages(*folder_, options_.boot_id, {3, 2}), 22U);
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
