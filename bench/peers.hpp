// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Collectors as their users start them, measured in the same way with the same messages: other
// programs, if they are installed, and builds of octroi.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flow_messages.hpp"
#include "received.hpp"

namespace octroi::bench {

enum class CollectorKind : std::uint8_t {
    stores,      // nfcapd, sfcapd: write records to a file
    aggregates,  // nfacctd, sfacctd: sum them by address in memory
    octroi,      // books them into a ledger
};

struct CollectorProgram {
    CollectorKind kind = CollectorKind::stores;
    std::string path;
    std::string name;  // for the report
};
// The programs for such messages that are installed.
[[nodiscard]] std::vector<CollectorProgram> installed_collectors(ExportKind kind);

struct Load {
    double rate = 0;  // records a second
    unsigned seconds = 0;
    std::size_t buffer_octets = std::size_t{256} << 20U;  // of the socket
    bool pinned = false;  // the program has processor 0 for itself, the sender processor 1
};
// Runs the program with one sender, then ends it: octroi commits what it has, and that counts. It
// writes into a folder below `directory`, which is removed afterwards.
[[nodiscard]] Received run_collector(const CollectorProgram& program,
                                     const ExportMessages& messages, const Load& load,
                                     const std::string& directory);

// nfcapd stores `flows` records of NetFlow 9, then nfdump sums them by source address. Returns the
// seconds of nfdump; nothing: one of the two is not installed, or more than 1 % of the flows was
// lost.
[[nodiscard]] std::optional<double> nfdump_by_source(std::uint64_t flows,
                                                     const std::string& directory);

}  // namespace octroi::bench
