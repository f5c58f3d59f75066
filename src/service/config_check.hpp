// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What the option table cannot check, because it needs other layers: services, categories and a
// time zone that do not exist. Every command that reads a configuration calls it.

#include "config/config.hpp"

namespace octroi {

// Errors: invalid, naming the place in the file.
[[nodiscard]] Status check_config(const Config& config);
// The same of [[rule]], for a daemon that counts by them. Errors also: over_limit.
[[nodiscard]] Status check_rules(const Config& config);

}  // namespace octroi
