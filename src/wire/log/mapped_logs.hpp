// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Formats that name their fields: JSON lines, CSV, name=value.

#include <memory>

#include "wire/log/field_map.hpp"

namespace octroi::logline {

// A line is a JSON object. Sources are names of members, within objects "request.host".
[[nodiscard]] std::unique_ptr<LineReader> open_json(FieldMap map);

// RFC 4180. If a source is no number, the first line has the names of the columns; it may come
// again. Keeps the columns.
[[nodiscard]] std::unique_ptr<LineReader> open_csv(FieldMap map);

// "name=value,name=value": GPRINT of ulogd.
[[nodiscard]] std::unique_ptr<LineReader> open_name_value(FieldMap map);

}  // namespace octroi::logline
