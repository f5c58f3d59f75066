// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/recount.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "service/file_import.hpp"
#include "service/testing/frames_meter.hpp"
#include "service/testing/temporary_ledger.hpp"

namespace octroi {
namespace {

using octroi::testing::FramesMeter;
using octroi::testing::TemporaryLedger;
using ::testing::HasSubstr;

constexpr std::uint64_t frames = 7;
constexpr UtcTime bucket = UtcTime::from_seconds(1'700'000'000 / 300 * 300);

Result<std::unique_ptr<file::OnceMeter>> open(const FileSetup& setup) {
    return std::make_unique<FramesMeter>(setup.path, frames, setup.cursors);
}
// The file "wrong" is counted with a packet too many.
Result<BucketCounts> count(const std::string& path) {
    const std::uint64_t packets = frames + (path == "wrong" ? 1 : 0);
    return BucketCounts{{bucket, {.bytes = 100 * packets, .packets = packets}}};
}

constexpr std::array<Importer, 1> importers{
    {{.command = {.noun = "frames"}, .cursor_prefix = "frames:", .open = open, .recount = count}}};
constexpr MeterKind kind{.name = "frames", .importers = importers};
constexpr std::array<const MeterKind*, 1> kinds{&kind};

class RecountTest : public ::testing::Test {
protected:
    void import(const std::string& file, const std::function<bool()>& stop = {}) {
        const ImportSettings settings{
            .meter = {"import", "frames", MeterRole::bill},
            .cursor_prefix = "frames:",
            .open =
                [](const std::string& path, std::span<const Cursor> known) {
                    return open({path, OptionValues{}, known});
                },
            .stop_requested = stop};
        EXPECT_TRUE(import_files({file}, settings, Config{}, *ledger_, clock_).has_value());
    }
    SystemClock clock_;
    const TemporaryLedger ledger_;
};

TEST_F(RecountTest, AgreesWithTheImport) {
    import("a");
    import("b");
    const auto both = recount(*ledger_, kinds, "a");
    ASSERT_TRUE(both.has_value()) << both.error().text;
    EXPECT_TRUE(both->agrees());
    EXPECT_EQ(both->ledger.at(bucket).packets, frames);
}

TEST_F(RecountTest, SaysWhereTheLedgerHasSomethingElse) {
    import("wrong");
    const auto both = recount(*ledger_, kinds, "wrong");
    ASSERT_TRUE(both.has_value()) << both.error().text;
    EXPECT_FALSE(both->agrees());
    EXPECT_EQ(both->file.at(bucket).packets, frames + 1);
    EXPECT_EQ(both->ledger.at(bucket).packets, frames);
}

// Without a simpler program the readings of the file are counted.
TEST_F(RecountTest, CountsReadingsOfFilesWithoutAProgramOfTheirOwn) {
    static constexpr std::array<Importer, 1> plain{
        {{.command = {.noun = "frames"}, .cursor_prefix = "frames:", .open = open}}};
    static constexpr MeterKind of_readings{.name = "frames", .importers = plain};
    const std::array<const MeterKind*, 1> some{&of_readings};
    import("a");
    const auto both = recount(*ledger_, some, "a");
    ASSERT_TRUE(both.has_value()) << both.error().text;
    EXPECT_TRUE(both->agrees());
    EXPECT_EQ(both->file.at(bucket).bytes, 100 * frames);
}

TEST_F(RecountTest, NeedsTheWholeFileInTheLedger) {
    const auto absent = recount(*ledger_, kinds, "a");
    ASSERT_FALSE(absent.has_value());
    EXPECT_EQ(absent.error().code, ErrorCode::not_found);
    EXPECT_THAT(absent.error().text, HasSubstr("octroi import frames a"));
    import("a", [] { return true; });
    const auto part = recount(*ledger_, kinds, "a");
    ASSERT_FALSE(part.has_value());
    EXPECT_THAT(part.error().text, HasSubstr("in part only. Next: octroi import frames a"));
}

}  // namespace
}  // namespace octroi
