// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/reply_sender.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

#include "host/datagrams.hpp"
#include "host/socket_address.hpp"

namespace octroi {
namespace {

// From a socket of one family, and from one of both, to a client of each family.
TEST(ReplySender, AnswersFromTheSocketThatReceived) {
    for (const char* own : {"127.0.0.1", "::"}) {
        const auto server = UdpSource::open({*parse_address(own), 0, 1U << 16U});
        ASSERT_TRUE(server) << server.error().text;
        for (const char* text : {"127.0.0.1", "::1"}) {
            const Address address = *parse_address(text);
            if (std::string_view(own) == "127.0.0.1" && address.family == Family::v6) continue;
            const Fd client(::socket(address.family == Family::v4 ? AF_INET : AF_INET6,
                                     SOCK_DGRAM | SOCK_CLOEXEC, 0));
            const SocketAddress at = socket_address(address, 0);
            if (::bind(client.get(), at.get(), at.length) != 0) continue;  // no IPv6 here
            SocketAddress bound;
            ASSERT_EQ(::getsockname(client.get(), bound.get(), &bound.length), 0);
            SocketReplySender sender((*server)->descriptor());
            const Status sent = sender.send(address, port_of(bound.storage), "answer");
            ASSERT_TRUE(sent) << sent.error().text;
            std::array<char, 32> octets{};
            SocketAddress from;
            const auto got =
                ::recvfrom(client.get(), octets.data(), octets.size(), 0, from.get(), &from.length);
            EXPECT_EQ(std::string_view(octets.data(), got < 0 ? 0 : static_cast<std::size_t>(got)),
                      "answer");
            EXPECT_EQ(port_of(from.storage), (*server)->port());
        }
    }
}

TEST(ReplySender, ReportsWhatTheKernelRefuses) {
    const auto server = UdpSource::open({*parse_address("127.0.0.1"), 0, 1U << 16U});
    ASSERT_TRUE(server);
    SocketReplySender sender((*server)->descriptor());
    const Status sent = sender.send(*parse_address("127.0.0.1"), 9, std::string(70'000, 'x'));
    ASSERT_FALSE(sent);
    EXPECT_NE(sent.error().text.find("127.0.0.1 port 9"), std::string::npos);
}

}  // namespace
}  // namespace octroi
