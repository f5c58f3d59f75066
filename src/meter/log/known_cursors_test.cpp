// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/known_cursors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "meter/log/log_cursor.hpp"

namespace octroi::logs {
namespace {

using ::testing::ElementsAre;

Cursor followed(const std::string& digits, const std::string& path, const std::string& format) {
    LogPosition position;
    position.path = path;
    position.format = format;
    return {std::string(followed_source_prefix) + digits, position.save(), 1, path};
}

TEST(KnownCursors, AreTakenOverFromAMeterThatIsGoneWithTheSameFormat) {
    MeterConfig web;
    web.name = "web";
    MeterConfig mail;
    mail.name = "mail";
    const std::vector<MeterConfig> configured{web, mail};
    const std::vector<Cursor> own{followed("01", "/a", "combined"), followed("02", "", "")};
    const std::vector<OtherCursor> others{
        {"gone", followed("03", "/b", "combined")},
        {"gone", followed("04", "/b", "postfix")},
        {"gone", followed("05", "", "")},  // of no log
        {"mail", followed("06", "/c", "combined")},
        {"gone", {"logfollow:07", "damaged", 1, ""}},
        {"gone", {"logfile:08", "imported", 1, ""}},
        {"mail", {"logfile:09", "imported", 1, ""}},
    };
    std::vector<std::string> sources;
    for (const Cursor& cursor : known_cursors(own, others, configured, "combined"))
        sources.push_back(cursor.source);
    EXPECT_THAT(sources, ElementsAre("logfollow:01", "logfollow:02", "logfollow:03", "logfile:08",
                                     "logfile:09"));
}

}  // namespace
}  // namespace octroi::logs
