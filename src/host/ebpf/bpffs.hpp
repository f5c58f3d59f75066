// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The file system for pinned maps, bpffs (bpf(2), BPF_OBJ_PIN).

#include <string>

#include "base/result.hpp"

namespace octroi {

// Mounts it there, if it is not. The folder is created. Errors: permission, unsupported.
[[nodiscard]] Status mount_bpffs(const std::string& path);
// Creates the folder below the mounted bpffs, with those above it.
[[nodiscard]] Status make_pin_folder(const std::string& bpffs, const std::string& folder);

}  // namespace octroi
