// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Names of hosts in reports: `--names`.

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "record/report.hpp"

namespace octroi {

// The addresses in the columns `identity` and `inside`, each once; texts that are no address are
// left out.
[[nodiscard]] std::vector<Address> addresses_in(std::span<const Report> reports);

// Adds a column `name` behind each report's column of addresses, with the name of each address;
// empty: it has none. A report without such a column stays as it is.
using NameOfAddress = std::function<std::string(const Address&)>;
void add_host_names(Report& report, const NameOfAddress& name_of);

}  // namespace octroi
