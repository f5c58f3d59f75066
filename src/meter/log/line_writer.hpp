// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Lines of the formats of other accounting programs, for `octroi inspect log --write`: a log of any
// format can be given to a program that reads one of these. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "host/zone.hpp"
#include "wire/log/entry.hpp"
#include "wire/log/line_reader.hpp"

namespace octroi::logs {

// The line of an entry, without its end. nullopt: the format cannot state it.
// kind: traffic or identity. zone: of times in formats that state none.
using WriteLine = std::optional<std::string> (*)(logline::LineKind kind,
                                                 const logline::Entry& entry, UtcTime time,
                                                 const Zone& zone);

// The values of the option `write`: "rows" and the names of the formats.
inline constexpr std::string_view written_formats = "rows|trafficwatch|dated-bytes";

// nullptr: "rows".
[[nodiscard]] WriteLine find_line_format(std::string_view name);

}  // namespace octroi::logs
