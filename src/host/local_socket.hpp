// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Unix stream sockets (unix(7)): connections between processes of this machine, found by the path
// of a file. Only the owner of that file and root can connect.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "host/file.hpp"

namespace octroi {

// The accepted end of a connection. No call blocks. One thread at a time.
class LocalConnection {
public:
    explicit LocalConnection(Fd socket) noexcept : socket_(std::move(socket)) {}

    // Reads what has arrived, at most into.size() octets. 0: the client has closed its side;
    // nullopt: nothing has arrived. An error ends the connection.
    [[nodiscard]] Result<std::optional<std::size_t>> read(std::span<char> into);
    // Sends as much as the kernel accepts now, and returns how many octets that was. An error ends
    // the connection.
    [[nodiscard]] Result<std::size_t> write(std::string_view octets);

private:
    Fd socket_;
};

class LocalListener {
public:
    // Listens at the path, with file mode 0600. A socket that no process listens at any more is
    // replaced. Errors: exists (a process listens there, or the file is not a socket), over_limit
    // (the path is longer than the kernel permits), permission, failed.
    [[nodiscard]] static Result<std::unique_ptr<LocalListener>> open(const std::string& path);
    // Removes the file, unless another process has put its own socket there.
    ~LocalListener();
    LocalListener(const LocalListener&) = delete;
    LocalListener& operator=(const LocalListener&) = delete;

    // The next waiting connection; nullopt: none waits. Does not block.
    [[nodiscard]] std::optional<LocalConnection> accept();
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    LocalListener(Fd socket, std::string path, const FileStatus& file)
        : socket_(std::move(socket)), path_(std::move(path)), file_(file) {}

    Fd socket_;
    std::string path_;
    FileStatus file_;  // of the socket file at `path_`
};

// Connects, sends one line and returns the line that is answered, both without the line feed.
// Blocks for at most `timeout` and accepts an answer of at most `answer_max` octets. Errors:
// not_found (no process listens at the path), permission, busy (no answer within the time),
// over_limit, failed (the connection ended before the answer was complete).
[[nodiscard]] Result<std::string> exchange_line(const std::string& path, std::string_view line,
                                                std::size_t answer_max, Duration timeout);

}  // namespace octroi
