// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Generated messages of flow exporters: made from a seed, with a given number of flows.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace octroi::bench {

enum class ExportKind : std::uint8_t { netflow_v5, netflow_v9, ipfix, sflow };

struct ExportFormat {
    std::string_view name;
    ExportKind kind;
    unsigned records;           // per message, as many as real exporters send
    std::size_t sequence_at;    // offset of the sequence number in the message (32 bit)
    std::uint32_t sequence_by;  // its increment per message
};
inline constexpr ExportFormat export_formats[] = {
    {"v5", ExportKind::netflow_v5, 30, 16, 30},
    {"v9", ExportKind::netflow_v9, 26, 12, 1},
    {"ipfix", ExportKind::ipfix, 24, 8, 24},
    {"sflow", ExportKind::sflow, 8, 16, 1},
};

struct ExportMessages {
    ExportFormat format{};
    std::string first;                  // with the templates; empty: no templates
    std::vector<std::string> messages;  // to be sent repeatedly, with new sequence numbers
    std::uint64_t bytes = 0;            // sum of all records
    std::uint64_t records = 0;
    std::uint32_t now_s = 0;  // export time

    void set_sequence(std::string& message, std::uint32_t sequence) const;
};

// Time from the first packet of a flow to its export.
inline constexpr std::uint32_t record_seconds = 20;
// Makes enough messages to report each of `flows` flows once, of `hosts` local hosts (0: of a
// fiftieth of the flows, as in the packet traces). now_s: export time.
[[nodiscard]] ExportMessages make_messages(const ExportFormat& format, std::uint32_t flows,
                                           std::uint64_t seed, std::uint32_t now_s,
                                           std::uint32_t hosts = 0);

}  // namespace octroi::bench
