// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What of a file of flow exports gave no records, as sentences for people.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "meter/flow_file/flow_file.hpp"

namespace octroi::flow_file {

// Once the file was read to its end. Each begins with the name of the file.
[[nodiscard]] std::vector<std::string> missing_parts(const std::string& name, const FlowFile& file);
// An error (unsupported) if no message of the file could be read.
[[nodiscard]] Status check_any_message(const std::string& name, const FlowFile& file);

}  // namespace octroi::flow_file
