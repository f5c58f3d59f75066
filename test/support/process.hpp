// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Programs that a test starts, waits for, or kills by their pid.

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "host/file.hpp"

namespace octroi::support {

using Arguments = std::vector<std::string>;

// The result of a program.
struct Ended {
    int status = -1;  // exit status; 128 + signal if a signal ended it
    std::string out;
    std::string err;
};

inline std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

// A temporary folder. The destructor removes it.
class Folder {
public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "octroi-test-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::string operator/(const std::string& name) const {
        return (path_ / name).string();
    }
    [[nodiscard]] std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

// A running program. If it still runs, the destructor kills it by its pid.
class Process {
public:
    // in_child: called in the new process before exec().
    explicit Process(const Arguments& arguments, const std::function<void()>& in_child = {}) {
        pid_ = ::fork();
        if (pid_ != 0) return;
        const std::string out = folder_ / "out";
        const std::string err = folder_ / "err";
        ::dup2(::open(out.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600), STDOUT_FILENO);
        ::dup2(::open(err.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600), STDERR_FILENO);
        ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
        if (in_child) in_child();
        std::vector<char*> words;
        for (const std::string& argument : arguments)
            words.push_back(const_cast<char*>(argument.c_str()));
        words.push_back(nullptr);
        ::execvp(words[0], words.data());
        ::_exit(127);
    }
    ~Process() {
        if (!ended_) signal(SIGKILL);
        if (!ended_) (void)wait();
    }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    void signal(int number) const { ::kill(pid_, number); }
    // Kills the program and all its children. It must be the leader of a process group.
    void signal_group(int number) const { ::kill(-pid_, number); }
    [[nodiscard]] Ended wait() {
        int status = 0;
        ::waitpid(pid_, &status, 0);
        ended_ = true;
        return {WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
                text_of(folder_ / "out"), text_of(folder_ / "err")};
    }
    // Whether the program has ended; then wait() returns immediately.
    [[nodiscard]] bool has_ended() const {
        siginfo_t state{};
        return ::waitid(P_PID, static_cast<id_t>(pid_), &state, WEXITED | WNOHANG | WNOWAIT) == 0 &&
               state.si_pid == pid_;
    }
    // Whether the program has a handler for the signal (SigCgt in /proc/PID/status, proc(5)).
    [[nodiscard]] bool catches(int number) const {
        const std::string status = text_of("/proc/" + std::to_string(pid_) + "/status");
        const std::size_t at = status.find("SigCgt:");
        if (at == std::string::npos) return false;
        const auto caught = std::strtoull(status.c_str() + at + 7, nullptr, 16);
        return ((caught >> static_cast<unsigned>(number - 1)) & 1U) != 0;
    }
    [[nodiscard]] std::string err_so_far() const { return text_of(folder_ / "err"); }

private:
    Folder folder_;
    pid_t pid_ = -1;
    bool ended_ = false;
};

inline Ended run(const Arguments& arguments) { return Process(arguments).wait(); }

// The command line of the program under test with a ledger.
inline Arguments octroi(const std::string& ledger, Arguments arguments) {
    const char* binary = std::getenv("OCTROI_BINARY");
    arguments.insert(arguments.begin(),
                     {binary != nullptr ? binary : "build/release/octroi", "--ledger", ledger});
    return arguments;
}

// Waits, so that other processes can run.
inline void pass(std::chrono::microseconds time) {
    const timespec wait{time.count() / 1'000'000, time.count() % 1'000'000 * 1000};
    ::nanosleep(&wait, nullptr);
}

// Waits until `done` returns true or the time is over. Returns whether it was done.
template <typename Done>
bool wait_until(Done done, std::chrono::milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!done()) {
        if (std::chrono::steady_clock::now() > end) return false;
        pass(std::chrono::milliseconds(20));
    }
    return true;
}

}  // namespace octroi::support
