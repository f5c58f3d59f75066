// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Other collectors, if they are installed, measured in the same way with the same messages.

#include <cstdint>
#include <optional>
#include <string>

#include "flow_messages.hpp"
#include "received.hpp"

namespace octroi::bench {

// "nfcapd" (sfcapd for sFlow) stores records; "nfacctd" (sfacctd) sums them by address.
enum class Peer { stores, aggregates };
// The name of the program; empty: not installed.
[[nodiscard]] std::string peer_program(Peer peer, ExportKind kind);
// Runs the program with one sender. It writes into a folder below `directory`, which is removed
// afterwards.
[[nodiscard]] Received run_peer(Peer peer, const ExportMessages& messages, double rate,
                                unsigned seconds, const std::string& directory);

// nfcapd stores `flows` records of NetFlow 9, then nfdump sums them by source address. Returns the
// seconds of nfdump; nothing: one of the two is not installed, or more than 1 % of the flows was
// lost.
[[nodiscard]] std::optional<double> nfdump_by_source(std::uint64_t flows,
                                                     const std::string& directory);

}  // namespace octroi::bench
