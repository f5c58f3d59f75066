// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/log_limit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/clock.hpp"

namespace octroi {
namespace {

// Kinds add themselves with their first message and stay: the list needs no lock to be read.
constinit std::atomic<LimitedLog*> first_kind = nullptr;

// "12,345"
std::string grouped(std::uint64_t number) {
    std::string digits = std::to_string(number);
    for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
    return digits;
}

}  // namespace

bool LineLimit::admit(Duration uptime) noexcept {
    if (!is_open(uptime)) {
        add_suppressed(1, uptime);
        return false;
    }
    admitted_[count_++ % lines] = uptime;
    return true;
}

void LineLimit::add_suppressed(std::uint64_t lines_left_out, Duration uptime) noexcept {
    if (suppressed_ == 0) suppressed_since_ = uptime;
    suppressed_ += lines_left_out;
}

bool LineLimit::is_summary_due(Duration uptime) const noexcept {
    return suppressed_ > 0 && uptime - suppressed_since_ >= period;
}

std::uint64_t LineLimit::drain_suppressed() noexcept { return std::exchange(suppressed_, 0); }

bool LimitedLog::admit() {
    const std::lock_guard lock(mutex_);
    if (!listed_) {
        next_ = first_kind.load();
        while (!first_kind.compare_exchange_weak(next_, this)) {
        }
        listed_ = true;
    }
    const bool is_admitted = limit_.admit(SystemClock().uptime());
    ++(is_admitted ? written_ : suppressed_);
    if (!is_admitted) is_closed_.store(true, std::memory_order_relaxed);
    return is_admitted;
}

// How many lines were left out; 0: a summary is not due.
std::uint64_t LimitedLog::drain_summary(Duration uptime, bool last) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t skipped = skipped_.exchange(0, std::memory_order_relaxed);
    suppressed_ += skipped;
    if (skipped > 0) limit_.add_suppressed(skipped, uptime);
    if (limit_.is_open(uptime)) is_closed_.store(false, std::memory_order_relaxed);
    return last || limit_.is_summary_due(uptime) ? limit_.drain_suppressed() : 0;
}

void LimitedLog::write_summaries(bool last) {
    const Duration uptime = SystemClock().uptime();
    for (LimitedLog* kind = first_kind.load(); kind != nullptr; kind = kind->next_) {
        const std::uint64_t suppressed = kind->drain_summary(uptime, last);
        if (suppressed > 0)
            log_warning(fmt::format("{} more messages of the kind {} in the last minute",
                                    grouped(suppressed), kind->kind_));
    }
}

std::vector<LimitedLog::Counts> LimitedLog::counts() {
    std::vector<Counts> all;
    for (LimitedLog* kind = first_kind.load(); kind != nullptr; kind = kind->next_) {
        const std::lock_guard lock(kind->mutex_);
        const std::uint64_t suppressed =
            kind->suppressed_ + kind->skipped_.load(std::memory_order_relaxed);
        all.push_back({kind->kind_, kind->written_ + suppressed, suppressed});
    }
    std::ranges::sort(all, {}, &Counts::kind);
    return all;
}

}  // namespace octroi
