// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Other people's collectors, where they are installed: the same messages, the same measure.

#include <string>

#include "flow_messages.hpp"
#include "received.hpp"

namespace octroi::bench {

// "nfcapd" (sfcapd for sFlow) stores what it receives; "nfacctd" (sfacctd) sums by address.
enum class Peer { stores, aggregates };
// The program's name; empty: it is not installed.
[[nodiscard]] std::string peer_program(Peer peer, ExportKind kind);
// Runs it for one sender. directory: for what it writes; removed afterwards.
[[nodiscard]] Received run_peer(Peer peer, const ExportMessages& messages, double rate,
                                unsigned seconds, const std::string& directory);

}  // namespace octroi::bench
