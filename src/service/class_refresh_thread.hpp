// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The thread of the daemon that looks for new class tables (service/class_refresh.hpp). It has a
// connection to the ledger of its own, so that a slow source or a large table delays no commit.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.hpp"
#include "config/config.hpp"
#include "host/clock.hpp"
#include "ledger/ledger.hpp"
#include "service/counter_board.hpp"

namespace octroi {

class ClassRefreshThread {
public:
    using Open = std::function<Result<std::unique_ptr<Ledger>>()>;
    struct Parts {
        Open open;  // another connection to the ledger; called on the thread
        std::string ledger_path;
        CounterBoard& board;  // must outlive the object, as the clock
        const Clock& clock;
    };

    // Looks at once, where the configuration names a source.
    ClassRefreshThread(Config config, Parts parts);
    ~ClassRefreshThread();
    ClassRefreshThread(const ClassRefreshThread&) = delete;
    ClassRefreshThread& operator=(const ClassRefreshThread&) = delete;
    ClassRefreshThread(ClassRefreshThread&&) = delete;
    ClassRefreshThread& operator=(ClassRefreshThread&&) = delete;

    // The configuration of a reload. Looks again at once.
    void configure(Config config);

private:
    void run();
    // When to look again.
    [[nodiscard]] Duration look(const Config& config);

    Parts parts_;
    std::mutex mutex_;
    std::condition_variable wakes_;
    Config config_;
    bool is_new_ = true;  // config_ is
    std::atomic<bool> ends_ = false;
    std::string problem_;  // of the ledger; it is logged once
    std::thread thread_;   // the last member: it uses the others
};

}  // namespace octroi
