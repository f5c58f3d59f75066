// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "host/interfaces.hpp"
#include "record/directory.hpp"

namespace octroi {

// The networks of this machine's interfaces, without loopback: the local networks where none is
// declared.
[[nodiscard]] std::vector<LocalNetwork> networks_of(const std::vector<Interface>& present);

}  // namespace octroi
