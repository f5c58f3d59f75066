// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/clock.hpp"

#include <sys/timex.h>

#include <ctime>

namespace octroi {
namespace {

std::int64_t read_clock(clockid_t which) {
    timespec t{};
    clock_gettime(which, &t);
    return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

UtcTime SystemClock::now() const { return {read_clock(CLOCK_REALTIME)}; }
Duration SystemClock::uptime() const { return {read_clock(CLOCK_MONOTONIC)}; }

bool clock_is_synchronised() {
    timex state{};  // modes 0: only reads
    return adjtimex(&state) != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

}  // namespace octroi
