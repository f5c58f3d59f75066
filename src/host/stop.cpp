// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/stop.hpp"

#include <array>
#include <csignal>

namespace octroi {
namespace {

volatile std::sig_atomic_t requested = 0;

void on_signal(int number) {
    if (requested != 0 && number == SIGINT) std::signal(SIGINT, SIG_DFL);
    requested = 1;
}

}  // namespace

void catch_stop_signals() {
    struct sigaction action{};
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    for (const int number : std::array{SIGINT, SIGTERM, SIGHUP})
        sigaction(number, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

bool stop_requested() noexcept { return requested != 0; }

}  // namespace octroi
