// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/witness_view.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "view/row_stream.hpp"
#include "view/table.hpp"

namespace octroi {
namespace {

std::string witness_json(const Report& report) {
    std::string out;
    EXPECT_TRUE(write_machine(report, MachineFormat::json, [&](std::string_view text) -> Status {
        out += text;
        return {};
    }));
    return out;
}

TEST(WitnessReport, HasASignedRestAndWarnsOfIt) {
    WitnessRow row{.begin = UtcTime::from_seconds(1'793'491'200),
                   .witness = "links",
                   .meter = "packets",
                   .witnessed = {Bytes(101'442), Packets(101), Flows(0)},
                   .billed = {Bytes(104'000), Packets(104), Flows(0)},
                   .headers = 1414,
                   .rest = -3972,
                   .percent = -3.77};
    const Report report = witness_report({row});
    ASSERT_EQ(report.rows.size(), 1U);
    EXPECT_EQ(report.rows[0].tone, Tone::warn);
    const auto parsed = nlohmann::json::parse(witness_json(report));
    EXPECT_EQ(parsed[0]["rest_bytes"], -3972);
    EXPECT_EQ(parsed[0]["witness_layer"], 2);
    row.rest = 0;
    row.percent = 0;
    EXPECT_EQ(witness_report({row}).rows[0].tone, Tone::plain);
    EXPECT_TRUE(witness_report({}).notes.empty());
}

}  // namespace
}  // namespace octroi
