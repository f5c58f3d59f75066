// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Prints docs/commands.md and the man page from the options of the parser, so that they cannot
// differ from the program.

#include <string>

namespace octroi {

class Session;

[[nodiscard]] std::string commands_markdown(Session& session);
[[nodiscard]] std::string man_page(Session& session);

}  // namespace octroi
