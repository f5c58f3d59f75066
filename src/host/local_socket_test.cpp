// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/local_socket.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <fstream>
#include <thread>

#include "host/testing/folder.hpp"

namespace octroi {
namespace {

constexpr Duration timeout = Duration::seconds(5);
constexpr std::size_t limit = 1000;

class LocalSocketTest : public ::testing::Test {
protected:
    // Waits for one connection, reads its line and answers.
    void serve(LocalListener& listener, std::string_view answer) {
        for (;;) {
            auto connection = listener.accept();
            if (!connection) continue;
            std::array<char, 100> octets{};
            std::string request;
            while (!request.ends_with('\n')) {
                const auto got = connection->read(octets);
                ASSERT_TRUE(got.has_value());
                if (*got) request.append(octets.data(), **got);
            }
            seen_ = request;
            const auto sent = connection->write(answer);
            ASSERT_EQ(sent.value_or(0), answer.size());
            return;
        }
    }
    [[nodiscard]] bool is_there() const {
        struct stat status{};
        return ::lstat(path_.c_str(), &status) == 0;
    }

    const testing::Folder folder_;
    const std::string path_ = folder_.file("ledger.control");
    std::string seen_;
};

TEST_F(LocalSocketTest, CarriesALineThereAndOneBack) {
    const auto listener = LocalListener::open(path_);
    ASSERT_TRUE(listener.has_value()) << listener.error().text;
    std::jthread server([&] { serve(**listener, "the answer\nand more"); });
    const auto answer = exchange_line(path_, "the request", limit, timeout);
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_EQ(*answer, "the answer");
    server.join();
    EXPECT_EQ(seen_, "the request\n");
}

TEST_F(LocalSocketTest, IsForItsOwnerOnlyAndRemovedAtTheEnd) {
    {
        const auto listener = LocalListener::open(path_);
        ASSERT_TRUE(listener.has_value()) << listener.error().text;
        struct stat status{};
        ASSERT_EQ(::lstat(path_.c_str(), &status), 0);
        EXPECT_EQ(status.st_mode, S_IFSOCK | 0600U);
    }
    EXPECT_FALSE(is_there());
}

TEST_F(LocalSocketTest, ReplacesASocketThatNoProcessListensAt) {
    {
        const Fd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_.copy(std::begin(address.sun_path), path_.size());
        ASSERT_EQ(::bind(dead.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    }
    ASSERT_TRUE(is_there());
    const auto listener = LocalListener::open(path_);
    EXPECT_TRUE(listener.has_value()) << listener.error().text;
}

TEST_F(LocalSocketTest, DoesNotReplaceASocketInUse) {
    const auto first = LocalListener::open(path_);
    ASSERT_TRUE(first.has_value()) << first.error().text;
    const auto second_one = LocalListener::open(path_);
    ASSERT_FALSE(second_one.has_value());
    EXPECT_EQ(second_one.error().code, ErrorCode::exists);
    EXPECT_TRUE(is_there());
}

TEST_F(LocalSocketTest, DoesNotReplaceAFile) {
    std::ofstream(path_) << "somebody's figures";
    const auto listener = LocalListener::open(path_);
    ASSERT_FALSE(listener.has_value());
    EXPECT_EQ(listener.error().code, ErrorCode::exists);
    EXPECT_TRUE(is_there());
}

TEST_F(LocalSocketTest, RefusesAPathThatTheKernelDoesNotPermit) {
    const auto listener = LocalListener::open(folder_.file(std::string(200, 'x')));
    ASSERT_FALSE(listener.has_value());
    EXPECT_EQ(listener.error().code, ErrorCode::over_limit);
}

TEST_F(LocalSocketTest, SaysThatNoProcessListens) {
    const auto answer = exchange_line(path_, "anybody there?", limit, timeout);
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code, ErrorCode::not_found);
}

TEST_F(LocalSocketTest, DoesNotWaitLongerThanPermitted) {
    const auto listener = LocalListener::open(path_);
    ASSERT_TRUE(listener.has_value());
    const auto answer = exchange_line(path_, "hello?", limit, Duration::milliseconds(50));
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code, ErrorCode::busy);
}

TEST_F(LocalSocketTest, BoundsTheAnswer) {
    const auto listener = LocalListener::open(path_);
    ASSERT_TRUE(listener.has_value());
    std::jthread server([&] { serve(**listener, std::string(5000, 'x')); });
    const auto answer = exchange_line(path_, "much", limit, timeout);
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code, ErrorCode::over_limit);
}

// A listener may answer and close before the request is complete: busy, or it refuses.
TEST_F(LocalSocketTest, ReadsTheAnswerOfAListenerThatReadsNothing) {
    const auto listener = LocalListener::open(path_);
    ASSERT_TRUE(listener.has_value());
    std::jthread server([&] {
        std::optional<LocalConnection> client;
        while (!client) client = (*listener)->accept();
        EXPECT_TRUE(client->write("no\n").has_value());
    });
    const std::string longer_than_a_socket_holds(std::size_t{8} << 20U, 'x');
    const auto answer = exchange_line(path_, longer_than_a_socket_holds, limit, timeout);
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_EQ(*answer, "no");
}

TEST_F(LocalSocketTest, SaysThatTheConnectionEnded) {
    const auto listener = LocalListener::open(path_);
    ASSERT_TRUE(listener.has_value());
    std::jthread server([&] {
        while (!(*listener)->accept()) {
        }
    });
    const auto answer = exchange_line(path_, "bye", limit, timeout);
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code, ErrorCode::failed);
}

}  // namespace
}  // namespace octroi
