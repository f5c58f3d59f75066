// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "meter/kind.hpp"

namespace CLI {
class App;
}

namespace octroi {

class Session;

// The whole program: parses the command line, runs the command and returns the exit status. kinds:
// the meter kinds for configuration and commands.
[[nodiscard]] int run_program(int argc, const char* const* argv, MeterKinds kinds);

// Adds all commands to the parser. The command that the user chose is put into Session::action.
void build_command_line(CLI::App& app, Session& session);

}  // namespace octroi
