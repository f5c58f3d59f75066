// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// One exporter with budgets of its own, for tests of components.

#include "wire/exporter/exporter_state.hpp"

namespace octroi::exporter::testing {

struct OneExporter {
    explicit OneExporter(const Limits& with = {}, const Address& from = Address::v4(0xcb007101))
        : limits(with), budgets(limits), exporter(from, 1, limits, budgets) {}

    const Limits limits;
    Budgets budgets;
    Exporter exporter;
};

}  // namespace octroi::exporter::testing
