// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Mails and mailbox sessions.

#include <memory>

#include "wire/log/line_reader.hpp"

namespace octroi::logline {

// Postfix, through syslog or postlogd. A mail is `in` once, when the queue manager first makes it
// active, with its sender; a deferred mail becomes active again and again. For each delivery with
// status=sent it is `out`, with the recipient. Keeps the mails that are in the queue. `client` is
// the sending host of `in`, `server` the receiving host of `out`: a mail that passes a content
// filter on the same machine has two queue ids, and both ends of the passage are loopback
// addresses.
[[nodiscard]] std::unique_ptr<LineReader> open_postfix();

// Exim's main log, by the same rule: `<=` is `in`, `=>`, `->` and `>>` are `out`.
[[nodiscard]] std::unique_ptr<LineReader> open_exim();

// Dovecot, versions 1 to 2.4: the line that ends a session of IMAP, POP3 or ManageSieve states its
// octets; LMTP and LDA where deliver_log_format has size=%p. Keeps the logins, for the address.
[[nodiscard]] std::unique_ptr<LineReader> open_dovecot();

}  // namespace octroi::logline
