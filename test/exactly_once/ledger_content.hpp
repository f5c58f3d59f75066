// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The content of a ledger, without the parts in which two equal ledgers may differ.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "ledger/audit.hpp"
#include "store/sqlite/sqlite_ledger.hpp"

namespace octroi {

inline std::unique_ptr<SqliteLedger> open_ledger_to_read(const std::string& path) {
    auto ledger = SqliteLedger::open(path, {.mode = OpenMode::read_only});
    EXPECT_TRUE(ledger.has_value()) << ledger.error().text;
    return ledger ? std::move(*ledger) : nullptr;
}

// One line per distinct transfer, with all its fields except the batch.
inline std::vector<std::string> transfers(const std::string& path) {
    const auto ledger = open_ledger_to_read(path);
    SumQuestion all;
    all.by_bucket = all.by_meter = all.by_identity = all.by_service = true;
    const auto sums = ledger->sums(all);
    EXPECT_TRUE(sums.has_value());
    std::vector<std::string> lines;
    for (const TransferSum& s : *sums)
        lines.push_back(to_rfc3339(s.bucket) + " " + s.meter + " " + to_string(s.from) + " " +
                        s.from.identity + " > " + to_string(s.to) + " " + s.to.identity + " " +
                        s.service + " " + std::to_string(s.volume.bytes.value()) + " " +
                        std::to_string(s.volume.packets.value()) + " " +
                        std::to_string(s.volume.flows.value()));
    std::ranges::sort(lines);
    return lines;
}

inline Volume volume(const std::string& path) {
    Volume whole;
    const auto sums = open_ledger_to_read(path)->sums({});
    EXPECT_TRUE(sums.has_value());
    for (const TransferSum& sum : *sums) whole += sum.volume;
    return whole;
}

inline void expect_holds(const std::string& path) {
    const auto ledger = open_ledger_to_read(path);
    const auto report = audit(*ledger);
    ASSERT_TRUE(report.has_value()) << report.error().text;
    for (const AuditFinding& finding : report->findings) ADD_FAILURE() << finding.text;
}

}  // namespace octroi
