// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/control.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "host/testing/folder.hpp"
#include "host/testing/local_client.hpp"

namespace octroi {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

// Time as the test says.
class TestClock final : public Clock {
public:
    [[nodiscard]] UtcTime now() const override { return {}; }
    [[nodiscard]] Duration uptime() const override { return Duration{at.load()}; }
    std::atomic<std::int64_t> at = 0;
};

class ControlTest : public ::testing::Test {
protected:
    ControlTest() {
        auto server = ControlServer::open(ledger_, clock_);
        EXPECT_TRUE(server.has_value()) << server.error().text;
        if (server) server_ = *std::move(server);
        server_->add_request("echo", [](const json& request) { return json{request["what"]}; });
        server_->add_request("refuse", [](const json&) -> Result<json> {
            return fail(ErrorCode::invalid, "octroi.toml:1:1: no");
        });
        server_->add_request(
            "much", [](const json&) { return json(std::string(ControlServer::answer_max, 'x')); });
    }
    [[nodiscard]] testing::LocalClient connect() const {
        return testing::LocalClient(control_path(ledger_));
    }
    // Asks as the command line does, while the server goes on.
    [[nodiscard]] Result<json> ask(const json& request) {
        std::jthread daemon([this](const std::stop_token& stop) {
            while (!stop.stop_requested()) server_->step();
        });
        return ask_daemon(ledger_, request);
    }

    const testing::Folder folder_;
    const std::string ledger_ = folder_.file("ledger.db");
    TestClock clock_;
    std::unique_ptr<ControlServer> server_;
};

TEST_F(ControlTest, AnswersARequest) {
    const auto answer = ask({{"request", "echo"}, {"what", "figures"}});
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_EQ(*answer, json{"figures"});
}

TEST_F(ControlTest, HandsARefusalToTheClient) {
    const auto answer = ask({{"request", "refuse"}});
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().text, "octroi.toml:1:1: no");
}

// Another process can listen at the path: it answers anything.
TEST(Control, DoesNotBelieveAnAnswerOfAnotherForm) {
    const testing::Folder folder;
    const std::string ledger = folder.file("ledger.db");
    const auto listener = LocalListener::open(control_path(ledger));
    ASSERT_TRUE(listener.has_value()) << listener.error().text;
    for (const char* line : {"{\"ok\":false,\"error\":5}\n", "{\"ok\":false}\n",
                             "{\"ok\":\"yes\",\"error\":null}\n", "{\"ok\":0,\"error\":{}}\n"}) {
        const std::jthread other([&](const std::stop_token& stop) {
            while (!stop.stop_requested()) {
                auto client = (*listener)->accept();
                if (!client) continue;
                EXPECT_TRUE(client->write(line).has_value());
                return;
            }
        });
        const auto answer = ask_daemon(ledger, {{"request", "reload"}});
        ASSERT_FALSE(answer.has_value()) << line;
        EXPECT_EQ(answer.error().text, "the daemon refused the request") << line;
    }
}

TEST_F(ControlTest, RefusesWhatIsNoRequest) {
    EXPECT_THAT(ask({{"request", "dance"}}).error().text, HasSubstr("knows no request 'dance'"));
    EXPECT_THAT(ask({{"ask", "reload"}}).error().text, HasSubstr("JSON object"));
    const testing::LocalClient client = connect();
    client.send("GET / HTTP/1.1\r\n");
    server_->step();
    EXPECT_THAT(client.received(), HasSubstr("JSON object"));
}

TEST_F(ControlTest, BoundsRequestAndAnswer) {
    const std::string long_text(ControlServer::request_max, 'x');
    EXPECT_THAT(ask({{"request", "echo"}, {"what", long_text}}).error().text,
                HasSubstr("a request may have"));
    EXPECT_THAT(ask({{"request", "much"}}).error().text, HasSubstr("too long"));
}

TEST_F(ControlTest, GoesOnWhileAClientSendsNothing) {
    const testing::LocalClient silent = connect();
    const testing::LocalClient slow = connect();
    slow.send(R"({"request":)");
    server_->step();
    EXPECT_TRUE(ask({{"request", "echo"}, {"what", 1}}).has_value());
    EXPECT_EQ(silent.received(), "");
    clock_.at = ControlServer::client_timeout.ns;
    server_->step();
    EXPECT_EQ(silent.received(), "closed");
    EXPECT_EQ(slow.received(), "closed");
}

TEST_F(ControlTest, DropsAClientThatDoesNotReadItsAnswer) {
    server_->add_request("page", [](const json&) { return json(std::string(2U << 20U, 'x')); });
    const testing::LocalClient client = connect();
    client.send("{\"request\": \"page\"}\n");
    server_->step();
    server_->step();
    EXPECT_TRUE(ask({{"request", "echo"}, {"what", 1}}).has_value());
    clock_.at = ControlServer::client_timeout.ns;
    server_->step();
    std::string last;
    for (std::string text = client.received(); !text.empty(); text = client.received()) {
        last = text;
        if (text == "closed") break;
    }
    EXPECT_EQ(last, "closed");
}

TEST_F(ControlTest, ServesALimitedNumberOfClientsAtOnceAndThenTheNext) {
    std::vector<testing::LocalClient> silent;
    for (std::size_t i = 0; i < ControlServer::clients_max; ++i) silent.push_back(connect());
    server_->step();
    const testing::LocalClient next = connect();
    next.send("{\"request\": \"echo\", \"what\": 1}\n");
    server_->step();
    EXPECT_EQ(next.received(), "");
    clock_.at = ControlServer::client_timeout.ns;
    server_->step();
    server_->step();
    EXPECT_THAT(next.received(), HasSubstr("\"ok\":true"));
}

TEST(Control, SaysThatNoDaemonRuns) {
    const testing::Folder folder;
    const auto answer = ask_daemon(folder.file("ledger.db"), {{"request", "reload"}});
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code, ErrorCode::not_found);
    EXPECT_THAT(answer.error().text, HasSubstr("no daemon runs"));
}

TEST(Control, AsksNoDaemonAtAUrl) {
    const auto answer = ask_daemon("postgresql://u:secret@h/db", {{"request", "reload"}});
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code, ErrorCode::unsupported);
    EXPECT_THAT(answer.error().text, HasSubstr("postgresql://u:***@h/db: "));
}

TEST(Control, FindsTheSocketThroughALink) {
    const testing::Folder folder;
    const std::string link = folder.file("link.db");
    std::ofstream(folder.file("ledger.db")) << "";
    std::filesystem::create_symlink(folder.file("ledger.db"), link);
    EXPECT_EQ(control_path(link), control_path(folder.file("ledger.db")));
}

}  // namespace
}  // namespace octroi
