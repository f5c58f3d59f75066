// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A program of this machine that runs beside this process, with its output and its errors on pipes.

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "base/time.hpp"
#include "host/file.hpp"

namespace octroi {

// One thread. It is killed if ended() has not said that it has ended, with the programs that it has
// started: they are one process group.
class Child {
public:
    // arguments: the program (found in PATH if it has no '/') and its arguments; no shell is
    // involved. Its input is empty, its signals have their defaults. Errors: not_found (no such
    // program), failed.
    [[nodiscard]] static Result<Child> start(std::span<const std::string> arguments);
    Child(Child&& other) noexcept
        : name_(std::move(other.name_)),
          pid_(std::exchange(other.pid_, -1)),
          output_(std::move(other.output_)),
          errors_(std::move(other.errors_)),
          error_text_(std::move(other.error_text_)) {}
    Child& operator=(Child&&) = delete;
    ~Child();

    // The ends of the pipes from which this process reads.
    [[nodiscard]] int output() const noexcept { return output_.get(); }
    [[nodiscard]] int errors() const noexcept { return errors_.get(); }
    // Waits for at most `wait` for octets of the output. 0: none came. nullopt: the program has
    // closed its output. Keeps the first octets of its errors. Errors: failed.
    [[nodiscard]] Result<std::optional<std::size_t>> read(std::span<char> into, Duration wait);
    // What read() has kept: up to 4096 octets.
    [[nodiscard]] const std::string& error_text() const noexcept { return error_text_; }
    // The status of waitpid(2); nullopt: it still runs. Not to be called after a status.
    [[nodiscard]] std::optional<int> ended();

private:
    Child(std::string name, pid_t pid, Fd output, Fd errors)
        : name_(std::move(name)),
          pid_(pid),
          output_(std::move(output)),
          errors_(std::move(errors)) {}
    void keep_errors();

    std::string name_;
    pid_t pid_;
    Fd output_;
    Fd errors_;
    std::string error_text_;
};

}  // namespace octroi
