// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// `octroi inspect leases FILE…`: a row for each record.

#include "meter/kind.hpp"
#include "wire/leases/lease.hpp"

namespace octroi::dhcp {

[[nodiscard]] std::vector<DocumentedColumn> lease_fields();
[[nodiscard]] std::vector<Column> lease_columns(const OptionValues& options);
// As Inspector::inspect.
[[nodiscard]] Result<std::string> inspect_leases(const FileSetup& setup, InspectSink& sink);

// Of the option `format`; unknown: "auto".
[[nodiscard]] leases::LeaseFormat format_of(std::string_view word);

}  // namespace octroi::dhcp
