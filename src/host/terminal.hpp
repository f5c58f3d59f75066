// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace octroi {

struct TerminalSize {
    int columns = 80;
    int rows = 24;
};

[[nodiscard]] bool is_terminal(int fd);
// nullopt: not a terminal, or one that does not know its size.
[[nodiscard]] std::optional<TerminalSize> terminal_size(int fd);

// While an object exists, standard input has no line buffering and no echo. The destructor restores
// the previous state. Does nothing when standard input is not a terminal.
class RawTerminal {
public:
    RawTerminal();
    ~RawTerminal();
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;

    // The next octet from standard input; nullopt: none came within `wait`.
    [[nodiscard]] std::optional<char> key(Duration wait);

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Writes the whole text; blocks. Errors include a closed pipe.
[[nodiscard]] Status write_out(int fd, std::string_view text);

}  // namespace octroi
