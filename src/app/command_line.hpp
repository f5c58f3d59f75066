// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace octroi {

// The whole program: parses the command line, runs the command, answers with the exit status.
[[nodiscard]] int run_command_line(int argc, const char* const* argv);

}  // namespace octroi
