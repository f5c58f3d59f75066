// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/stop.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>

namespace octroi {
namespace {

volatile std::sig_atomic_t stop = 0;
std::atomic<bool> reload = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler writes it");
bool has_terminal = false;        // when catch_reload_signal() was called
bool hang_up_is_ignored = false;  // since before catch_stop_signals(), as nohup(1) does

void on_stop(int number) {
    if (stop != 0 && number == SIGINT) {
        // SIGINT is blocked until this handler returns; then it ends the process.
        std::signal(SIGINT, SIG_DFL);
        std::raise(SIGINT);
    }
    stop = 1;
}

// The terminal that controls the process can be opened: tty(4). open(2) and close(2) are permitted
// in a signal handler.
bool terminal_is_there() {
    const int terminal = ::open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (terminal < 0) return false;
    ::close(terminal);
    return true;
}

void on_hang_up(int /*number*/) {
    const int saved = errno;
    if (has_terminal && !terminal_is_there())
        stop = 1;
    else
        reload = true;
    errno = saved;
}

}  // namespace

void catch_stop_signals() {
    struct sigaction action{};
    action.sa_handler = on_stop;
    sigemptyset(&action.sa_mask);
    struct sigaction inherited{};
    sigaction(SIGHUP, nullptr, &inherited);
    hang_up_is_ignored = inherited.sa_handler == SIG_IGN;
    // Without SA_RESTART: a system call that waits ends with EINTR, so that its caller sees the
    // stop.
    for (const int number : std::array{SIGINT, SIGTERM}) sigaction(number, &action, nullptr);
    if (!hang_up_is_ignored) sigaction(SIGHUP, &action, nullptr);
    // A closed pipe or connection is an error of the write (EPIPE), not the end of the process.
    std::signal(SIGPIPE, SIG_IGN);
}

bool stop_requested() noexcept { return stop != 0; }

void release_stop_signals() {
    for (const int number : std::array{SIGINT, SIGTERM, SIGPIPE}) std::signal(number, SIG_DFL);
    if (!hang_up_is_ignored) std::signal(SIGHUP, SIG_DFL);
}

void catch_reload_signal() {
    has_terminal = !hang_up_is_ignored && terminal_is_there();
    struct sigaction action{};
    action.sa_handler = on_hang_up;
    action.sa_flags = SA_RESTART;  // metering goes on: no system call has to end
    sigemptyset(&action.sa_mask);
    sigaction(SIGHUP, &action, nullptr);
}

bool reload_requested() noexcept { return reload.exchange(false); }

}  // namespace octroi
