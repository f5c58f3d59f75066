// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Postfix and Dovecot with their files in the folder of a test.

#include <string>

#include "server_machine.hpp"

namespace octroi::servers {

// Starts Postfix for the mail domain example.test, listening on port 25. Its log: log/postfix.log.
// more: further lines of main.cf, such as the transport of mails.
void start_postfix(ServerMachine& machine, const std::string& more);

// Starts Dovecot with the mailboxes ann@example.test and bob@example.test, for IMAP, POP3, LMTP at
// the socket `lmtp`, and logins of Postfix at the socket `auth`. Its log: log/dovecot.log.
void start_dovecot(ServerMachine& machine);

// Runs the mail client (mail_client.hpp). Returns its output.
std::string run_mail_client(const ServerMachine& machine, support::Arguments arguments);

}  // namespace octroi::servers
