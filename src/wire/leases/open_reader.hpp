// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "wire/leases/lease.hpp"

namespace octroi::leases {

// A reader at the begin of a file. Null: the format is unknown.
[[nodiscard]] std::unique_ptr<LeaseReader> open_reader(LeaseFormat format);

}  // namespace octroi::leases
