// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Options data (RFC 7011 section 3.4.2, RFC 3954 section 6): what an exporter states about itself.
// Read field by field and without a plan, because it comes once in minutes.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/byte_cursor.hpp"
#include "wire/ipfix/template.hpp"

namespace octroi::ipfix {

// The values of one record that we use. Texts point into the set.
struct OptionsRecord {
    // What the record applies to; as scope fields or as other fields, because exporters do both.
    std::optional<std::uint64_t> selector;     // elements 48 and 302
    std::optional<std::uint64_t> interface;    // elements 10 and 14, or v9's scope 2
    std::optional<std::uint64_t> template_id;  // element 145, or v9's scope 5
    // 1 in so many packets (elements 34, 50, 305 to 311); 0: not stated.
    std::uint64_t sampling = 0;
    bool unsampled = false;     // the record states the interval 0 (elements 34 and 50)
    std::uint64_t init_ms = 0;  // start of the exporter: element 160, ms since 1970; 0: not stated
    std::string_view name;      // of the interface: element 82
    std::string_view description;  // of the interface: element 83
};

// Reads the next record of the options data set `set` and moves `set` behind it. False: no whole
// record is left (padding, or damage); `out` is then undefined.
[[nodiscard]] bool read_options(const Template& from, ByteCursor& set, OptionsRecord& out) noexcept;

}  // namespace octroi::ipfix
