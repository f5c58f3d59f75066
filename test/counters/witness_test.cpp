// SPDX-License-Identifier: GPL-3.0-or-later
// The counters of interfaces as a witness for a capture that bills.

#include "support/counters_fixture.hpp"

namespace octroi {
namespace {

class WitnessTest : public CountersFixture {
protected:
    void configure_both(const std::string& filter) const {
        configure_daemon(
            "[[meter]]\nname = \"packets\"\nkind = \"capture\"\ninterfaces = [\"cnear\"]\n" +
            filter +
            "[[meter]]\nname = \"links\"\nkind = \"interfaces\"\nrole = \"witness\"\n"
            "interfaces = [\"cnear\"]\npoll = \"100ms\"\n");
    }
    void exchange() const {
        must(in(near_, {"ping", "-q", "-c", "40", "-i", "0.01", "-s", "1000", "10.78.0.2"}));
    }
    [[nodiscard]] json only_row() const {
        const json rows = ask({"audit", "--witnesses", "--config", config_});
        EXPECT_EQ(rows.size(), 1U) << rows;
        return rows.is_array() && !rows.empty() ? rows[0] : json::object();
    }
};

TEST_F(WitnessTest, HeadersExplainTheWholeDifference) {
    configure_both("");
    start(2);
    exchange();
    stop();
    const json row = only_row();
    EXPECT_EQ(row.value("witness", ""), "links");
    EXPECT_EQ(row.value("meter", ""), "packets");
    EXPECT_EQ(row.value("billed_bytes", 0), 80 * 1028) << row;
    EXPECT_EQ(row.value("witnessed_packets", 0),
              row.value("billed_packets", 0) + row.value("excluded_packets", 0))
        << row;
    EXPECT_EQ(row.value("header_bytes", 0), 80 * 14) << row;
    EXPECT_EQ(row.value("rest_bytes", 1), 0) << row;
    EXPECT_EQ(support::run(support::octroi(ledger_, {"audit"})).status, 0);
}

TEST_F(WitnessTest, WhatTheCaptureDoesNotSeeIsARest) {
    configure_both("filter = \"src host 10.78.0.1\"\n");
    start(2);
    exchange();
    stop();
    const json row = only_row();
    EXPECT_EQ(row.value("billed_bytes", 0), 40 * 1028) << row;
    EXPECT_GE(row.value("rest_bytes", 0), 40 * 1028) << row;
    EXPECT_GT(row.value("rest_share", 0.0), 45.0) << row;
}

TEST_F(WitnessTest, TwoMetersThatBillOneInterfaceAreRefused) {
    configure_daemon(
        "[[meter]]\nname = \"packets\"\nkind = \"capture\"\n"
        "[[meter]]\nname = \"links\"\nkind = \"interfaces\"\n");
    const Ended refused =
        support::run(in(near_, support::octroi(ledger_, {"--config", config_, "run"})));
    EXPECT_EQ(refused.status, 2) << refused.err;
    EXPECT_TRUE(refused.err.contains("would be charged twice")) << refused.err;
}

}  // namespace
}  // namespace octroi
