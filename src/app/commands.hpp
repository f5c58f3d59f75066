// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The commands. Each adds itself with its options to the command line and sets Session::action when
// it was chosen. A new command is a file in app/commands/ and a row in this table.

#include <array>

namespace CLI {
class App;
}

namespace octroi {

class Session;

void add_run(CLI::App& app, Session& session);
void add_top(CLI::App& app, Session& session);
void add_usage(CLI::App& app, Session& session);
void add_inspect(CLI::App& app, Session& session);
void add_import(CLI::App& app, Session& session);
void add_account(CLI::App& app, Session& session);
void add_bind(CLI::App& app, Session& session);
void add_network(CLI::App& app, Session& session);
void add_apply(CLI::App& app, Session& session);
void add_class(CLI::App& app, Session& session);
void add_meters(CLI::App& app, Session& session);
void add_audit(CLI::App& app, Session& session);
void add_doctor(CLI::App& app, Session& session);
void add_docs(CLI::App& app, Session& session);

inline constexpr std::array commands{add_run,     add_top,   add_usage,   add_inspect, add_import,
                                     add_account, add_bind,  add_network, add_apply,   add_class,
                                     add_meters,  add_audit, add_doctor,  add_docs};

}  // namespace octroi
