// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/child.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): sigset_t, SIGKILL
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

#include "base/check.hpp"
#include "host/os_error.hpp"

namespace octroi {
namespace {

constexpr std::size_t kept_errors_max = 4096;

struct ChildPipe {
    Fd read;
    Fd write;
};

Result<ChildPipe> open_child_pipe() {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return os_failure("make a pipe");
    return ChildPipe{Fd(ends[0]), Fd(ends[1])};
}

// How the program starts: its files and signals.
class SpawnSettings {
public:
    SpawnSettings(int output, int errors) {
        ::posix_spawn_file_actions_init(&files_);
        ::posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&files_, output, STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&files_, errors, STDERR_FILENO);
        ::posix_spawnattr_init(&attributes_);
        sigset_t none{};
        sigset_t all{};
        ::sigemptyset(&none);
        ::sigfillset(&all);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        ::posix_spawnattr_setsigdefault(&attributes_, &all);
        ::posix_spawnattr_setflags(
            &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
        ::posix_spawnattr_setpgroup(&attributes_, 0);  // one of its own
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
    ~SpawnSettings() {
        ::posix_spawnattr_destroy(&attributes_);
        ::posix_spawn_file_actions_destroy(&files_);
    }
    [[nodiscard]] int spawn(pid_t& child, std::vector<char*>& arguments) const {
        return ::posix_spawnp(&child, arguments.front(), &files_, &attributes_, arguments.data(),
                              environ);
    }

private:
    posix_spawn_file_actions_t files_{};
    posix_spawnattr_t attributes_{};
};

}  // namespace

Result<Child> Child::start(std::span<const std::string> arguments) {
    CHECK(!arguments.empty());
    const std::string& name = arguments.front();
    std::vector<std::string> copies(arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (std::string& argument : copies) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    TRY_ASSIGN(ChildPipe text, open_child_pipe());
    TRY_ASSIGN(ChildPipe errors, open_child_pipe());
    pid_t pid = -1;
    const int error = SpawnSettings(text.write.get(), errors.write.get()).spawn(pid, pointers);
    if (error != 0)
        return fail(error == ENOENT ? ErrorCode::not_found : ErrorCode::failed,
                    fmt::format("{} cannot be run: {}; next: install it, or correct the path", name,
                                std::generic_category().message(error)));
    return Child(name, pid, std::move(text.read), std::move(errors.read));
}

Child::~Child() {
    if (pid_ <= 0) return;
    // Not yet waited for, so the number of the group is not used again.
    ::kill(-pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
}

std::optional<int> Child::ended() {
    int status = 0;
    const pid_t got = ::waitpid(pid_, &status, WNOHANG);
    if (got == 0 || (got < 0 && errno == EINTR)) return std::nullopt;
    pid_ = -1;
    // Without children to wait for (SIGCHLD ignored) nobody knows how it ended: no success.
    constexpr int unknown_status = 127 << 8;
    return got < 0 ? unknown_status : status;
}

void Child::keep_errors() {
    std::array<char, kept_errors_max> part{};
    const ssize_t got = ::read(errors_.get(), part.data(), part.size());
    if (got <= 0) {
        if (got == 0) errors_ = Fd();
        return;
    }
    const std::size_t left = kept_errors_max - error_text_.size();
    error_text_.append(part.data(), std::min(left, static_cast<std::size_t>(got)));
}

Result<std::optional<std::size_t>> Child::read(std::span<char> into, Duration wait) {
    std::array<pollfd, 2> both{{{output_.get(), POLLIN, 0}, {errors_.get(), POLLIN, 0}}};
    const auto wait_ms =
        static_cast<int>(std::clamp<std::int64_t>(wait.ns / 1'000'000, 0, std::int64_t{60} * 1000));
    const int ready = ::poll(both.data(), both.size(), wait_ms);
    if (ready < 0 && errno != EINTR) return os_failure("wait for " + name_);
    if (ready <= 0) return std::optional<std::size_t>(0);
    if (both[1].revents != 0) keep_errors();
    if (both[0].revents == 0) return std::optional<std::size_t>(0);
    const ssize_t got = ::read(output_.get(), into.data(), into.size());
    if (got < 0) {
        if (errno == EINTR || errno == EAGAIN) return std::optional<std::size_t>(0);
        return os_failure("read the output of " + name_);
    }
    if (got == 0) return std::optional<std::size_t>();
    return std::optional<std::size_t>(static_cast<std::size_t>(got));
}

}  // namespace octroi
