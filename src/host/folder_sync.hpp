// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "base/result.hpp"

namespace octroi {

// Syncs the folder that contains the file: a new or changed name is on the disk afterwards. A sync
// of the file alone keeps its content only.
[[nodiscard]] Status sync_folder_of(const std::string& path);

}  // namespace octroi
