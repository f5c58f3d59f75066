// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/http_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "host/testing/tcp_client.hpp"

namespace octroi {
namespace {

using Client = testing::TcpClient;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string get(std::string_view path) {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n\r\n";
}

// Letters, `blocks` times 1000; then an error where that is wanted.
class Letters final : public HttpBody {
public:
    Letters(int blocks, bool fails) : blocks_(blocks), fails_(fails) {}
    [[nodiscard]] Result<std::size_t> read(std::span<char> into) override {
        if (blocks_ == 0 && fails_) return fail(ErrorCode::failed, "no more");
        if (blocks_-- == 0) return std::size_t{0};
        std::fill_n(into.begin(), 1000, 'x');
        return std::size_t{1000};
    }

private:
    int blocks_;
    bool fails_;
};

HttpResponse answer(const HttpRequest& request) {
    HttpResponse made;
    made.headers = {{"Content-Type", "text/plain"}};
    if (request.path == "/stream" || request.path == "/cut") {
        made.stream = std::make_unique<Letters>(100, request.path == "/cut");
        return made;
    }
    made.body = request.method + " " + request.path + " from " + to_string(request.peer);
    for (const HttpHeader& header : request.headers)
        made.body += " " + header.name + "=" + header.value;
    made.body += " [" + request.body + "]";
    return made;
}

std::unique_ptr<HttpServer> serve(HttpOptions options = {}) {
    options.address = Address::v4(INADDR_LOOPBACK);
    auto server = HttpServer::open(options);
    EXPECT_TRUE(server.has_value()) << server.error().text;
    EXPECT_TRUE((*server)->start(answer).has_value());
    return *std::move(server);
}

Duration since(std::chrono::steady_clock::time_point begin) {
    return {std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin).count()};
}

TEST(HttpServer, HandsOverTheRequestAndSendsTheAnswer) {
    const auto server = serve();
    EXPECT_EQ(server->name(), "tcp 127.0.0.1:" + std::to_string(server->port()));
    Client client(server->port());
    const std::string got = client.ask(get("/a"));
    EXPECT_THAT(got, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(got, HasSubstr("\r\nContent-Type: text/plain\r\n"));
    EXPECT_THAT(got, EndsWith("\r\n\r\nGET /a from 127.0.0.1 Host=test []"));
    // The connection stays for the next request.
    EXPECT_THAT(client.ask("HEAD /b HTTP/1.1\r\nHost: test\r\n\r\n"), EndsWith("\r\n\r\n"));
    EXPECT_EQ(server->counts().connections, 1U);
    EXPECT_EQ(server->counts().requests, 2U);
}

TEST(HttpServer, LeavesThePathAsItWasWritten) {
    const auto server = serve();
    EXPECT_THAT(Client(server->port()).ask(get("/a%00b/../%2e%2e/c?q=%41")),
                HasSubstr("GET /a%00b/../%2e%2e/c from"));
}

TEST(HttpServer, StreamsABodyThatIsMadeWhileItIsSent) {
    const auto server = serve();
    const std::string got = Client(server->port()).ask(get("/stream"));
    const std::string body = got.substr(got.find("\r\n\r\n"));
    EXPECT_EQ(std::count(body.begin(), body.end(), 'x'), 100'000);
    EXPECT_THAT(got, EndsWith("\r\n0\r\n\r\n"));
}

TEST(HttpServer, AClientNoticesThatAStreamWasCutOff) {
    const auto server = serve();
    Client client(server->port());
    const std::string got = client.ask(get("/cut"));
    EXPECT_TRUE(client.is_closed());
    EXPECT_FALSE(got.ends_with("\r\n0\r\n\r\n"));
}

TEST(HttpServer, TakesABodyUpToItsLimit) {
    const auto server = serve({.body_octets_max = 5});
    const auto post = [&](std::string_view rest) {
        return Client(server->port()).ask("POST / HTTP/1.1\r\nHost: test\r\n" + std::string(rest));
    };
    EXPECT_THAT(post("Content-Length: 5\r\n\r\n12345"), EndsWith("[12345]"));
    EXPECT_THAT(post("Content-Length: 6\r\n\r\n123456"), StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(post("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
                EndsWith("[abcde]"));
    EXPECT_EQ(post("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"), "");
    EXPECT_EQ(server->counts().requests, 2U);
}

TEST(HttpServer, RefusesAHeaderThatIsTooLong) {
    const auto server = serve();
    const std::string long_text(std::size_t{1} << 16U, 'a');
    for (const std::string& request :
         {"GET /" + long_text + " HTTP/1.1\r\nHost: test\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: test\r\nX: " + long_text + "\r\n\r\n"}) {
        Client client(server->port());
        (void)client.send(request);
        const std::string got = client.receive(1000);
        EXPECT_TRUE(got.empty() || got.starts_with("HTTP/1.1 4")) << got;
    }
    EXPECT_EQ(server->counts().requests, 0U);
}

TEST(HttpServer, WhatIsNoHttpIsRefused) {
    const auto server = serve();
    for (const char* text : {"\x16\x03\x01\x02\n\n", "GET\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
                             "GET / HTTP/1.1\r\nHost: t\r\nContent-Length: -1\r\n\r\n"}) {
        const std::string got = Client(server->port()).ask(text);
        EXPECT_TRUE(got.empty() || got.starts_with("HTTP/1.1 4") || got.starts_with("HTTP/1.0 4"))
            << text << got;
    }
    EXPECT_EQ(server->counts().requests, 0U);
}

TEST(HttpServer, ClosesASilentConnection) {
    const auto server = serve({.idle_max = Duration::seconds(1)});
    Client client(server->port());
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(client.receive(5000), "");
    EXPECT_TRUE(client.is_closed());
    EXPECT_LT(since(begin), Duration::seconds(4));
}

TEST(HttpServer, ClosesAConnectionThatSendsItsRequestTooSlowly) {
    const auto server = serve({.exchange_max = Duration::milliseconds(700)});
    Client client(server->port());
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHost: test\r\nX: "));
    while (!client.is_closed() && since(begin) < Duration::seconds(5)) {
        (void)client.send("a");
        (void)client.receive(100);
    }
    EXPECT_LT(since(begin), Duration::seconds(3));
    EXPECT_EQ(server->counts().overdue, 1U);
    EXPECT_EQ(server->counts().requests, 0U);
}

TEST(HttpServer, OneAddressCannotHoldAllConnections) {
    const auto server = serve({.connections_max = 8, .connections_of_address_max = 3});
    std::vector<std::unique_ptr<Client>> held;
    for (int i = 0; i < 3; ++i) {
        held.push_back(std::make_unique<Client>(server->port()));
        EXPECT_THAT(held.back()->ask(get("/")), StartsWith("HTTP/1.1 200"));
    }
    Client refused(server->port());
    EXPECT_EQ(refused.receive(1000), "");
    EXPECT_TRUE(refused.is_closed());
    EXPECT_THAT(Client(server->port(), INADDR_LOOPBACK + 1).ask(get("/")),
                StartsWith("HTTP/1.1 200"));
    held.pop_back();
    EXPECT_THAT(held.back()->ask(get("/")), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(Client(server->port()).ask(get("/")), StartsWith("HTTP/1.1 200"));
}

TEST(HttpServer, APortThatIsInUseIsAnError) {
    const auto server = serve();
    const auto second =
        HttpServer::open({.address = Address::v4(INADDR_LOOPBACK), .port = server->port()});
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, ErrorCode::exists);
}

TEST(HttpServer, StopsAtOnceWhateverIsOpen) {
    auto server = serve();
    Client open(server->port());
    ASSERT_TRUE(open.send("GET / HT"));
    const auto begin = std::chrono::steady_clock::now();
    server.reset();
    EXPECT_LT(since(begin), Duration::seconds(2));
    EXPECT_EQ(open.receive(1000), "");
    EXPECT_TRUE(open.is_closed());
}

}  // namespace
}  // namespace octroi
