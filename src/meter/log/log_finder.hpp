// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The parts of find_logs() (found_logs.hpp) that know files. For this folder only.

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/rooted_files.hpp"
#include "meter/log/found_logs.hpp"
#include "meter/log/known_servers.hpp"
#include "meter/log/log_sample.hpp"
#include "wire/server_config/server_logs.hpp"

namespace octroi::logs {

class LogFinder {
public:
    explicit LogFinder(const RootedFiles& files) : files_(files) {}

    [[nodiscard]] const RootedFiles& files() const { return files_; }
    // The begin of a log. nullopt: it cannot be read; `why` is the reason for people. Empty without
    // a reason: it has no line, or there are samples_max already.
    [[nodiscard]] std::optional<std::string> begin_of(const std::string& path, std::string& why);
    void add(FoundLog log);
    void add_note(std::string note);
    // Whether a log of one program is offered already.
    [[nodiscard]] bool is_used(const std::string& path) const { return used_.contains(path); }

    // By the paths of the table.
    void find_by_table(const KnownServer& server);
    // By the configuration of a server. False: there is none that can be read, or of a server that
    // is no web server: it names no log that can be offered.
    bool find_by_config(const KnownServer& server);

    FoundLogs found;

private:
    // found_server_logs.cpp. False: the log cannot be read, or its lines have another format.
    bool offer_configured(const KnownServer& server, const server_config::ServerLog& log);
    bool find_in_server_config(const KnownServer& server);
    // Finds the format and offers the log. False: no format fits, or it cannot be read.
    bool offer(const KnownServer& server, const std::string& path);

    const RootedFiles& files_;
    std::set<std::string> used_;
    std::size_t samples_ = 0;
};

// Notes about a log, by what its lines show.
void note_contents(const LogSample& sample, FoundLog& log);

}  // namespace octroi::logs
