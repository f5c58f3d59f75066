// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Options data (RFC 7011 section 3.4.2, RFC 3954 section 6): what an exporter says about itself.
// Read field by field, for they come once in minutes.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/byte_cursor.hpp"
#include "wire/ipfix/template.hpp"

namespace octroi::ipfix {

// What of one record is of use here. Texts live as long as the set.
struct OptionsRecord {
    // What it is about, wherever in the record it stands.
    std::optional<std::uint64_t> selector;     // elements 48, 302
    std::optional<std::uint64_t> interface;    // 10, 14 or v9's scope 2
    std::optional<std::uint64_t> template_id;  // 145 or v9's scope 5
    // 1 in how many packets (elements 34, 50, 305 to 311); 0: nothing said.
    std::uint64_t sampling = 0;
    bool unsampled = false;        // it states an interval (34, 50), and that is 0
    std::uint64_t init_ms = 0;     // element 160, ms since 1970
    std::string_view name;         // of the interface: element 82
    std::string_view description;  // 83
};

// The next record of the set; false: none is left, or what is left cannot be one.
[[nodiscard]] bool read_options(const Template& from, ByteCursor& set, OptionsRecord& out) noexcept;

}  // namespace octroi::ipfix
