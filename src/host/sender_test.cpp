// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/sender.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/datagrams.hpp"
#include "host/file.hpp"
#include "host/streams.hpp"
#include "host/testing/folder.hpp"

namespace octroi {
namespace {

constexpr Duration timeout = Duration::seconds(2);

std::string read_some(StreamConnection& from) {
    std::array<std::byte, 100> buffer{};
    const std::array descriptors{from.descriptor()};
    wait_readable(descriptors, timeout);
    const auto octets = from.read(buffer);
    if (!octets || !*octets) return "";
    return {reinterpret_cast<const char*>(buffer.data()), **octets};
}

TEST(Sender, SendsDatagrams) {
    const auto source = UdpSource::open({.address = Address::v4(INADDR_LOOPBACK), .port = 0});
    ASSERT_TRUE(source.has_value());
    const auto sender = open_udp_sender("127.0.0.1", (*source)->port());
    ASSERT_TRUE(sender.has_value()) << sender.error().text;
    ASSERT_TRUE((*sender)->send("one").has_value());
    std::array<char, 16> buffer{};
    const auto got = ::recv((*source)->descriptor(), buffer.data(), buffer.size(), 0);
    EXPECT_EQ(std::string(buffer.data(), static_cast<std::size_t>(got)), "one");
}

TEST(Sender, ReportsThatNoProgramListens) {
    std::uint16_t port = 0;
    {
        const auto source = UdpSource::open({.address = Address::v4(INADDR_LOOPBACK), .port = 0});
        port = (*source)->port();
    }
    const auto sender = open_udp_sender("127.0.0.1", port);
    ASSERT_TRUE(sender.has_value());
    bool refused = false;
    for (int i = 0; i < 5 && !refused; ++i) refused = !(*sender)->send("x").has_value();
    EXPECT_TRUE(refused);
}

TEST(Sender, OpensANewConnectionAfterOneIsLost) {
    auto listener = listen_tcp(Address::v4(INADDR_LOOPBACK), 0);
    ASSERT_TRUE(listener.has_value());
    const auto sender = open_tcp_sender("127.0.0.1", (*listener)->port(), timeout);
    ASSERT_TRUE(sender.has_value());
    ASSERT_TRUE((*sender)->send("one").has_value());
    {
        auto connection = (*listener)->accept();
        ASSERT_TRUE(connection.has_value() && *connection != nullptr);
        EXPECT_EQ(read_some(**connection), "one");
    }
    bool lost = false;
    for (int i = 0; i < 100 && !lost; ++i) {
        lost = !(*sender)->send("lost").has_value();
        ::usleep(10'000);
    }
    ASSERT_TRUE(lost);
    ASSERT_TRUE((*sender)->send("two").has_value());
    ASSERT_TRUE((*sender)->finish().has_value());
    auto connection = (*listener)->accept();
    ASSERT_TRUE(connection.has_value() && *connection != nullptr);
    EXPECT_EQ(read_some(**connection), "two");
}

TEST(Sender, WritesMessagesToAFileInOrder) {
    const testing::Folder folder;
    const std::string path = folder.file("messages");
    const auto sender = open_file_sender(path);
    ASSERT_TRUE(sender.has_value());
    ASSERT_TRUE((*sender)->send("one").has_value());
    ASSERT_TRUE((*sender)->send("two").has_value());
    ASSERT_TRUE((*sender)->finish().has_value());
    EXPECT_EQ(*read_file(path, 100), "onetwo");
    EXPECT_FALSE(open_file_sender(folder.file("none/x")).has_value());
}

}  // namespace
}  // namespace octroi
