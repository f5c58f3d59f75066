// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "meter/kind.hpp"

namespace octroi::logs {

// Logs of servers.
extern const MeterKind kind;
// Logs of packets.
extern const MeterKind packets_kind;
// Logs of servers in the journal.
extern const MeterKind journal_kind;

}  // namespace octroi::logs
