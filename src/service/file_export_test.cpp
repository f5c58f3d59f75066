// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/file_export.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "host/testing/folder.hpp"
#include "service/testing/frames_meter.hpp"

namespace octroi {
namespace {

using octroi::testing::FramesMeter;
using ::testing::ElementsAre;

class FileExportTest : public ::testing::Test {
protected:
    [[nodiscard]] Result<FileExport> send(const std::vector<std::string>& files,
                                          bool stop = false) const {
        const auto open = [](const std::string& file) -> Result<std::unique_ptr<file::OnceMeter>> {
            auto meter = std::make_unique<FramesMeter>(file, 7, std::span<const Cursor>());
            meter->error_at = file == "bad" ? 2 : 0;
            meter->warning_text = file == "cut" ? "cut: ends in the middle of a frame" : "";
            return meter;
        };
        const ExportSettings settings{.to = *parse_export_target("file:" + target_)};
        return export_files(files, open, settings, clock_, [stop] { return stop; });
    }
    const testing::Folder folder_;
    const std::string target_ = folder_.file("flows");
    SystemClock clock_;
};

TEST_F(FileExportTest, SendsEveryReadingOfEachFile) {
    const auto sent = send({"a", "cut", "b"});
    ASSERT_TRUE(sent.has_value()) << sent.error().text;
    EXPECT_EQ(sent->counts.encoded.records, 21U);
    EXPECT_THAT(sent->warnings, ElementsAre("cut: ends in the middle of a frame"));
    EXPECT_GT(std::filesystem::file_size(target_), 21U * 20U);
}

TEST_F(FileExportTest, EndsWithTheErrorOfAFileOrOnRequest) {
    EXPECT_EQ(send({"a", "bad", "b"}).error().text, "a bad block");
    EXPECT_EQ(send({"a"}, true).error().code, ErrorCode::interrupted);
}

}  // namespace
}  // namespace octroi
