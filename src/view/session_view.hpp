// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The sessions of an address as a table: `octroi who --history`.

#include <string>
#include <vector>

#include "base/time.hpp"
#include "record/report.hpp"

namespace octroi {

struct SessionRow {
    std::string held;
    std::string holder;   // empty: nobody
    std::string account;  // that the holder had at the begin; empty: none
    std::string source;   // the meter that stated it
    Interval time;        // end max: it still holds
};

[[nodiscard]] Report sessions_report(const std::vector<SessionRow>& sessions);

}  // namespace octroi
