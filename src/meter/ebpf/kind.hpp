// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "meter/kind.hpp"

namespace octroi::ebpf {

extern const MeterKind kind;
extern const MeterKind sockets_kind;

}  // namespace octroi::ebpf
