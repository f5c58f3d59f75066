// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/program_output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "host/clock.hpp"
#include "host/file.hpp"
#include "host/os_error.hpp"

namespace octroi {
namespace {

constexpr std::array<const char*, 4> program_folders{"/usr/sbin/", "/sbin/", "/usr/bin/", "/bin/"};
// Of standard error, for a message.
constexpr std::size_t error_octets_max = 4096;

struct Pipe {
    Fd read;
    Fd write;
};

Result<Pipe> open_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return os_failure("open a pipe");
    return Pipe{Fd(ends[0]), Fd(ends[1])};
}

Result<std::string> find_program(const std::string& name) {
    for (const char* folder : program_folders)
        if (std::string path = folder + name; ::access(path.c_str(), X_OK) == 0) return path;
    return fail(ErrorCode::not_found,
                fmt::format("{}: there is no such program in the folders of the system; next: "
                            "install the package that has it",
                            name));
}

// The running program. Ends it and collects its status, so that no zombie stays.
class Child {
public:
    [[nodiscard]] Status start(const std::string& path, const std::vector<std::string>& arguments,
                               const Pipe& out, const Pipe& err) {
        posix_spawn_file_actions_t actions{};
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, out.write.get(), STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions, err.write.get(), STDERR_FILENO);
        std::vector<std::string> copies = arguments;
        std::vector<char*> words;
        for (std::string& word : copies) words.push_back(word.data());
        words.push_back(nullptr);
        std::string folders = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
        std::string locale = "LC_ALL=C";
        std::array<char*, 3> environment{folders.data(), locale.data(), nullptr};
        const int error = posix_spawn(&pid_, path.c_str(), &actions, nullptr, words.data(),
                                      environment.data());
        posix_spawn_file_actions_destroy(&actions);
        if (error == 0) return {};
        pid_ = -1;
        errno = error;
        return os_failure(fmt::format("start {}", path));
    }
    Child() = default;
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (pid_ < 0) return;
        ::kill(pid_, SIGKILL);
        (void)wait();
    }
    // The status of waitpid(2).
    [[nodiscard]] int wait() {
        int status = -1;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return status;
    }

private:
    pid_t pid_ = -1;
};

struct Stream {
    Fd from;
    std::size_t octets_max;
    std::string text = {};
    bool ended = false;
};

// Reads what is there. False: more than the limit.
bool read_some(Stream& stream) {
    std::array<char, 65536> block{};
    const ssize_t got = ::read(stream.from.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) return true;
    if (got <= 0) {
        stream.ended = true;
        return true;
    }
    stream.text.append(block.data(), static_cast<std::size_t>(got));
    return stream.text.size() <= stream.octets_max;
}

Status read_streams(const std::string& name, Stream& out, Stream& err, Duration limit) {
    const SystemClock clock;
    const Duration until = clock.uptime() + limit;
    while (!out.ended || !err.ended) {
        const auto left = (until - clock.uptime()).ns / 1'000'000;
        if (left <= 0)
            return fail(ErrorCode::failed, fmt::format("{} did not end within {} s", name,
                                                       limit.ns / 1'000'000'000));
        std::array<pollfd, 2> polled{pollfd{out.ended ? -1 : out.from.get(), POLLIN, 0},
                                     pollfd{err.ended ? -1 : err.from.get(), POLLIN, 0}};
        static_cast<void>(::poll(polled.data(), polled.size(), static_cast<int>(left)));
        if (polled[0].revents != 0 && !read_some(out))
            return fail(ErrorCode::over_limit,
                        fmt::format("{}: its output has more than {} octets", name, out.octets_max));
        if (polled[1].revents != 0 && !read_some(err)) err.text.resize(error_octets_max);
    }
    return {};
}

}  // namespace

Result<std::string> program_output(const std::vector<std::string>& arguments,
                                   std::size_t octets_max, Duration limit) {
    const std::string& name = arguments.front();
    TRY_ASSIGN(const std::string path, find_program(name));
    TRY_ASSIGN(Pipe out, open_pipe());
    TRY_ASSIGN(Pipe err, open_pipe());
    Child child;
    TRY(child.start(path, arguments, out, err));
    out.write = Fd();
    err.write = Fd();
    Stream output{std::move(out.read), octets_max};
    Stream errors{std::move(err.read), error_octets_max};
    TRY(read_streams(name, output, errors, limit));
    const int status = child.wait();
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::move(output.text);
    const std::string first = errors.text.substr(0, errors.text.find('\n'));
    return fail(first.contains("ermission denied") || first.contains("must be root") ||
                        first.contains("not permitted")
                    ? ErrorCode::permission
                    : ErrorCode::failed,
                fmt::format("{} failed: {}", name, first.empty() ? "it gave no reason" : first));
}

}  // namespace octroi
