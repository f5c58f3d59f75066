// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// `octroi unknown`: the local ends that have traffic and no account, and how to bind each of them.

#include <string>
#include <string_view>

#include "ledger/usage.hpp"
#include "record/report.hpp"

namespace octroi {

// The answer to a usage question for account @unattributed, by identity and meter. The rows keep
// their order within a layer. no_user_needed: the volume of @excluded/no-user-needed, for a note.
[[nodiscard]] Report unknown_report(const Usage& usage, Bytes no_user_needed = {});

// The command line that would bind the identity (text of record/identity.hpp), with ACCOUNT in
// place of the account. Names come from logs and packets: words that a shell would not take
// literally are quoted.
[[nodiscard]] std::string binding_command(std::string_view identity);

}  // namespace octroi
