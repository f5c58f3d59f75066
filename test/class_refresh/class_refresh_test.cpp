// SPDX-License-Identifier: GPL-3.0-or-later
// A daemon that fetches its class table from an HTTP server: a new table is in force without a
// reload, one that lost too much waits for a person, and the version of each batch is recorded.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <cstdlib>
#include <mutex>
#include <string>

#include "host/http_server.hpp"
#include "support/curl.hpp"
#include "support/running_daemon.hpp"

namespace octroi {
namespace {

using support::RunningDaemon;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

// Serves one table, with an ETag that is its number.
class TableServer {
public:
    TableServer() {
        auto server = HttpServer::open({.address = Address::v4(INADDR_LOOPBACK)});
        EXPECT_TRUE(server.has_value()) << server.error().text;
        server_ = *std::move(server);
        EXPECT_TRUE(server_->start([this](const HttpRequest& request) { return answer(request); }));
    }
    // The remote ends of the flows are in 198.51.100.0/24, the first prefix. The others keep their
    // class: a table in which a class is gone would be held back.
    void publish(const std::string& class_name, int prefixes) {
        const std::lock_guard lock(mutex_);
        ++number_;
        table_.clear();
        for (int i = 0; i < prefixes; ++i)
            table_ += fmt::format("198.51.{}.0/24 {}\n", 100 + i, i == 0 ? class_name : "domestic");
    }
    void fail() {
        const std::lock_guard lock(mutex_);
        table_.clear();
    }
    [[nodiscard]] std::string url() const {
        return fmt::format("http://127.0.0.1:{}/classes", server_->port());
    }
    [[nodiscard]] int unchanged() {
        const std::lock_guard lock(mutex_);
        return unchanged_;
    }

private:
    HttpResponse answer(const HttpRequest& request) {
        const std::lock_guard lock(mutex_);
        if (table_.empty()) return {.status = 503, .headers = {}, .body = "later"};
        const std::string tag = fmt::format("\"{}\"", number_);
        for (const HttpHeader& header : request.headers)
            if (header.name == "If-None-Match" && header.value == tag) {
                ++unchanged_;
                return {.status = 304, .headers = {{"ETag", tag}}, .body = ""};
            }
        return {.status = 200, .headers = {{"ETag", tag}}, .body = table_};
    }

    std::mutex mutex_;
    std::string table_;
    int number_ = 0;
    int unchanged_ = 0;
    std::unique_ptr<HttpServer> server_;
};

// Of "octroi class accept 0123456789ab puts it in force".
std::string version_in(const std::string& text) {
    const std::string before = "octroi class accept ";
    const std::size_t found = text.find(before);
    return found == std::string::npos ? "" : text.substr(found + before.size(), 12);
}

TEST(ClassRefresh, ReplacesTheTableOfARunningDaemon) {
    ::setenv("no_proxy", "*", 1);
    TableServer server;
    server.publish("domestic", 10);
    RunningDaemon daemon(
        {{"ledger", "commit_interval = \"1s\"\n"},
         {"attribute", "local = [\"10.0.0.0/8\"]\n"},
         {"class_table", "source = \"" + server.url() + "\"\nrefresh_every = \"1s\"\n"}});
    daemon.expect_used("class", "domestic");
    EXPECT_TRUE(
        support::wait_until([&] { return server.unchanged() > 1; }, RunningDaemon::patience))
        << "a table that has not changed is not sent again";
    server.publish("free", 9);
    daemon.expect_used("class", "free");

    // A server that fails, and a table that lost most of its prefixes: the last one stays.
    server.fail();
    const auto is_logged = [&](const std::string& text) {
        return support::wait_until([&] { return daemon.log().find(text) != std::string::npos; },
                                   RunningDaemon::patience);
    };
    EXPECT_TRUE(is_logged("status 503")) << daemon.log();
    server.publish("wrong", 1);
    // After a failure the next attempt is at the next interval, because that is sooner.
    EXPECT_TRUE(is_logged("held back")) << daemon.log();
    daemon.send();
    const auto doctor = daemon.command({"--json", "doctor"});
    EXPECT_EQ(doctor.status, 1);
    EXPECT_THAT(doctor.out, HasSubstr("octroi class accept"));
    EXPECT_THAT(daemon.used("class"), Not(Contains("wrong")));

    const auto accepted = daemon.command({"class", "accept", version_in(doctor.out)});
    EXPECT_EQ(accepted.status, 0) << accepted.err;
    daemon.expect_used("class", "wrong");
    EXPECT_THAT(daemon.command({"class", "list"}).out, HasSubstr(server.url()));
    EXPECT_EQ(daemon.stop().status, 0);
    EXPECT_EQ(daemon.command({"audit"}).status, 0);
}

}  // namespace
}  // namespace octroi
