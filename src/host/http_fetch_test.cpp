// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/http_fetch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>

#include "host/http_server.hpp"

namespace octroi {
namespace {

using ::testing::HasSubstr;

// A server that knows one resource, and paths with other answers.
class HttpFetch : public ::testing::Test {
protected:
    void SetUp() override {
        ::setenv("no_proxy", "*", 1);  // whatever the environment of the test is
        auto server = HttpServer::open({.address = Address::v4(0x7f000001U)});
        ASSERT_TRUE(server.has_value()) << server.error().text;
        server_ = *std::move(server);
        ASSERT_TRUE(server_->start([this](const HttpRequest& request) { return answer(request); }));
    }
    HttpResponse answer(const HttpRequest& request) {
        const std::lock_guard lock(mutex_);
        ++requests_;
        std::string tag;
        std::string since;
        for (const HttpHeader& header : request.headers) {
            if (header.name == "If-None-Match") tag = header.value;
            if (header.name == "If-Modified-Since") since = header.value;
        }
        if (request.path == "/table") {
            const bool is_known = tag == etag_ || (tag.empty() && since == modified_);
            return {.status = is_known ? 304U : 200U,
                    .headers = {{"ETag", etag_}, {"Last-Modified", modified_}},
                    .body = is_known ? "" : body_};
        }
        if (request.path == "/moved")
            return {.status = 302, .headers = {{"Location", "/table"}}, .body = "moved"};
        if (request.path == "/local")
            return {.status = 302, .headers = {{"Location", "file:///etc/passwd"}}, .body = ""};
        if (request.path == "/loop")
            return {.status = 302, .headers = {{"Location", "/loop"}}, .body = ""};
        if (request.path == "/broken") return {.status = 500, .headers = {}, .body = "broken"};
        if (request.path == "/odd") return {.status = 304, .headers = {}, .body = ""};
        return {.status = 404, .headers = {}, .body = "absent"};
    }
    [[nodiscard]] FetchRequest request(const std::string& path) const {
        FetchRequest wanted;
        wanted.url = fmt::format("http://127.0.0.1:{}{}", server_->port(), path);
        wanted.time_max = Duration::seconds(10);
        return wanted;
    }

    std::mutex mutex_;
    std::string body_ = "192.0.2.0/24 free\n";
    const std::string etag_ = "\"v1\"";
    const std::string modified_ = "Mon, 30 Nov 2026 12:00:00 GMT";
    int requests_ = 0;
    std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpFetch, GivesTheBodyAndWhatNamesItsVersion) {
    const auto answer = fetch(request("/table"));
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_FALSE(answer->is_unchanged);
    EXPECT_EQ(answer->body, "192.0.2.0/24 free\n");
    EXPECT_EQ(answer->etag, "\"v1\"");
    EXPECT_EQ(answer->last_modified, modified_);
}

TEST_F(HttpFetch, AsksOnlyForWhatIsNewer) {
    FetchRequest by_tag = request("/table");
    by_tag.etag = "\"v1\"";
    FetchRequest by_time = request("/table");
    by_time.last_modified = modified_;
    for (const FetchRequest& wanted : {by_tag, by_time}) {
        const auto answer = fetch(wanted);
        ASSERT_TRUE(answer.has_value()) << answer.error().text;
        EXPECT_TRUE(answer->is_unchanged);
        EXPECT_EQ(answer->body, "");
    }
    by_tag.etag = "\"v0\"";
    EXPECT_FALSE(fetch(by_tag)->is_unchanged);
}

// 304 to a request without a condition has no content: that is no empty table.
TEST_F(HttpFetch, RefusesNotModifiedWithoutACondition) {
    const auto answer = fetch(request("/odd"));
    ASSERT_FALSE(answer.has_value());
    EXPECT_THAT(answer.error().text, HasSubstr("status 304"));
}

TEST_F(HttpFetch, FollowsRedirectionsWithinItsLimits) {
    EXPECT_EQ(fetch(request("/moved"))->body, body_);
    const auto local = fetch(request("/local"));
    ASSERT_FALSE(local.has_value());
    EXPECT_THAT(local.error().text, HasSubstr("rotocol"));
    requests_ = 0;
    EXPECT_FALSE(fetch(request("/loop")).has_value());
    EXPECT_EQ(requests_, 6);
}

TEST_F(HttpFetch, StatesWhyThereIsNoContent) {
    EXPECT_EQ(fetch(request("/absent")).error().code, ErrorCode::not_found);
    const auto broken = fetch(request("/broken"));
    ASSERT_FALSE(broken.has_value());
    EXPECT_THAT(broken.error().text, HasSubstr("status 500"));
    FetchRequest nobody = request("/table");
    nobody.url = "http://user:secret@127.0.0.1:1/table";
    const auto refused = fetch(nobody);
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().text, HasSubstr("http://127.0.0.1:1/table"));
    EXPECT_EQ(refused.error().text.find("secret"), std::string::npos);
}

TEST_F(HttpFetch, BoundsTheBody) {
    FetchRequest wanted = request("/table");
    wanted.octets_max = body_.size();
    EXPECT_TRUE(fetch(wanted).has_value());
    wanted.octets_max = body_.size() - 1;
    EXPECT_EQ(fetch(wanted).error().code, ErrorCode::over_limit);
}

TEST_F(HttpFetch, EndsWhenItIsAskedTo) {
    FetchRequest wanted = request("/table");
    wanted.stop_requested = [] { return true; };
    EXPECT_EQ(fetch(wanted).error().code, ErrorCode::interrupted);
}

TEST(FetchedUrl, HasOneOfTwoSchemes) {
    for (const char* url : {"file:///etc/passwd", "ftp://192.0.2.1/x", "/etc/passwd", ""}) {
        FetchRequest wanted;
        wanted.url = url;
        EXPECT_EQ(fetch(wanted).error().code, ErrorCode::invalid) << url;
    }
}

TEST(FetchedUrl, IsShownWithoutItsPassword) {
    EXPECT_EQ(url_for_messages("https://a:b@host/x@y"), "https://host/x@y");
    EXPECT_EQ(url_for_messages("https://host/x@y"), "https://host/x@y");
    EXPECT_EQ(url_for_messages("https://a@b@host"), "https://host");
    EXPECT_EQ(url_for_messages("/path/a@b"), "/path/a@b");
    EXPECT_EQ(url_for_messages("https://a:b@host/x?token=secret"), "https://host/x");
    EXPECT_EQ(url_for_messages("https://host?token=a@b"), "https://host");
    EXPECT_EQ(url_for_messages("https://host/x#secret"), "https://host/x");
}

}  // namespace
}  // namespace octroi
