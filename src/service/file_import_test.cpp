// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/file_import.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>

#include "host/testing/folder.hpp"
#include "service/ledger_url.hpp"
#include "service/testing/frames_meter.hpp"

namespace octroi {
namespace {

using octroi::testing::FramesMeter;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FileImportTest : public ::testing::Test {
protected:
    FileImportTest() {
        auto ledger = open_ledger(folder_.file("ledger.db"), {.mode = OpenMode::create});
        EXPECT_TRUE(ledger.has_value()) << ledger.error().text;
        ledger_ = *std::move(ledger);
        settings_.meter = {"import", "capture", MeterRole::bill};
        settings_.cursor_prefix = "frames:";
        settings_.open =
            [this](const std::string& file,
                   std::span<const Cursor> known) -> Result<std::unique_ptr<file::OnceMeter>> {
            if (file == "absent") return fail(ErrorCode::not_found, "absent: no such file");
            auto meter = std::make_unique<FramesMeter>(file, 7, known);
            meter->error_at = error_at_;
            meter->warning_text = file == "cut" ? "ends in the middle of a frame" : "";
            return meter;
        };
    }
    // What became of each file: "a imported 7", and why the import ended early.
    [[nodiscard]] std::vector<std::string> import(const std::vector<std::string>& files) {
        const auto outcome = import_files(files, settings_, Config{}, *ledger_, clock_);
        EXPECT_TRUE(outcome.has_value()) << outcome.error().text;
        std::vector<std::string> texts;
        if (!outcome) return texts;
        for (const ImportedFile& f : outcome->files)
            texts.push_back(fmt::format("{} {} {}", f.file, to_string(f.state), f.frames));
        if (outcome->failure) texts.push_back(outcome->failure->text);
        return texts;
    }
    [[nodiscard]] std::uint64_t booked_packets() {
        const auto meters = ledger_->meters();
        return meters && meters->size() == 1 ? meters->front().volume.packets.value() : 0;
    }

    const testing::Folder folder_;
    SystemClock clock_;
    std::unique_ptr<Ledger> ledger_;
    ImportSettings settings_;
    std::uint64_t error_at_ = 0;
};

TEST_F(FileImportTest, AddsEachFileOnce) {
    EXPECT_THAT(import({"a", "b"}), ElementsAre("a imported 7", "b imported 7"));
    EXPECT_THAT(import({"b", "a"}), ElementsAre("b already imported 0", "a already imported 0"));
    EXPECT_EQ(booked_packets(), 14U);
}

TEST_F(FileImportTest, CommitsAtTheCheckpointsAndAtTheEnd) {
    const auto outcome = import_files({"a"}, settings_, Config{}, *ledger_, clock_);
    ASSERT_TRUE(outcome.has_value());
    EXPECT_EQ(outcome->files.at(0).batches, 3U);
    EXPECT_EQ(outcome->files.at(0).volume.bytes.value(), 700U);
}

TEST_F(FileImportTest, StopsAtACheckpointAndGoesOnThere) {
    settings_.stop_requested = [] { return true; };
    EXPECT_THAT(import({"a", "b"}), ElementsAre("a stopped 3", HasSubstr("import again")));
    EXPECT_EQ(booked_packets(), 3U);
    settings_.stop_requested = {};
    EXPECT_THAT(import({"a"}), ElementsAre("a continued 4"));
    EXPECT_EQ(booked_packets(), 7U);
}

TEST_F(FileImportTest, KeepsWhatWasReadBeforeAnError) {
    error_at_ = 5;
    EXPECT_THAT(import({"a", "b"}), ElementsAre("a bad block"));
    EXPECT_EQ(booked_packets(), 5U);
}

TEST_F(FileImportTest, ReportsTheFilesBeforeTheOneThatFails) {
    EXPECT_THAT(import({"a", "absent", "b"}), ElementsAre("a imported 7", "absent: no such file"));
}

TEST_F(FileImportTest, RefusesTheFileOfAnotherMeter) {
    EXPECT_THAT(import({"a"}), ElementsAre("a imported 7"));
    settings_.meter.name = "other";
    EXPECT_THAT(import({"a"}), ElementsAre(HasSubstr("was imported through meter import")));
    EXPECT_EQ(booked_packets(), 7U);
}

TEST_F(FileImportTest, HandsTheWarningOfACutFileToItsCaller) {
    const auto outcome = import_files({"cut"}, settings_, Config{}, *ledger_, clock_);
    ASSERT_TRUE(outcome.has_value());
    EXPECT_EQ(outcome->files.at(0).warning, "ends in the middle of a frame");
}

TEST_F(FileImportTest, CountsTheNetworksOfTheSettingsAsLocal) {
    settings_.local = {*parse_prefix("192.0.2.0/24")};
    EXPECT_THAT(import({"a"}), ElementsAre("a imported 7"));
    const auto sums = ledger_->sums({.by_identity = true});
    ASSERT_TRUE(sums.has_value());
    ASSERT_EQ(sums->size(), 1U);
    EXPECT_EQ(sums->front().from.kind, PartyKind::outside);
    EXPECT_EQ(sums->front().to.identity, "192.0.2.1");
}

}  // namespace
}  // namespace octroi
