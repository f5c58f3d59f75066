// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/mapped_range.hpp"

#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <utility>

namespace octroi {
namespace {

constexpr std::size_t ranges_max = 16'384;
constexpr std::uintptr_t page = 4096;

struct Range {
    std::atomic<std::uintptr_t> begin = 0;  // 0: free
    std::atomic<std::uintptr_t> end = 0;
    std::atomic<bool> was_cut = false;
};
// A signal handler reads it, so it is neither allocated nor locked.
constinit std::array<Range, ranges_max> mapped_ranges{};
constinit std::atomic<std::size_t> ranges_used = 0;
std::mutex ranges_mutex;  // of those that add and remove ranges

// Only calls that are safe in a signal handler.
void on_bus_error(int number, siginfo_t* info, void* /*context*/) {
    const int error = errno;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
    const auto at = reinterpret_cast<std::uintptr_t>(info->si_addr);
    const std::size_t used = ranges_used.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < used; ++i) {
        Range& range = mapped_ranges[i];
        const std::uintptr_t begin = range.begin.load(std::memory_order_acquire);
        if (begin == 0 || at < begin || at >= range.end.load(std::memory_order_acquire)) continue;
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast,performance-no-int-to-ptr)
        void* const first = reinterpret_cast<void*>(at / page * page);
        void* const zeros = ::mmap(first, page, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        if (zeros == MAP_FAILED) break;
        range.was_cut.store(true, std::memory_order_release);
        errno = error;
        return;
    }
    // The access is repeated, and ends the process as it would have without a handler.
    static_cast<void>(std::signal(number, SIG_DFL));
    errno = error;
}

void catch_bus_errors() {
    struct sigaction action{};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO;
    static_cast<void>(sigemptyset(&action.sa_mask));
    static_cast<void>(::sigaction(SIGBUS, &action, nullptr));
}

}  // namespace

MappedRange::MappedRange(std::span<const std::byte> octets) noexcept {
    static std::once_flag caught;
    std::call_once(caught, catch_bus_errors);
    const std::scoped_lock lock(ranges_mutex);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
    const auto begin = reinterpret_cast<std::uintptr_t>(octets.data());
    for (std::size_t i = 0; i < ranges_max; ++i) {
        Range& range = mapped_ranges[i];
        if (range.begin.load(std::memory_order_relaxed) != 0) continue;
        range.was_cut.store(false, std::memory_order_relaxed);
        range.end.store(begin + octets.size(), std::memory_order_release);
        range.begin.store(begin, std::memory_order_release);
        if (i >= ranges_used.load(std::memory_order_relaxed))
            ranges_used.store(i + 1, std::memory_order_release);
        index_ = i;
        return;
    }
}

MappedRange::MappedRange(MappedRange&& other) noexcept
    : index_(std::exchange(other.index_, none)) {}

MappedRange& MappedRange::operator=(MappedRange&& other) noexcept {
    std::swap(index_, other.index_);
    return *this;
}

MappedRange::~MappedRange() { reset(); }

void MappedRange::reset() noexcept {
    if (index_ == none) return;
    const std::scoped_lock lock(ranges_mutex);
    mapped_ranges[std::exchange(index_, none)].begin.store(0, std::memory_order_release);
}

bool MappedRange::was_cut() const noexcept {
    return index_ != none && mapped_ranges[index_].was_cut.load(std::memory_order_acquire);
}

}  // namespace octroi
