// SPDX-License-Identifier: GPL-3.0-or-later
// Changes every live option of the option table in a running daemon, and observes the effect. If
// the table has a live row that this test does not know, the test fails.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "effect.hpp"
#include "meter/kind.hpp"
#include "service/meter_kinds.hpp"

namespace octroi::reload {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A change of attribution: flows get a different name of this kind, at once and not after the
// commit interval, which is long. The flows before the reload are committed with the old name.
Effect attributes(Sections before, Sections after, std::string option, const std::string& key,
                  const std::string& name) {
    before.emplace("ledger", slow);
    after.emplace("ledger", slow);
    return {.before = with_local(std::move(before)),
            .after = with_local(std::move(after)),
            .key = std::move(option),
            .unchanged =
                [](RunningDaemon& daemon) {
                    // The first commit comes after a second, the next one would come in an hour.
                    support::pass(std::chrono::milliseconds(1500));
                    daemon.send();
                    support::pass(std::chrono::milliseconds(500));
                    EXPECT_THAT(daemon.used("meter"), IsEmpty());
                },
            .changed =
                [key, name](RunningDaemon& daemon) {
                    EXPECT_TRUE(support::wait_until([&] { return !daemon.used("meter").empty(); },
                                                    RunningDaemon::patience))
                        << daemon.log();
                    // Categories are names of the view: they apply to committed flows too.
                    if (key != "category") {
                        EXPECT_THAT(daemon.used(key), Not(Contains(name)));
                    }
                    daemon.send();
                    EXPECT_EQ(daemon.stop().status, 0);
                    EXPECT_THAT(daemon.used(key), Contains(name));
                }};
}

void expect_in_last_table(RunningDaemon& daemon, const std::string& text) {
    daemon.expect_used("meter", "flows");
    const support::Ended ended = daemon.stop();
    EXPECT_EQ(ended.status, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr(text));
}

std::function<Effect(const support::Folder&)> plain(Effect effect) {
    return [effect = std::move(effect)](const support::Folder&) { return effect; };
}

void add_log_effects(Effects& all) {
    // An informational line of the reload is not written any more.
    all["log.level"] =
        plain({.before = with_local({}),
               .after = with_local({{"log", "level = \"error\"\n"}}),
               .key = "log.level",
               .changed = [](RunningDaemon& daemon) {
                   EXPECT_THAT(daemon.log(), HasSubstr("ends with Ctrl-C"));
                   EXPECT_THAT(daemon.reload(), IsEmpty());
                   EXPECT_THAT(daemon.log(), Not(HasSubstr("configuration reloaded")));
               }});
    all["log.format"] =
        plain({.before = with_local({{"log", "format = \"text\"\n"}}),
               .after = with_local({{"log", "format = \"json\"\n"}}),
               .key = "log.format",
               .changed = [](RunningDaemon& daemon) {
                   EXPECT_THAT(daemon.reload(), IsEmpty());
                   const bool is_json = support::wait_until(
                       [&] {
                           return daemon.log().find("\"message\":\"configuration reloaded") !=
                                  std::string::npos;
                       },
                       RunningDaemon::patience);
                   EXPECT_TRUE(is_json) << daemon.log();
               }});
}

// By section and key.
Effects effects() {
    Effects all;
    all["ledger.commit_interval"] =
        plain({.before = {{"ledger", "commit_interval = \"1h\"\n"}, {"attribute", local}},
               .after = {{"ledger", quick}, {"attribute", local}},
               .key = "ledger.commit_interval",
               .unchanged =
                   [](RunningDaemon& daemon) {
                       // The first commit comes after a second, the next one would come in an hour.
                       support::pass(std::chrono::milliseconds(1500));
                       daemon.send();
                       support::pass(std::chrono::milliseconds(2500));
                       EXPECT_THAT(daemon.used("meter"), IsEmpty());
                   },
               .changed = [](RunningDaemon& daemon) { daemon.expect_used("meter", "flows"); }});
    const std::string whole = "per_address = false\n";
    all["attribute.local"] = plain(attributes(
        {{"attribute", local + whole}}, {{"attribute", "local = [\"198.51.100.0/24\"]\n" + whole}},
        "attribute.local", "identity", "198.51.100.0/24"));
    all["attribute.per_address"] =
        plain(attributes({}, {{"attribute", local + "per_address = false\n"}},
                         "attribute.per_address", "identity", "10.0.0.0/8"));
    all["attribute.class_table"] = [](const support::Folder& folder) {
        std::ofstream(folder / "classes") << "198.51.100.0/24 partners\n";
        return attributes({},
                          {{"attribute", local + "class_table = \"" + folder / "classes" + "\"\n"}},
                          "attribute.class_table", "class", "partners");
    };
    all["attribute.class_rules"] = [](const support::Folder& folder) {
        std::ofstream(folder / "classes") << "198.51.100.0/24\n";
        const std::string table = local + "class_table = \"" + folder / "classes" + "\"\n";
        return attributes(
            {{"attribute", table}},
            {{"attribute", table + "class_rules = [\"within 198.51.0.0/16 = mirror\"]\n"}},
            "attribute.class_rules", "class", "mirror");
    };
    all["services.*"] = plain(attributes({}, {{"services", "shop = [\"tcp/443\"]\n"}},
                                         "services.shop", "service", "shop"));
    all["categories.*"] = plain(attributes({}, {{"categories", "work = [\"https\", \"http\"]\n"}},
                                           "categories.work", "category", "work"));
    all["display.units"] =
        plain({.before = with_local({}),
               .after = with_local({{"display", "units = \"si\"\n"}}),
               .key = "display.units",
               .changed = [](RunningDaemon& daemon) { expect_in_last_table(daemon, "kB"); }});
    all["display.timezone"] = plain(
        {.before = with_local({{"display", "timezone = \"UTC\"\n"}}),
         .after = with_local({{"display", "timezone = \"Asia/Tokyo\"\n"}}),
         .key = "display.timezone",
         .changed = [](RunningDaemon& daemon) { expect_in_last_table(daemon, "Asia/Tokyo"); }});
    add_log_effects(all);
    add_class_table_effects(all);
    return all;
}

std::vector<std::string> live_options() {
    std::vector<std::string> keys;
    for (const Option& row : option_table(meter_kinds()).options)
        if (row.reload && row.renamed_to.empty())
            keys.push_back(std::string(row.section) + "." + std::string(row.key));
    return keys;
}

class LiveOption : public ::testing::TestWithParam<std::string> {};

TEST_P(LiveOption, TakesEffectInARunningDaemon) {
    const auto known = effects();
    const auto found = known.find(GetParam());
    ASSERT_NE(found, known.end()) << GetParam() << " is live and has no test of its effect";
    const support::Folder folder;
    const Effect effect = found->second(folder);
    RunningDaemon daemon(effect.before);
    if (effect.unchanged) effect.unchanged(daemon);
    daemon.write(effect.after);
    const json rows = daemon.reload();
    ASSERT_EQ(rows.size(), 1U) << rows;
    EXPECT_EQ(rows[0]["option"], effect.key);
    EXPECT_EQ(rows[0]["restart_needed"], false);
    EXPECT_NE(rows[0]["before"], rows[0]["after"]);
    effect.changed(daemon);
}

INSTANTIATE_TEST_SUITE_P(Table, LiveOption, ::testing::ValuesIn(live_options()),
                         [](const auto& row) {
                             std::string name = row.param;
                             for (char& c : name)
                                 if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
                             return name;
                         });

TEST(LiveOptions, AreAllKnownToThisTest) {
    const auto live = live_options();
    for (const auto& [key, effect] : effects()) EXPECT_THAT(live, Contains(key));
}

}  // namespace
}  // namespace octroi::reload
