// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/file/stream.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

#include "base/check.hpp"
#include "host/testing/folder.hpp"

namespace octroi::file {
namespace {

// A pipe with a text in it; its path can be read once.
class Pipe {
public:
    explicit Pipe(std::string text) {
        CHECK(pipe(ends_.data()) == 0);
        writer_ = std::jthread([end = ends_[1], text = std::move(text)] {
            const char* at = text.data();
            std::size_t left = text.size();
            while (left > 0) {
                const ssize_t wrote = write(end, at, left);
                CHECK(wrote > 0);
                at += wrote;
                left -= static_cast<std::size_t>(wrote);
            }
            close(end);
        });
    }
    ~Pipe() { close(ends_[0]); }
    [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(ends_[0]); }

private:
    std::array<int, 2> ends_{};
    std::jthread writer_;
};

std::string all(Stream& stream) {
    std::string text;
    for (;;) {
        EXPECT_TRUE(stream.fill(1).has_value());
        const ByteSpan unread = stream.unread();
        if (unread.empty()) return text;
        for (const std::byte octet : unread) text.push_back(static_cast<char>(octet));
        stream.consume(unread.size());
    }
}

std::string text_of(std::size_t size) {
    std::string text;
    for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i);
    return text;
}

// A user who may write in the folder of a log can put a FIFO in its place.
TEST(Stream, OnlyARegularFileIsOpenedIfThatIsWanted) {
    const testing::Folder folder;
    ASSERT_EQ(mkfifo(folder.file("fifo").c_str(), 0600), 0);
    EXPECT_FALSE(Stream::open_regular(folder.file("fifo")));
    EXPECT_FALSE(Stream::open_regular("/dev/null"));
    EXPECT_TRUE(Stream::open_regular("/proc/self/exe"));
}

TEST(Stream, TheKeptOctetsOfAPipeCanBeReadAgain) {
    const std::string text = text_of(3'000'000);
    const Pipe pipe(text);
    auto stream = Stream::open(pipe.path(), 4'000'000);
    ASSERT_TRUE(stream.has_value());
    EXPECT_FALSE(stream->reopens());
    EXPECT_EQ(all(*stream), text);
    for (int again = 0; again < 2; ++again) {
        const auto moved = stream->move_to(0);
        ASSERT_TRUE(moved.has_value() && *moved);
        EXPECT_EQ(all(*stream), text);
    }
}

TEST(Stream, APipeBeyondTheBoundIsReadOnce) {
    const std::string text = text_of(3'000'000);
    const Pipe pipe(text);
    auto stream = Stream::open(pipe.path(), 1'000'000);
    ASSERT_TRUE(stream.has_value());
    ASSERT_TRUE(stream->fill(1000).has_value());
    const auto moved = stream->move_to(0);
    ASSERT_TRUE(moved.has_value() && *moved);
    EXPECT_EQ(all(*stream), text);
    EXPECT_EQ(stream->move_to(0).error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace octroi::file
