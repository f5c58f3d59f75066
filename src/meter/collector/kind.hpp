// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "meter/kind.hpp"

namespace octroi::collector {

// Flow exports: NetFlow, IPFIX and sFlow, from the network and from files.
extern const MeterKind kind;

}  // namespace octroi::collector
