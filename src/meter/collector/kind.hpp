// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "meter/kind.hpp"

namespace octroi::collector {

// Flow exports: NetFlow, IPFIX and sFlow, from the network and from files.
extern const MeterKind kind;

// The folder of a meter's journal: the configured one, or one below the folder of meters' files.
[[nodiscard]] std::string journal_folder(const std::string& configured,
                                         const std::string& state_folder, const std::string& meter);

}  // namespace octroi::collector
