// SPDX-License-Identifier: GPL-3.0-or-later
#include "programs.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "sender.hpp"

namespace octroi::bench {

std::string find_program(std::string_view name) {
    for (const std::string_view folder : {"/usr/sbin/", "/usr/bin/", "/usr/local/bin/"}) {
        std::string path = fmt::format("{}{}", folder, name);
        if (::access(path.c_str(), X_OK) == 0) return path;
    }
    return {};
}

void run_before_others() {
    const sched_param parameters{.sched_priority = 1};
    static_cast<void>(::sched_setscheduler(0, SCHED_RR, &parameters));
}

pid_t start_program(const std::vector<std::string>& words, const ProgramPlace& place) {
    const pid_t child = ::fork();
    if (child != 0) {
        ::setpgid(child, child);  // also here: the group exists when this returns
        return child;
    }
    run_on(place.processor);
    if (place.before_others) run_before_others();
    ::setpgid(0, 0);
    ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
    const int out = ::open(place.output.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
    for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) ::dup2(out, stream);
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
}

double cpu_of_group(pid_t group) {
    double ticks = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        std::ifstream stat(entry.path() / "stat");
        std::string text;
        if (!std::getline(stat, text) || text.find(") ") == std::string::npos) continue;
        std::istringstream fields(text.substr(text.rfind(") ") + 2));
        std::vector<std::string> field;
        for (std::string f; fields >> f;) field.push_back(f);
        if (field.size() > 12 && field[2] == std::to_string(group))
            ticks += std::stod(field[11]) + std::stod(field[12]);
    }
    return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::optional<double> end_of_program(pid_t child) {
    constexpr int attempts = 3000;
    for (int i = 0; i < attempts; ++i) {
        rusage used{};
        int status = 0;
        if (::wait4(child, &status, WNOHANG, &used) == child) {
            const auto seconds = [](const timeval& t) {
                return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
            };
            if (status != 0) return std::nullopt;
            return seconds(used.ru_utime) + seconds(used.ru_stime);
        }
        std::this_thread::sleep_for(moment);
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    return std::nullopt;
}

}  // namespace octroi::bench
