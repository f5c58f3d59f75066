// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The command line described by itself: docs/commands.md and the man page are printed from what the
// parser knows, so that they cannot differ from the program.

#include <string>

namespace CLI {
class App;
}

namespace octroi {

[[nodiscard]] std::string commands_markdown(const CLI::App& app);
[[nodiscard]] std::string man_page(const CLI::App& app);

}  // namespace octroi
