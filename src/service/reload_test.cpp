// SPDX-License-Identifier: GPL-3.0-or-later
// A reload without a process: test/reload/ has the daemon.
#include "service/reload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "config/parse.hpp"
#include "host/testing/folder.hpp"
#include "meter/kind.hpp"
#include "service/meter_kinds.hpp"
#include "service/testing/temporary_ledger.hpp"

namespace octroi {
namespace {

using octroi::testing::TemporaryLedger;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ReloadTest : public ::testing::Test {
protected:
    ReloadTest() {
        auto attribution = AttributionSource::create({}, *ledger_, {});
        EXPECT_TRUE(attribution.has_value());
        attribution_.emplace(*std::move(attribution));
        reload_.emplace(
            Config{},
            Reload::Parts{.read = [this] { return read(); },
                          .config_file = "/etc/octroi/test.toml",
                          .table = table_,
                          .attribution = *attribution_,
                          .board = board_,
                          .clock = clock_,
                          .apply = [this](const Config& config) { applied_.push_back(config); }});
    }
    [[nodiscard]] Result<Config> read() const { return parse_config(text_, "test.toml", table_); }
    // The changes as texts, or the error.
    std::vector<std::string> run(const std::string& text) {
        text_ = text;
        const auto changes = reload_->run();
        if (!changes) return {changes.error().text};
        std::vector<std::string> texts;
        for (const ConfigChange& change : *changes) texts.push_back(change_text(change));
        return texts;
    }

    SystemClock clock_;
    CounterBoard board_;
    const OptionTable table_ = option_table(meter_kinds());
    const TemporaryLedger ledger_;
    std::optional<AttributionSource> attribution_;
    std::optional<Reload> reload_;
    std::vector<Config> applied_;
    std::string text_;
};

TEST_F(ReloadTest, AppliesAGoodConfiguration) {
    EXPECT_THAT(run("[attribute]\nlocal = [\"10.0.0.0/8\"]\n"),
                ElementsAre("attribute.local: [] → [\"10.0.0.0/8\"]"));
    ASSERT_EQ(applied_.size(), 1U);
    EXPECT_EQ(attribution_->networks().at(0).prefix, "10.0.0.0/8");
    EXPECT_THAT(run(text_), IsEmpty());
}

TEST_F(ReloadTest, KeepsTheOldConfigurationWhereTheNewOneIsWrong) {
    run("[attribute]\nlocal = [\"10.0.0.0/8\"]\n");
    const std::string next = "[attribute]\nlocal = [\"192.0.2.0/24\"]\n";
    EXPECT_THAT(run(next + "[services]\nweb = [\"tcp/nonsense\"]\n"),
                ElementsAre(HasSubstr("[services]")));
    EXPECT_THAT(run(next + "class_table = \"/nonexistent\"\n"),
                ElementsAre(HasSubstr("/nonexistent")));
    EXPECT_THAT(run("[display]\ntimezone = \"Nowhere\"\n"),
                ElementsAre(HasSubstr("[display] timezone")));
    EXPECT_EQ(applied_.size(), 1U);
    EXPECT_EQ(attribution_->networks().at(0).prefix, "10.0.0.0/8");
}

TEST_F(ReloadTest, IsCountedAndDated) {
    board_.on_config_loaded(UtcTime::from_seconds(1000));
    run("[services]\nweb = [\"tcp/nonsense\"]\n");
    EXPECT_EQ(board_.snapshot().reloads, 0U);
    EXPECT_EQ(board_.snapshot().reloads_refused, 1U);
    EXPECT_EQ(board_.snapshot().config_loaded, UtcTime::from_seconds(1000));
    const UtcTime before = clock_.now();
    run("");
    EXPECT_EQ(board_.snapshot().reloads, 1U);
    EXPECT_EQ(board_.snapshot().reloads_refused, 1U);
    EXPECT_GE(board_.snapshot().config_loaded, before);
}

TEST_F(ReloadTest, NamesWhatNeedsARestartUntilItIsTakenBack) {
    const std::string restart = "ledger.busy_timeout: restart needed (\"30s\" → \"1s\")";
    const std::string slow = "[ledger]\nbusy_timeout = \"1s\"\n";
    EXPECT_THAT(run(slow), ElementsAre(restart));
    EXPECT_THAT(run(slow + "commit_interval = \"5s\"\n"),
                ElementsAre("ledger.commit_interval: \"1m\" → \"5s\"", restart));
    EXPECT_THAT(run(slow + "commit_interval = \"5s\"\n"), ElementsAre(restart));
    EXPECT_THAT(run("[ledger]\ncommit_interval = \"5s\"\n"), IsEmpty());
}

TEST_F(ReloadTest, ShowsNoPassword) {
    EXPECT_THAT(run("[ledger]\npath = \"postgresql://u:secret@h/db\"\n"),
                ElementsAre("ledger.path: restart needed (\"\" → \"postgresql://u:***@h/db\")"));
}

TEST_F(ReloadTest, AnswersOverTheControlSocket) {
    const auto server = ControlServer::open(ledger_.path(), clock_);
    ASSERT_TRUE(server.has_value()) << server.error().text;
    reload_->answer_at(**server);
    const std::jthread daemon([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) (*server)->step();
    });
    text_ = "[ledger]\ncommit_interval = \"5s\"\nbusy_timeout = \"1s\"\n";
    const auto changes = ask_reload(ledger_.path());
    ASSERT_TRUE(changes.has_value()) << changes.error().text;
    ASSERT_EQ(changes->size(), 2U);
    EXPECT_EQ(change_text(changes->at(0)), "ledger.commit_interval: \"1m\" → \"5s\"");
    EXPECT_TRUE(changes->at(0).live);
    EXPECT_EQ(changes->at(1).key, "ledger.busy_timeout");
    EXPECT_FALSE(changes->at(1).live);
    text_ = "[leger]\n";
    EXPECT_THAT(ask_reload(ledger_.path()).error().text, HasSubstr("test.toml:1:2"));
}

TEST_F(ReloadTest, RefusesARequestForAnotherFile) {
    const auto server = ControlServer::open(ledger_.path(), clock_);
    ASSERT_TRUE(server.has_value()) << server.error().text;
    reload_->answer_at(**server);
    const std::jthread daemon([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) (*server)->step();
    });
    const auto refused = ask_reload(ledger_.path(), "/etc/octroi/other.toml");
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().text, HasSubstr("reads the configuration /etc/octroi/test.toml, "
                                                "not /etc/octroi/other.toml"));
    EXPECT_TRUE(applied_.empty());
    EXPECT_TRUE(ask_reload(ledger_.path(), "/etc/octroi/../octroi/test.toml").has_value());
    EXPECT_TRUE(ask_reload(ledger_.path()).has_value());
    EXPECT_FALSE(ask_daemon(ledger_.path(), {{"request", "reload"}, {"config", 1}}).has_value());
}

TEST_F(ReloadTest, NotesThatTheClassTableStaysWhereTheConfigurationNamesNone) {
    const testing::Folder folder;
    std::ofstream(folder.file("classes")) << "198.51.100.0/24 partners\n";
    const std::string table = "[attribute]\nclass_table = \"" + folder.file("classes") + "\"\n";
    run(table);
    const std::string rules = "class_rules = [\"within 198.51.0.0/16 = mirror\"]\n";
    EXPECT_THAT(run(table + rules), ElementsAre(Not(HasSubstr("stays"))));
    EXPECT_THAT(run("[attribute]\n" + rules), ElementsAre(Not(HasSubstr("stays"))));
    EXPECT_THAT(run(""), ElementsAre(HasSubstr("(the class table in force stays; octroi class")));
    EXPECT_THAT(run(""), IsEmpty());
}

TEST(ChangeText, HasNothingThatATerminalObeys) {
    EXPECT_EQ(change_text({"a\x1b[31m.b", "\"x\ny\"", "\"\xc2\x9b\"", true, {}}),
              "a\uFFFD[31m.b: \"x\uFFFDy\" → \"\uFFFD\"");
    EXPECT_EQ(change_text({"a.b", "1", "2\r", false, {}}), "a.b: restart needed (1 → 2\uFFFD)");
}

TEST_F(ReloadTest, DoesNotBelieveAnAnswerOfAnotherForm) {
    const auto server = ControlServer::open(ledger_.path(), clock_);
    ASSERT_TRUE(server.has_value()) << server.error().text;
    (*server)->add_request("reload", [](const nlohmann::json&) {
        return nlohmann::json::array({{{"key", 1}, {"live", "yes"}}});
    });
    const std::jthread daemon([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) (*server)->step();
    });
    EXPECT_EQ(ask_reload(ledger_.path()).error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace octroi
