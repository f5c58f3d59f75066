// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace CLI {
class App;
}

namespace octroi {

class Session;

// The whole program: parses the command line, runs the command, answers with the exit status.
[[nodiscard]] int run_command_line(int argc, const char* const* argv);

// The parser with all commands; they put what they are to do into the session.
void build_command_line(CLI::App& app, Session& session);

}  // namespace octroi
