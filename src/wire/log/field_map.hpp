// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Which field of a source gives which part of an entry: "time=ts user=login in=rx out=tx". So any
// program that writes lines of CSV, JSON or name=value is a source.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "wire/log/line_reader.hpp"

namespace octroi::logline {

enum class EntryField : std::uint8_t {
    time,
    client,
    client_port,
    server,
    server_port,
    user,
    login,
    domain,
    client_domain,  // a name that the client sent
    section,
    service,
    status,
    mac,
    proto,
    in,
    out,
    both,
    packets,
    duration,     // seconds
    duration_ns,  // nanoseconds
};

struct MappedField {
    EntryField field = EntryField::time;
    std::string source;  // name of the field in the source; of CSV also the number of the column
};

struct FieldMap {
    std::vector<MappedField> fields;
    char separator = ',';                  // of CSV: "separator=;" or "separator=tab"
    LineLayer layer = LineLayer::unknown;  // "layer=3" or "layer=7"
    std::string_view service;              // a constant; where no field gives it
    bool time_is_begin = false;
};

inline constexpr std::size_t mapped_fields_max = 64;

// Words with a blank between them. A field may be named several times: the first source that the
// line has gives it. Errors: invalid.
[[nodiscard]] Result<FieldMap> parse_field_map(std::string_view text);

// Sets the field from the text of its source. Empty texts and "-" state nothing. Returns why the
// text cannot be read, or none.
[[nodiscard]] BadReason set_field(EntryField field, std::string_view text, Entry& entry);

// Whether the field is set already.
[[nodiscard]] bool has_field(EntryField field, const Entry& entry);

// Whether a source of the map gives this field.
[[nodiscard]] bool has_source(const FieldMap& map, EntryField field);

// A line without any volume is another event. needs_time: a line with a volume and without a time
// is bad.
[[nodiscard]] LineResult finish_mapped(const FieldMap& map, bool needs_time, Entry& entry);

}  // namespace octroi::logline
