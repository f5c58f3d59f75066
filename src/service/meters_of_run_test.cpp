// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/meters_of_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "service/detach_meters.hpp"
#include "service/testing/temporary_ledger.hpp"

namespace octroi {
namespace {

using octroi::testing::TemporaryLedger;
using ::testing::HasSubstr;

// What the kernel has of the meter `cheap`.
struct Kernel {
    bool has_older_counts = false;  // of another version: `detach` refuses
    bool was_removed = false;
};
Kernel kernel;

class EndedMeter final : public Meter {
public:
    Result<Pull> pull(ReadingSink& /*sink*/, Duration /*wait*/) override { return Pull::end; }
    Result<Checkpoint> checkpoint(ReadingSink& /*sink*/) override { return Checkpoint{}; }
    [[nodiscard]] const NameTable& names() const override { return names_; }
    [[nodiscard]] std::vector<CounterValue> counters() const override { return {}; }

private:
    NameTable names_;
};

constexpr MeterKind cheap{
    .name = "cheap",
    .help = "The one that costs least, and cannot be opened.",
    .obstacle = [] { return std::string(); },
    .cursor_prefix = "cheap:",
    .open = [](MeterSetup& /*setup*/) -> Result<OpenedMeter> {
        return fail(ErrorCode::failed, "programs of an older octroi count");
    },
    .remove_from_kernel = [](const MeterConfig& /*meter*/) -> Result<std::vector<std::string>> {
        kernel.was_removed = true;
        return std::vector<std::string>{"counts"};
    },
    .detach = [](const MeterConfig& /*meter*/) -> Result<std::vector<std::string>> {
        if (kernel.has_older_counts)
            return fail(ErrorCode::failed, "counts of an older octroi cannot be read");
        return std::vector<std::string>();
    },
    .is_in_kernel = [](const MeterConfig& /*meter*/) { return false; }};
constexpr MeterKind common{.name = "common",
                           .help = "The one that always works.",
                           .runs_unconfigured = true,
                           .open = [](MeterSetup& /*setup*/) -> Result<OpenedMeter> {
                               return OpenedMeter{std::make_unique<EndedMeter>(), {}, {}};
                           }};
constexpr std::array kinds{&common, &cheap};

class MetersOfRunTest : public ::testing::Test {
protected:
    MetersOfRunTest() { kernel = {}; }
    // An earlier run committed readings of the meter.
    void know_meter() const {
        Batch batch;
        batch.id.octets[0] = 1;
        batch.meter = {"cheap", "cheap", MeterRole::bill};
        batch.booked_at = octroi::testing::noon;
        batch.cursors = {{.source = "cheap:eth0", .position = "1", .version = 1, .note = ""}};
        const auto outcome = ledger_->commit(batch);
        ASSERT_TRUE(outcome.has_value()) << outcome.error().text;
    }
    Result<RunningMeters> open() {
        const RunSettings settings{.ledger_path = ledger_.path(), .kinds = kinds, .table = table_};
        return open_meters_of_run(settings, host_, *ledger_);
    }
    void expect_the_common_kind() {
        const auto running = open();
        ASSERT_TRUE(running.has_value()) << running.error().text;
        EXPECT_EQ(running->configs.at(0).kind, "common");
        EXPECT_TRUE(kernel.was_removed);
    }

    const OptionTable table_ = option_table(kinds);
    const TemporaryLedger ledger_;
    SystemCaptureHost host_;
};

// After kill -9 and an upgrade: the counts of the run before are those of the ledger.
TEST_F(MetersOfRunTest, CountsOfAKnownMeterStayWhereTheyCannotBePosted) {
    know_meter();
    kernel.has_older_counts = true;
    const auto running = open();
    ASSERT_FALSE(running.has_value());
    EXPECT_THAT(running.error().text, HasSubstr("cannot be read"));
    EXPECT_FALSE(kernel.was_removed);
}

TEST_F(MetersOfRunTest, AKnownMeterWithoutCountsIsRemovedAndAnotherKindRuns) {
    know_meter();
    expect_the_common_kind();
}

TEST_F(MetersOfRunTest, AMeterThatTheLedgerDoesNotKnowHasNoCountsOfItsOwn) {
    kernel.has_older_counts = true;
    expect_the_common_kind();
}

// octroi run --detach-kernel without --drop-counts.
TEST_F(MetersOfRunTest, CountsOfAnotherVersionAreNotRemovedUnread) {
    MeterConfig meter;
    meter.name = meter.kind = "cheap";
    const std::vector meters{meter};
    ASSERT_FALSE(have_counts_in_kernel(meters, kinds));
    kernel.has_older_counts = true;
    EXPECT_FALSE(remove_without_counts(meters, kinds).has_value());
    EXPECT_FALSE(kernel.was_removed);
    EXPECT_TRUE(drop_from_kernel(meters, kinds).has_value());
    EXPECT_TRUE(kernel.was_removed);
}

}  // namespace
}  // namespace octroi
