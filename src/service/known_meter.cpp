// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/known_meter.hpp"

#include <fmt/format.h>

namespace octroi {

Status require_meter(Query& ledger, const std::string& name) {
    TRY_ASSIGN(const auto meters, ledger.meters());
    for (const MeterState& meter : meters)
        if (meter.meter.name == name) return {};
    return fail(ErrorCode::not_found,
                fmt::format("there is no meter {}; octroi meters shows all", name));
}

}  // namespace octroi
