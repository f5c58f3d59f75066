// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/command.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): sigset_t, SIGKILL
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <vector>

#include "base/check.hpp"
#include "host/file.hpp"
#include "host/os_error.hpp"

namespace octroi {
namespace {

using Monotonic = std::chrono::steady_clock;

struct Pipe {
    Fd read;
    Fd write;
};

Result<Pipe> open_pipe() {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return os_failure("make a pipe");
    return Pipe{Fd(ends[0]), Fd(ends[1])};
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
        ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
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

// A program that was started. It is killed if nobody waits for it.
class Child {
public:
    explicit Child(pid_t pid) : pid_(pid) {}
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        static_cast<void>(wait());
    }
    // The status of waitpid(2).
    [[nodiscard]] int wait() {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
        pid_ = -1;
        return status;
    }

private:
    pid_t pid_;
};

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

Status read_all(const std::string& name, int text, int errors, const CommandLimits& limits,
                Output& output) {
    constexpr std::size_t errors_max = 4096;
    const auto end = Monotonic::now() + std::chrono::nanoseconds(limits.time.ns);
    std::array<pollfd, 2> both{{{text, POLLIN, 0}, {errors, POLLIN, 0}}};
    while (both[0].fd >= 0 || both[1].fd >= 0) {
        const int ready = ::poll(both.data(), both.size(), milliseconds_until(end));
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0 && Monotonic::now() >= end)
            return fail(ErrorCode::failed,
                        fmt::format("{} did not end within {} s and was killed; next: run it by "
                                    "hand",
                                    name, limits.time.ns / 1'000'000'000));
        if (both[0].revents != 0 && !read_some(text, output.text)) both[0].fd = -1;
        if (both[1].revents != 0 && !read_some(errors, output.errors)) both[1].fd = -1;
        if (output.errors.size() > errors_max) output.errors.resize(errors_max);
        if (output.text.size() > limits.octets)
            return fail(ErrorCode::over_limit,
                        fmt::format("{} prints more than {} octets; next: let it print less", name,
                                    limits.octets));
    }
    return {};
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

Result<std::string> run_command(std::span<const std::string> arguments,
                                const CommandLimits& limits) {
    CHECK(!arguments.empty());
    const std::string& name = arguments.front();
    std::vector<std::string> copies(arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (std::string& argument : copies) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    TRY_ASSIGN(Pipe text, open_pipe());
    TRY_ASSIGN(Pipe errors, open_pipe());
    pid_t pid = -1;
    const int error = SpawnSettings(text.write.get(), errors.write.get()).spawn(pid, pointers);
    if (error != 0)
        return fail(error == ENOENT ? ErrorCode::not_found : ErrorCode::failed,
                    fmt::format("{} cannot be run: {}; next: install it, or correct the path", name,
                                std::generic_category().message(error)));
    Child child(pid);
    text.write = Fd();
    errors.write = Fd();
    Output output;
    TRY(read_all(name, text.read.get(), errors.read.get(), limits, output));
    const int status = child.wait();
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::move(output.text);
    return fail(ErrorCode::failed,
                fmt::format("{} failed{}{}; next: run it by hand", name,
                            output.errors.empty() ? "" : ": ", first_line(output.errors)));
}

}  // namespace octroi
