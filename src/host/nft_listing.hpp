// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Lists tables of nftables, through libnftables.

#include <string>

#include "base/result.hpp"

namespace octroi {

// As CounterHost::nft_table().
[[nodiscard]] Result<std::string> list_nft_table(const std::string& family,
                                                 const std::string& name);

}  // namespace octroi
