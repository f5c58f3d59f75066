// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/command.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "host/child.hpp"

namespace octroi {
namespace {

using Monotonic = std::chrono::steady_clock;

struct Output {
    std::string text;
    std::string errors;
};

// Appends what can be read at once. False: the end.
bool read_some(int from, std::string& to) {
    std::array<char, 65536> part{};
    const ssize_t got = ::read(from, part.data(), part.size());
    if (got < 0) return errno == EINTR || errno == EAGAIN;
    to.append(part.data(), static_cast<std::size_t>(got));
    return got > 0;
}

int milliseconds_until(Monotonic::time_point end) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - Monotonic::now()).count();
    return left < 0 ? 0 : static_cast<int>(left) + 1;
}

std::unexpected<Error> too_slow(const std::string& name, const CommandLimits& limits) {
    return fail(ErrorCode::failed,
                fmt::format("{} did not end within {} s and was killed; next: run it by hand", name,
                            limits.time.ns / 1'000'000'000));
}

std::unexpected<Error> stopped(const std::string& name) {
    return fail(ErrorCode::interrupted, fmt::format("{}: stopped", name));
}

Status read_all(const std::string& name, const Child& child, const CommandLimits& limits,
                Monotonic::time_point end, Output& output) {
    constexpr std::size_t errors_max = 4096;
    std::array<pollfd, 2> both{{{child.output(), POLLIN, 0}, {child.errors(), POLLIN, 0}}};
    while (both[0].fd >= 0 || both[1].fd >= 0) {
        int wait_ms = milliseconds_until(end);
        if (limits.stop_requested) {
            if (limits.stop_requested()) return stopped(name);
            wait_ms = std::min(wait_ms, 200);
        }
        const int ready = ::poll(both.data(), both.size(), wait_ms);
        if (ready < 0 && errno == EINTR) continue;
        // Also while there is output: it may never end.
        if (Monotonic::now() >= end) return too_slow(name, limits);
        if (ready <= 0) continue;
        if (both[0].revents != 0 && !read_some(child.output(), output.text)) both[0].fd = -1;
        if (both[1].revents != 0 && !read_some(child.errors(), output.errors)) both[1].fd = -1;
        if (output.errors.size() > errors_max) output.errors.resize(errors_max);
        if (output.text.size() > limits.octets)
            return fail(ErrorCode::over_limit,
                        fmt::format("{} prints more than {} octets; next: let it print less", name,
                                    limits.octets));
    }
    return {};
}

// A program may close its output and run on. Mostly it ends at once.
Result<int> wait_for_end(const std::string& name, Child& child, const CommandLimits& limits,
                         Monotonic::time_point end) {
    constexpr int longest_ms = 50;
    for (int wait_ms = 1;; wait_ms = std::min(wait_ms * 2, longest_ms)) {
        if (const auto status = child.ended()) return *status;
        if (limits.stop_requested && limits.stop_requested()) return stopped(name);
        if (Monotonic::now() >= end) return too_slow(name, limits);
        ::poll(nullptr, 0, std::min(wait_ms, milliseconds_until(end)));
    }
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

Result<std::string> run_command(std::span<const std::string> arguments,
                                const CommandLimits& limits) {
    TRY_ASSIGN(Child child, Child::start(arguments));
    const std::string& name = arguments.front();
    Output output;
    const auto end = Monotonic::now() + std::chrono::nanoseconds(limits.time.ns);
    TRY(read_all(name, child, limits, end, output));
    TRY_ASSIGN(const int status, wait_for_end(name, child, limits, end));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::move(output.text);
    return fail(ErrorCode::failed,
                fmt::format("{} failed{}{}; next: run it by hand", name,
                            output.errors.empty() ? "" : ": ", first_line(output.errors)));
}

}  // namespace octroi
