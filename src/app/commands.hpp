// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The commands. Each function adds a command with its options to the command line. A new command is
// a file in app/commands/ and a row in this table.

#include <array>

namespace octroi {

class Session;
class Command;

void add_run(const Command& app, Session& session);
void add_init(const Command& app, Session& session);
void add_reload(const Command& app, Session& session);
void add_top(const Command& app, Session& session);
void add_usage(const Command& app, Session& session);
void add_inspect(const Command& app, Session& session);
void add_import(const Command& app, Session& session);
void add_export(const Command& app, Session& session);
void add_account(const Command& app, Session& session);
void add_bind(const Command& app, Session& session);
void add_who(const Command& app, Session& session);
void add_unknown(const Command& app, Session& session);
void add_network(const Command& app, Session& session);
void add_apply(const Command& app, Session& session);
void add_class(const Command& app, Session& session);
void add_rebook(const Command& app, Session& session);
void add_reconcile(const Command& app, Session& session);
void add_rules(const Command& app, Session& session);
void add_meters(const Command& app, Session& session);
void add_ledger(const Command& app, Session& session);
void add_audit(const Command& app, Session& session);
void add_doctor(const Command& app, Session& session);
void add_docs(const Command& app, Session& session);

inline constexpr std::array commands{
    add_run,     add_init,   add_reload,  add_top,    add_usage,     add_inspect,
    add_import,  add_export, add_account, add_bind,   add_who,       add_unknown,
    add_network, add_apply,  add_class,   add_rebook, add_reconcile, add_rules,
    add_meters,  add_ledger, add_audit,   add_doctor, add_docs};

}  // namespace octroi
