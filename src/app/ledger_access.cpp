// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ledger_access.hpp"

#include "service/ledger_url.hpp"

namespace octroi {

Result<std::unique_ptr<Ledger>> open_ledger(Session& session, OpenMode mode, std::string owner,
                                            std::string activity) {
    TRY_ASSIGN(const std::string url, session.ledger_path());
    TRY_ASSIGN(const Config* config, session.config());
    return open_ledger(url, {.mode = mode,
                             .owner = std::move(owner),
                             .activity = std::move(activity),
                             .node = config->ledger.node,
                             .busy_timeout = config->ledger.busy_timeout});
}

}  // namespace octroi
