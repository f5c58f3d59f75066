// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The destination of exported flows, as the user writes it: "udp/192.0.2.1:2055",
// "udp/[2001:db8::1]:4739", "tcp/collector.example:4739", "file:/var/flows.ipfix"; and the format.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace octroi {

enum class ExportWay : std::uint8_t { udp, tcp, file };
enum class ExportFormat : std::uint8_t { ipfix, v9, v5 };

struct ExportTarget {
    ExportWay way = ExportWay::udp;
    std::string host;  // a name or an address
    std::uint16_t port = 0;
    std::string path;  // of a file

    auto operator<=>(const ExportTarget&) const noexcept = default;
};

[[nodiscard]] Result<ExportTarget> parse_export_target(std::string_view text);
[[nodiscard]] std::string to_string(const ExportTarget& target);

[[nodiscard]] ExportFormat export_format(std::string_view word);  // "ipfix", "v9", "v5"
// invalid: NetFlow over TCP, which does not exist.
[[nodiscard]] Status check_export(const ExportTarget& target, ExportFormat format);

}  // namespace octroi
