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
    // The line that was admitted `lines` lines ago must be a period old.
    Duration& oldest = admitted_[count_ % lines];
    if (count_ >= lines && uptime - oldest < period) {
        if (suppressed_++ == 0) suppressed_since_ = uptime;
        return false;
    }
    oldest = uptime;
    ++count_;
    return true;
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
    ++messages_;
    if (limit_.admit(SystemClock().uptime())) return true;
    ++suppressed_;
    return false;
}

void LimitedLog::write_summaries(bool last) {
    const Duration uptime = SystemClock().uptime();
    for (LimitedLog* kind = first_kind.load(); kind != nullptr; kind = kind->next_) {
        std::uint64_t suppressed = 0;
        {
            const std::lock_guard lock(kind->mutex_);
            if (last || kind->limit_.is_summary_due(uptime))
                suppressed = kind->limit_.drain_suppressed();
        }
        if (suppressed > 0)
            log_warning(fmt::format("{} more messages of the kind {} in the last minute",
                                    grouped(suppressed), kind->kind_));
    }
}

std::vector<LimitedLog::Counts> LimitedLog::counts() {
    std::vector<Counts> all;
    for (LimitedLog* kind = first_kind.load(); kind != nullptr; kind = kind->next_) {
        const std::lock_guard lock(kind->mutex_);
        all.push_back({kind->kind_, kind->messages_, kind->suppressed_});
    }
    std::ranges::sort(all, {}, &Counts::kind);
    return all;
}

}  // namespace octroi
