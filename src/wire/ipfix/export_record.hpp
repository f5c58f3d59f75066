// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The templates that we export flows by, in IPFIX and NetFlow v9, one for each IP version; and the
// data records of these templates.

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
// Length of an interface name in an options record: shorter names are padded with zeros, longer
// ones cut off.
inline constexpr std::size_t interface_name_octets = 32;

// When the uptime of the exporter is 0. NetFlow v9 and v5 give times in milliseconds of uptime.
struct Boot {
    UtcTime at;
    [[nodiscard]] std::uint32_t uptime(UtcTime time) const noexcept {
        return static_cast<std::uint32_t>((time - at).ns / 1'000'000);
    }
};
// The boot time of an exporter with this first export: 20 days before, so that flows that began
// long ago have an uptime. A whole second, so that collectors compute the same from any header.
[[nodiscard]] Boot boot_before(UtcTime exported) noexcept;
// The first whole second that is not before `time`. Export times in headers are whole seconds, and
// must not lie before the end of a record.
[[nodiscard]] UtcTime next_second(UtcTime time) noexcept;

// The fields of a data record, in their order.
[[nodiscard]] std::span<const TemplateField> export_fields(Dialect dialect, Family family) noexcept;
[[nodiscard]] std::size_t record_octets(Dialect dialect, Family family) noexcept;
[[nodiscard]] std::size_t interface_record_octets() noexcept;

// A template set; with interfaces, an options template set too.
[[nodiscard]] std::string template_sets(Dialect dialect, bool with_interfaces);
inline constexpr std::uint16_t templates_in_sets = 2;  // without that of interfaces

// The template is that of the IP version of record.src; a dst of another version is written as
// zeros.
void write_record(ByteWriter& to, const flow::FlowRecord& record, Dialect dialect,
                  const Boot& boot);
void write_interface(ByteWriter& to, std::uint32_t number, const std::string& name);

}  // namespace octroi::ipfix
