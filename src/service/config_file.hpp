// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "base/result.hpp"

namespace octroi {

// The configuration file as text. It is read again at each reload.
class ConfigFile {
public:
    // optional: the file need not exist; without it the defaults hold.
    ConfigFile(std::string path, bool optional) : path_(std::move(path)), optional_(optional) {}

    [[nodiscard]] const std::string& path() const { return path_; }
    // The text as it is now; empty where an optional file is absent and had no text before. A file
    // that had text before and is absent or empty now is an error: an editor that has just
    // truncated it must not put all defaults in force. Errors: invalid.
    [[nodiscard]] Result<std::string> read();

private:
    std::string path_;
    bool optional_;
    bool had_text_ = false;
};

}  // namespace octroi
