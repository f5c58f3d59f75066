// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Where in bpffs the maps and programs of a meter are pinned: a folder for each meter, network
// namespace and layout. Several namespaces may share one bpffs, and each has counts of its own.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/config.hpp"

namespace octroi::ebpf {

// Below bpffs. kind_suffix: "" or "-sockets".
[[nodiscard]] Result<std::string> pin_folder(const MeterConfig& meter,
                                             std::string_view kind_suffix);
// Errors: failed (programs of an older octroi still count for this meter).
[[nodiscard]] Status check_older_pins(const MeterConfig& meter, std::string_view kind_suffix);

// For MeterKind. Those of this namespace.
[[nodiscard]] bool is_pinned(const MeterConfig& meter, std::string_view kind_suffix);
[[nodiscard]] Result<std::vector<std::string>> detach_pinned(const MeterConfig& meter,
                                                             std::string_view kind_suffix);
// Also those with counts that nobody can read: of older programs, and of namespaces that are gone.
[[nodiscard]] Result<std::vector<std::string>> remove_pinned(const MeterConfig& meter,
                                                             std::string_view kind_suffix);

}  // namespace octroi::ebpf
