// SPDX-License-Identifier: GPL-3.0-or-later
// `octroi import log` as a program, from a generated log to a ledger, beside the least that a
// program can do, and beside other programs. CPU time of processes, user and system: other load of
// the machine does not count.
#include "logs.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "access_lines.hpp"
#include "arguments.hpp"
#include "bench_daemon.hpp"
#include "log_floor.hpp"
#include "programs.hpp"
#include "support/process.hpp"

namespace octroi::bench {
namespace {

namespace fs = std::filesystem;
using SumsByVhost = std::map<std::string, std::uint64_t>;

struct Options {
    std::string directory = fs::temp_directory_path().string();
    std::uint64_t lines = 2'000'000;
    std::uint64_t seed = 1;
    unsigned repeat = 5;
    std::string only;
    bool keep = false;
};

struct Measured {
    double seconds = 0;
    long resident_kib = 0;
};

// Waits for the end of a child. Nothing: it failed.
std::optional<Measured> measured_end(pid_t child) {
    rusage used{};
    int status = 0;
    if (child < 0 || ::wait4(child, &status, 0, &used) != child || status != 0) return std::nullopt;
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    return Measured{seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_maxrss};
}

struct Inputs {
    std::string log;
    std::string folder;  // for results
    const AccessLog& truth;
};

std::optional<Measured> run_floor(const Inputs& inputs) {
    const pid_t child = ::fork();
    if (child == 0) {
        const auto sums = sum_vhosts(inputs.log);
        const bool is_right = sums.has_value() && sums->lines == inputs.truth.lines &&
                              sums->by_vhost == inputs.truth.by_vhost;
        ::_exit(is_right ? 0 : 1);
    }
    return measured_end(child);
}

SumsByVhost booked_in(const std::string& ledger) {
    const auto answer =
        support::run({octroi_program(), "--ledger", ledger, "--json", "usage", "--by", "identity",
                      "--layer", "application", "--since", "2026-01-01", "--until", "2027-01-01"});
    SumsByVhost sums;
    const auto document = nlohmann::json::parse(answer.out, nullptr, false);
    if (!document.is_object()) return sums;
    for (const auto& row : document.value("rows", nlohmann::json::array())) {
        const std::string identity = row.value("identity", "");
        const auto sent = row.value("sent_bytes", std::uint64_t{0});
        if (identity.starts_with("domain ") && sent > 0) sums[identity.substr(7)] = sent;
    }
    return sums;
}

std::optional<Measured> run_octroi(const Inputs& inputs) {
    const std::string ledger = inputs.folder + "/ledger.db";
    fs::remove_all(inputs.folder);
    fs::create_directories(inputs.folder);
    const auto measured =
        measured_end(start_program({octroi_program(), "--ledger", ledger, "import", "log",
                                    "--format", "vhost-combined", inputs.log}));
    if (!measured || booked_in(ledger) != inputs.truth.by_vhost) return std::nullopt;
    return measured;
}

std::optional<Measured> run_mawk(const Inputs& inputs) {
    const std::string output = inputs.folder + "/mawk.txt";
    const auto measured = measured_end(
        start_program({find_program("mawk"),
                       "{ split($1, host, \":\"); sum[host[1]] += $11 } "
                       "END { for (name in sum) printf \"%s %.0f\\n\", name, sum[name] }",
                       inputs.log},
                      {.output = output}));
    SumsByVhost sums;
    std::ifstream in(output);
    std::string name;
    for (std::uint64_t sum = 0; in >> name >> sum;)
        if (sum > 0) sums[name] = sum;
    if (!measured || sums != inputs.truth.by_vhost) return std::nullopt;
    return measured;
}

// Its report has more than sums; only that it ends well is checked.
std::optional<Measured> run_goaccess(const Inputs& inputs) {
    return measured_end(
        start_program({find_program("goaccess"), inputs.log, "--log-format=VCOMBINED",
                       "--no-global-config", "-o", inputs.folder + "/goaccess.json"}));
}

struct Program {
    std::string_view name;
    std::string_view what;
    std::optional<Measured> (*run)(const Inputs& inputs);
    std::string_view needs;                       // a program; empty: none
    std::uint64_t lines_max = ~std::uint64_t{0};  // slow programs get the begin of the log
    bool is_once = false;
};
constexpr std::array<Program, 4> programs = {{
    {"floor", "mmap, memchr, sum by virtual host", run_floor, ""},
    {"octroi", "octroi import log, into a new ledger", run_octroi, ""},
    {"mawk", "split, sum by virtual host", run_mawk, "mawk", ~std::uint64_t{0}, true},
    {"goaccess", "report as JSON", run_goaccess, "goaccess", 200'000, true},
}};

struct Best {
    std::optional<Measured> measured;
    std::uint64_t lines = 0;
};

class LogBenchmark {
public:
    explicit LogBenchmark(Options options)
        : options_(std::move(options)),
          path_(fmt::format("{}/octroi-bench-{}-{}.log", options_.directory, options_.lines,
                            options_.seed)),
          folder_(fmt::format("{}/octroi-bench-logs-{}", options_.directory, ::getpid())) {}
    ~LogBenchmark() {
        std::error_code ignored;
        if (!options_.keep) fs::remove(path_, ignored);
        fs::remove_all(folder_, ignored);
    }
    LogBenchmark(const LogBenchmark&) = delete;
    LogBenchmark& operator=(const LogBenchmark&) = delete;

    bool run() {
        fs::create_directories(folder_);
        auto made = make_access_log(path_, options_.lines, options_.seed);
        if (!made) {
            fmt::print(stderr, "octroi_bench: {}\n", made.error().text);
            return false;
        }
        truth_ = *std::move(made);
        fmt::print("{} lines, {} MiB, {} virtual hosts\n", truth_.lines, truth_.octets >> 20U,
                   truth_.by_vhost.size());
        for (unsigned round = 0; round < options_.repeat; ++round)
            for (std::size_t i = 0; i < programs.size(); ++i)
                if (!measure(programs[i], round, best_[i])) return false;
        print();
        return true;
    }

private:
    bool measure(const Program& program, unsigned round, Best& best) {
        const bool is_wanted =
            options_.only.empty() || program.name == options_.only || program.name == "floor";
        if (!is_wanted || (program.is_once && round > 0)) return true;
        if (!program.needs.empty() && find_program(program.needs).empty()) return true;
        std::optional<AccessLog> part;
        std::string path = path_;
        if (truth_.lines > program.lines_max) {
            path = folder_ + "/begin.log";
            auto made = make_access_log(path, program.lines_max, options_.seed);
            if (!made) return false;
            part = *std::move(made);
        }
        const AccessLog& truth = part ? *part : truth_;
        const auto measured = program.run({path, folder_ + "/results", truth});
        if (!measured) {
            fmt::print(stderr, "octroi_bench: {}: it failed, or its sums are wrong\n",
                       program.name);
            return false;
        }
        best.lines = truth.lines;
        if (!best.measured || measured->seconds < best.measured->seconds) best.measured = measured;
        return true;
    }

    void print() const {
        fmt::print("{:<10} {:>10} {:>10} {:>8} {:>8}  {}\n", "", "Mlines/s", "ns/line", "/ floor",
                   "MiB", "");
        const auto ns_per_line = [](const Best& best) {
            return best.measured->seconds * 1e9 / static_cast<double>(best.lines);
        };
        for (std::size_t i = 0; i < programs.size(); ++i) {
            if (!best_[i].measured) continue;
            const double ns = ns_per_line(best_[i]);
            fmt::print("{:<10} {:>10.2f} {:>10.1f} {:>8.2f} {:>8}  {}\n", programs[i].name,
                       1e3 / ns, ns, ns_per_line(best_[0]) / ns,
                       best_[i].measured->resident_kib / 1024, programs[i].what);
        }
    }

    Options options_;
    std::string path_;
    std::string folder_;
    AccessLog truth_;
    std::array<Best, programs.size()> best_;
};

bool parse(std::span<const char* const> arguments, Options& options) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view name = arguments[i];
        if (name == "--keep" || name == "--full") {
            if (name == "--keep") options.keep = true;
            if (name == "--full") options.lines = 10'000'000;
            continue;
        }
        if (i + 1 == arguments.size()) return false;
        const std::string_view value = arguments[++i];
        if (name == "--directory") {
            options.directory = value;
        } else if (name == "--lines") {
            if (!number(value, options.lines)) return false;
        } else if (name == "--seed") {
            if (!number(value, options.seed)) return false;
        } else if (name == "--repeat") {
            if (!number(value, options.repeat)) return false;
        } else if (name == "--only") {
            options.only = value;
        } else {
            return false;
        }
    }
    return true;
}

}  // namespace

int logs(std::span<const char* const> arguments) {
    Options options;
    if (!parse(arguments, options)) {
        fmt::print(stderr,
                   "usage: octroi_bench logs [--lines N] [--full] [--seed N] [--repeat N] "
                   "[--only octroi|mawk|goaccess] [--directory DIR] [--keep]\n");
        return 2;
    }
    fmt::print("CPU time of processes, best of {} interleaved rounds\n", options.repeat);
    return LogBenchmark(std::move(options)).run() ? 0 : 1;
}

}  // namespace octroi::bench
