// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Data templates that describe traffic without a count that is known here, but with elements of an
// enterprise that may be counts. Their records add nothing to any figure.

#include <string>

#include "wire/ipfix/plan.hpp"
#include "wire/ipfix/template.hpp"

namespace octroi::ipfix {

// The template and its elements that may be counts: "256: 9/12345, 9/12346" (enterprise/number).
// Empty: `plan` has counts, or its records are events or describe no traffic, or no element may be
// a count. plan: of the same template.
[[nodiscard]] std::string unread_counts(const Template& from, const Plan& plan);

}  // namespace octroi::ipfix
