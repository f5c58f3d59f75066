// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The file with the clients, read again when it has changed. One thread.

#include <optional>
#include <string>

#include "base/result.hpp"
#include "host/file.hpp"
#include "meter/radius/clients.hpp"

namespace octroi::radius_meter {

class ClientsFile {
public:
    explicit ClientsFile(std::string path = {}) : path_(std::move(path)) {}

    // Reads the file if it has changed since the last call. After an error the clients of before
    // stay: none at first. Errors: those of files, invalid (a line is wrong); each once for a
    // change.
    [[nodiscard]] Status refresh();
    [[nodiscard]] const Clients& clients() const noexcept { return clients_; }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
    Clients clients_;
    std::optional<FileStatus> seen_;
    bool is_missing_ = false;
};

}  // namespace octroi::radius_meter
