// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Lines of a configuration of Apache as words, and its variables. For this folder only.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace octroi::web_config {

using Variables = std::map<std::string, std::string, std::less<>>;

// Removes the next line from the front of `text`, with those that a backslash at the end joins to
// it; `lines` grows by the number of lines. Without spaces at its ends.
[[nodiscard]] std::string next_apache_line(std::string_view& text, std::uint32_t& lines);

// The words of a line: separated by spaces, or in double or single quotes, in which a backslash
// stands before a quote.
[[nodiscard]] std::vector<std::string> apache_words(std::string_view line);

// Replaces ${NAME}; a name that is not defined stays as it is.
[[nodiscard]] std::string with_variables(std::string_view text, const Variables& variables);

// The variables that a file of shell assignments exports, as Debian's /etc/apache2/envvars:
// "export APACHE_LOG_DIR=/var/log/apache2$SUFFIX". Other lines are left out, conditions are not
// evaluated: the last assignment counts.
[[nodiscard]] Variables shell_variables(std::string_view text);

}  // namespace octroi::web_config
