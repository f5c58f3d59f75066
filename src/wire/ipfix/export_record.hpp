// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The templates under which flows are exported as IPFIX and NetFlow v9, one for each IP version,
// and records written as these describe them.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"
#include "wire/flow/flow_record.hpp"
#include "wire/ipfix/template.hpp"

namespace octroi::ipfix {

inline constexpr std::uint16_t v4_template = 256;
inline constexpr std::uint16_t v6_template = 257;
inline constexpr std::uint16_t interface_template = 258;
// Of an interface's name in an options record: padded with zeros, cut off beyond.
inline constexpr std::size_t interface_name_octets = 32;

// Where the exporter's uptime is 0: its times in NetFlow v9 and v5 are milliseconds from there.
struct Boot {
    UtcTime at;
    [[nodiscard]] std::uint32_t uptime(UtcTime time) const noexcept {
        return static_cast<std::uint32_t>((time - at).ns / 1'000'000);
    }
};
// The boot time of an exporter that begins now: flows that began before it do not exist, and whole
// seconds make it come out the same whatever the header's precision.
[[nodiscard]] Boot boot_before(UtcTime exported) noexcept;
// The whole second at or behind `time`: headers that have only seconds do not end before their
// records.
[[nodiscard]] UtcTime next_second(UtcTime time) noexcept;

// The fields of a record, in the order in which it is written.
[[nodiscard]] std::span<const TemplateField> export_fields(Dialect dialect, Family family) noexcept;
[[nodiscard]] std::size_t record_octets(Dialect dialect, Family family) noexcept;
[[nodiscard]] std::size_t interface_record_octets() noexcept;

// The sets with the templates of data and of options (interfaces' names).
[[nodiscard]] std::string template_sets(Dialect dialect, bool with_interfaces);
inline constexpr std::uint16_t templates_in_sets = 2;  // and one more with interfaces

void write_record(ByteWriter& to, const flow::FlowRecord& record, Dialect dialect,
                  const Boot& boot);
void write_interface(ByteWriter& to, std::uint32_t number, const std::string& name);

}  // namespace octroi::ipfix
