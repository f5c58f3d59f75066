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
[[nodiscard]] std::optional<TerminalSize> terminal_size(int fd);

// Standard input unbuffered and without echo while it lives; the old state comes back with the
// destructor.
class RawTerminal {
public:
    RawTerminal();
    ~RawTerminal();
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;

    // A key, or nothing within `wait`.
    [[nodiscard]] std::optional<char> key(Duration wait);

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Everything, or an error (a closed pipe among them).
[[nodiscard]] Status write_out(int fd, std::string_view text);

}  // namespace octroi
