// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Messages of flow exports for measuring: seeded, over a stated number of flows.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace octroi::bench {

enum class ExportKind : std::uint8_t { netflow_v5, netflow_v9, ipfix, sflow };

struct ExportFormat {
    std::string_view name;
    ExportKind kind;
    unsigned records;           // in a message, as exporters send them
    std::size_t sequence_at;    // where a message has its sequence number (32 bit)
    std::uint32_t sequence_by;  // by how much it grows from message to message
};
inline constexpr ExportFormat export_formats[] = {
    {"v5", ExportKind::netflow_v5, 30, 16, 30},
    {"v9", ExportKind::netflow_v9, 26, 12, 1},
    {"ipfix", ExportKind::ipfix, 24, 8, 24},
    {"sflow", ExportKind::sflow, 8, 16, 1},
};

struct ExportMessages {
    ExportFormat format{};
    std::string first;                  // with the templates; empty: there are none
    std::vector<std::string> messages;  // to be sent round and round, with new sequence numbers
    std::uint64_t bytes = 0;            // of all their records
    std::uint64_t records = 0;
    std::uint32_t now_s = 0;  // their export time

    void set_sequence(std::string& message, std::uint32_t sequence) const;
};

// From the first packet of each flow to the export.
inline constexpr std::uint32_t record_seconds = 20;
// As many messages as hold each of `flows` flows once. now_s: their export time.
[[nodiscard]] ExportMessages make_messages(const ExportFormat& format, std::uint32_t flows,
                                           std::uint64_t seed, std::uint32_t now_s);

}  // namespace octroi::bench
