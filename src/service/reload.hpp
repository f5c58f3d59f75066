// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A running daemon reads its configuration again: SIGHUP, or `octroi reload` at the control socket.

#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "config/changes.hpp"
#include "config/config.hpp"
#include "host/clock.hpp"
#include "record/report.hpp"
#include "service/attribution.hpp"
#include "service/control.hpp"
#include "service/counter_board.hpp"

namespace octroi {

// All calls come from the committing thread of the daemon. What the parts refer to must outlive it.
class Reload {
public:
    struct Parts {
        // The configuration of this moment: the file, with what the command line adds.
        std::function<Result<Config>()> read;
        std::string config_file;  // the absolute path of the file that `read` reads
        const OptionTable& table;
        AttributionSource& attribution;
        CounterBoard& board;  // counts reloads
        const Clock& clock;
        // The configuration is good, and the tables of `attribution` are made from it. Puts
        // the other live options in force.
        std::function<void(const Config&)> apply;
    };

    // started: the configuration that the daemon has started with.
    Reload(Config started, Parts parts)
        : parts_(std::move(parts)), started_(started), current_(std::move(started)) {}

    // Puts the live options in force and returns the changes: of live options since the last
    // reload, of others (they need a restart) since the start. A wrong configuration changes
    // nothing; the error lists its mistakes. Logs and counts the outcome.
    [[nodiscard]] Result<std::vector<ConfigChange>> run();
    // Answers the request "reload" with run(), and refuses one that names another configuration
    // file. The server must not outlive this object.
    void answer_at(ControlServer& server);

private:
    [[nodiscard]] Result<std::vector<ConfigChange>> try_run();

    Parts parts_;
    Config started_;
    Config current_;
};

// The client's end: a reload by the daemon that writes this ledger. config_file: absolute; the
// daemon refuses if it reads another one. Empty: whatever it reads. Errors: those of ask_daemon.
[[nodiscard]] Result<std::vector<ConfigChange>> ask_reload(const std::string& ledger,
                                                           const std::string& config_file = {});

// "ledger.commit_interval: "1m" → "5s"", or "ledger.path: restart needed ("" → "/x")". Safe for a
// terminal.
[[nodiscard]] std::string change_text(const ConfigChange& change);
// The changes as rows, for machines; people read change_text.
[[nodiscard]] Report changes_report(const std::vector<ConfigChange>& changes);

}  // namespace octroi
