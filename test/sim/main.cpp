// SPDX-License-Identifier: GPL-3.0-or-later
// octroi_sim: the command line of the simulator. Without arguments it runs the seeds of the test.

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>

#include "base/check.hpp"
#include "simulation.hpp"

namespace octroi::sim {
namespace {

struct Options {
    std::uint64_t first = 1;
    std::uint64_t last = 40;
    std::uint64_t steps = 150;
    bool verbose = false;
};

constexpr const char* usage_text =
    "octroi_sim [--seed N | --seeds A..B] [--steps N] [--verbose]\n"
    "Runs simulated traffic through the meters into a ledger, and compares the ledger with the "
    "sent.\n";

// A temporary folder for one run, in memory if possible. The destructor removes it.
class Folder {
public:
    Folder() {
        const char* const memory = "/dev/shm";
        const auto root = access(memory, W_OK) == 0 ? std::filesystem::path(memory)
                                                    : std::filesystem::temp_directory_path();
        path_ = (root / "octroi-sim-XXXXXX").string();
        CHECK(mkdtemp(path_.data()) != nullptr);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool parse_seeds(std::string_view text, Options& options) {
    const std::size_t dots = text.find("..");
    const auto first = number(text.substr(0, dots));
    const auto last = dots == std::string_view::npos ? first : number(text.substr(dots + 2));
    if (!first || !last || *last < *first) return false;
    options.first = *first;
    options.last = *last;
    return true;
}

bool parse(std::span<char*> arguments, Options& options) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view word = arguments[i];
        if (word == "--verbose") {
            options.verbose = true;
            continue;
        }
        if (i + 1 == arguments.size()) return false;
        const std::string_view value = arguments[++i];
        if (word == "--seed" || word == "--seeds") {
            if (!parse_seeds(value, options)) return false;
        } else if (word == "--steps") {
            const auto steps = number(value);
            if (!steps) return false;
            options.steps = *steps;
        } else {
            return false;
        }
    }
    return true;
}

void print(const std::string& text) { std::fputs((text + "\n").c_str(), stdout); }

std::string text(const Figures& f) {
    return fmt::format(
        "{} steps, {} packets, {} bytes in {} batches; {} changes of the directory and classes, "
        "{} crashes, {} full disks, {} repeated commits, {} conflicts, {} losses",
        f.steps, f.packets, f.bytes, f.batches, f.changes, f.crashes, f.full_disks, f.retries,
        f.conflicts, f.losses);
}

int run(const Options& options) {
    Figures all;
    for (std::uint64_t seed = options.first; seed <= options.last; ++seed) {
        const Folder folder;
        const Outcome outcome = simulate(seed, options.steps, folder.path());
        all += outcome.figures;
        if (options.verbose || !outcome.status)
            print(fmt::format("seed {}: {}", seed, text(outcome.figures)));
        if (outcome.status) continue;
        print(fmt::format("seed {} FAILED at step {}: {}\nagain: octroi_sim --seed {} --steps {}",
                          seed, outcome.at_step, outcome.status.error().text, seed, options.steps));
        return 1;
    }
    print(fmt::format("{} seeds: {}; conservation held", options.last - options.first + 1,
                      text(all)));
    return 0;
}

}  // namespace
}  // namespace octroi::sim

int main(int argc, char** argv) {
    octroi::sim::Options options;
    if (!octroi::sim::parse(std::span(argv, static_cast<std::size_t>(argc)).subspan(1), options)) {
        std::fputs(octroi::sim::usage_text, stderr);
        return 2;
    }
    return octroi::sim::run(options);
}
