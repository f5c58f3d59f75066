// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "meter/nftables/service_names.hpp"

namespace octroi::accounting {

// The names of /etc/services. Without the file there are none.
[[nodiscard]] ServiceNames service_names();

}  // namespace octroi::accounting
