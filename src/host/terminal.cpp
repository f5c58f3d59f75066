// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/terminal.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include "host/os_error.hpp"

namespace octroi {

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

std::optional<TerminalSize> terminal_size(int fd) {
    winsize size{};
    if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
    return TerminalSize{size.ws_col, size.ws_row};
}

struct RawTerminal::State {
    termios before{};
    bool changed = false;
};

RawTerminal::RawTerminal() : state_(std::make_unique<State>()) {
    if (::tcgetattr(STDIN_FILENO, &state_->before) != 0) return;
    termios raw = state_->before;
    // ISIG stays: Ctrl-C sends SIGINT as usual.
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    state_->changed = ::tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

RawTerminal::~RawTerminal() {
    if (state_->changed) ::tcsetattr(STDIN_FILENO, TCSANOW, &state_->before);
}

std::optional<char> RawTerminal::key(Duration wait) {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (::poll(&input, 1, static_cast<int>(wait.ns / 1'000'000)) <= 0) return std::nullopt;
    char c = 0;
    if (::read(STDIN_FILENO, &c, 1) != 1) return std::nullopt;
    return c;
}

Status write_out(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return os_failure("write the output");
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

}  // namespace octroi
