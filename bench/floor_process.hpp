// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A process for a minimal loop in a network namespace, until it is stopped.

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>
#include <optional>
#include <string>

#include "programs.hpp"
#include "sender.hpp"

namespace octroi::bench {

// In such a process: whether it is to end when there is nothing more to do.
inline volatile std::sig_atomic_t floor_stopped = 0;

// Counts: trivially copyable, with a member cpu_seconds.
template <typename Counts>
class FloorProcess {
public:
    // Calls `ready` when it is prepared, and returns when floor_stopped is set. Nothing: it failed.
    using Work = std::function<std::optional<Counts>(const std::function<void()>& ready)>;

    // Returns when the work is prepared, or has failed.
    FloorProcess(const std::string& space, int processor, const Work& work) {
        std::array<int, 2> pipe{};
        if (::pipe(pipe.data()) != 0) return;
        child_ = ::fork();
        if (child_ == 0) ::_exit(run(space, processor, work, pipe[1]) ? 0 : 1);
        ::close(pipe[1]);
        result_ = pipe[0];
        char ready = 0;
        prepared_ = ::read(result_, &ready, 1) == 1;
    }
    ~FloorProcess() { (void)stop(); }
    FloorProcess(const FloorProcess&) = delete;
    FloorProcess& operator=(const FloorProcess&) = delete;

    // Ends it; then cpu_seconds is that of all of its life. Nothing: it failed.
    [[nodiscard]] std::optional<Counts> stop() {
        if (child_ <= 0) return std::nullopt;
        ::kill(child_, SIGTERM);
        Counts counts;
        const bool complete = prepared_ && ::read(result_, &counts, sizeof counts) == sizeof counts;
        rusage used{};
        ::wait4(child_, nullptr, 0, &used);
        child_ = -1;
        ::close(result_);
        if (!complete) return std::nullopt;
        counts.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
        return counts;
    }

private:
    static double seconds(const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    }
    static bool run(const std::string& space, int processor, const Work& work, int result) {
        run_on(processor);
        run_before_others();
        struct sigaction action{};
        action.sa_handler = [](int) { floor_stopped = 1; };
        ::sigaction(SIGTERM, &action, nullptr);
        const int at = ::open(("/run/netns/" + space).c_str(), O_RDONLY);
        if (at < 0 || ::setns(at, CLONE_NEWNET) != 0) return false;
        const std::optional<Counts> counts = work([&] { (void)!::write(result, "", 1); });
        return counts && ::write(result, &*counts, sizeof *counts) == sizeof *counts;
    }

    pid_t child_ = -1;
    int result_ = -1;
    bool prepared_ = false;
};

}  // namespace octroi::bench
