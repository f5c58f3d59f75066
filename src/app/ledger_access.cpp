// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ledger_access.hpp"

#include <fmt/format.h>

namespace octroi {

Result<std::unique_ptr<SqliteLedger>> open_ledger(Session& session, OpenMode mode,
                                                  std::string holder) {
    TRY_ASSIGN(const std::string path, session.ledger_path());
    if (path.starts_with("postgresql://") || path.starts_with("postgres://"))
        return fail(
            ErrorCode::unsupported,
            fmt::format("{}: this version keeps its ledger in a file; give --ledger a path", path));
    TRY_ASSIGN(const Config* config, session.config());
    return SqliteLedger::open(
        path, {.mode = mode, .holder = std::move(holder), .patience = config->ledger.busy_timeout});
}

}  // namespace octroi
