// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ledger_access.hpp"

#include "service/ledger_url.hpp"
#include "service/retention.hpp"

namespace octroi {

Result<LedgerOptions> ledger_options(Session& session, OpenMode mode) {
    TRY_ASSIGN(const Config* config, session.config());
    TRY_ASSIGN(const Zone zone, session.ledger_zone());
    return LedgerOptions{.mode = mode,
                         .owner = {},
                         .node = config->ledger.node,
                         .day_of = days_in(zone),
                         .busy_timeout = config->ledger.busy_timeout,
                         .stop_requested = stop_requested};
}

Result<std::unique_ptr<Ledger>> open_ledger(Session& session, OpenMode mode, std::string owner,
                                            std::string activity) {
    TRY_ASSIGN(const std::string url, session.ledger_path());
    TRY_ASSIGN(LedgerOptions options, ledger_options(session, mode));
    options.owner = std::move(owner);
    options.activity = std::move(activity);
    return open_ledger(url, options);
}

}  // namespace octroi
