// SPDX-License-Identifier: GPL-3.0-or-later
// Clients of `[metrics] listen` that are broken or mean harm. The daemon refuses them, goes on
// metering, and serves others.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>
#include <random>

#include "host/testing/tcp_client.hpp"
#include "metered_daemon.hpp"

namespace octroi::metrics {
namespace {

using ::testing::AnyOf;
using ::testing::StartsWith;

// From another address than the scraper: connections are limited by address.
class RawClient : public testing::TcpClient {
public:
    explicit RawClient(std::uint16_t port, std::uint32_t own_address = INADDR_LOOPBACK + 1)
        : TcpClient(port, own_address) {}
};

// An exporter sends before and after each client; at the end the ledger must have everything.
class HostileClients : public ::testing::Test {
protected:
    void SetUp() override {
        if (!support::has_curl()) GTEST_SKIP() << "curl is not installed";
    }
    void TearDown() override {
        if (IsSkipped()) return;
        daemon_.send();
        EXPECT_EQ(daemon_.get("/healthz").status, "200");
        EXPECT_FALSE(daemon_.process().has_ended());
        daemon_.expect_everything_in_ledger();
        EXPECT_THAT(daemon_.metrics().errors(), ::testing::IsEmpty());
        EXPECT_EQ(daemon_.stop().status, 0);
    }
    // The answer to octets of one client. The server must answer or close within 15 s: it may wait
    // 10 s for more of a request.
    std::string exchange(std::string_view octets) {
        daemon_.send();
        RawClient client(daemon_.metrics_port());
        client.send(octets);
        std::string answer = client.receive(15'000);
        EXPECT_TRUE(client.is_closed() || !answer.empty());
        return answer;
    }

    MeteredDaemon daemon_;
};

TEST_F(HostileClients, WithATooLongRequestLineAreRefused) {
    const std::string line = "GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n";
    EXPECT_THAT(exchange(line), AnyOf("", StartsWith("HTTP/1.1 4")));
    EXPECT_THAT(exchange(std::string(1U << 20U, 'G')), AnyOf("", StartsWith("HTTP/1.1 4")));
}

TEST_F(HostileClients, WithHugeHeadersAreRefused) {
    const std::string begin = "GET /metrics HTTP/1.1\r\nHost: x\r\n";
    EXPECT_THAT(exchange(begin + "X: " + std::string(100'000, 'a') + "\r\n\r\n"),
                AnyOf("", StartsWith("HTTP/1.1 4")));
    std::string many = begin;
    for (int i = 0; i < 20'000; ++i) many += "X" + std::to_string(i) + ": y\r\n";
    EXPECT_THAT(exchange(many + "\r\n"), AnyOf("", StartsWith("HTTP/1.1 4")));
}

TEST_F(HostileClients, ThatSendNoHttpAreRefused) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 50; ++i) {
        std::string garbage;
        for (std::uint64_t k = random() % 5000; k > 0; --k) garbage += static_cast<char>(random());
        EXPECT_THAT(exchange(garbage + "\r\n\r\n"), AnyOf("", StartsWith("HTTP/1.1 4")));
    }
    for (const char* wrong :
         {"\r\n\r\n\r\n\r\nGARBAGE\r\n\r\n", "GET\r\n\r\n", "GET /metrics\r\n\r\n",
          "GET /metrics HTTP/9.9\r\n\r\n", "GET /metrics HTTP/1.1\r\n\r\n",
          "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
          "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"})
        EXPECT_THAT(exchange(wrong), AnyOf("", StartsWith("HTTP/1."))) << wrong;
}

TEST_F(HostileClients, ThatSendAnOctetNowAndThenAreClosed) {
    std::list<RawClient> slow;
    for (int i = 0; i < 16; ++i) slow.emplace_back(daemon_.metrics_port());
    const std::string request =
        "GET /metrics HTTP/1.1\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const auto overdue = [&] {
        return *daemon_.metrics().value("octroi_metrics_overdue_total", {});
    };
    for (const char octet : request.substr(0, 60)) {
        for (const RawClient& client : slow) client.send({&octet, 1});
        daemon_.send();
        // Another client is served at once, and all the time.
        const Page page = daemon_.get("/readyz", {"--max-time", "2"});
        EXPECT_NE(page.status, "000");
        if (overdue() >= slow.size()) break;
        support::pass(std::chrono::milliseconds(500));
    }
    EXPECT_EQ(overdue(), slow.size());
    for (RawClient& client : slow) {
        static_cast<void>(client.receive(100));
        EXPECT_TRUE(client.is_closed());
    }
}

TEST_F(HostileClients, InGreatNumbersOnlyDelayOthers) {
    std::list<RawClient> many;
    for (std::uint32_t i = 0; i < 100; ++i)
        many.emplace_back(daemon_.metrics_port(), INADDR_LOOPBACK + 256 * (1 + i / 10));
    daemon_.send();
    // Silent connections are closed after 10 seconds.
    EXPECT_EQ(daemon_.get("/metrics").status, "200");
}

TEST_F(HostileClients, ThatScrapeAllAtOnceAreAllServed) {
    std::list<RawClient> many;
    for (std::uint32_t i = 0; i < 60; ++i) {
        many.emplace_back(daemon_.metrics_port(), INADDR_LOOPBACK + 256 * (1 + i / 10));
        many.back().send("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    }
    for (RawClient& client : many) {
        const std::string answer = client.receive(5000);
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
        EXPECT_THAT(answer, ::testing::EndsWith("\n# EOF\n"));
    }
}

TEST_F(HostileClients, ThatLeaveBeforeTheAnswerDoNoHarm) {
    for (int i = 0; i < 200; ++i) {
        const RawClient client(daemon_.metrics_port());
        client.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    }
}

}  // namespace
}  // namespace octroi::metrics
