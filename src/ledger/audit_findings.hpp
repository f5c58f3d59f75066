// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Collects the findings of an audit: a damaged ledger can have any number of them.

#include <string>
#include <utility>

#include "ledger/audit.hpp"

namespace octroi {

class AuditFindings {
public:
    // batch: as AuditFinding::batch.
    void add(FindingKind kind, std::uint64_t batch, std::string text) {
        if (findings_.size() < findings_max)
            findings_.push_back({kind, batch, std::move(text)});
        else
            ++left_off_;
    }
    // The last call on this object.
    void finish(AuditReport& report) {
        report.findings = std::move(findings_);
        report.findings_left_off = left_off_;
    }

private:
    std::vector<AuditFinding> findings_;
    std::uint64_t left_off_ = 0;
};

}  // namespace octroi
