// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/command.hpp"
#include "app/session.hpp"

namespace octroi {

// `octroi account scan`, below `account`.
void add_account_scan(const Command& account, Session& session);

}  // namespace octroi
