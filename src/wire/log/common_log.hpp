// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The common log format, and what begins like it: combined, and combined behind a virtual host.
//
//   [host[:port] ]client ident user [time] "request" status octets[ anything]
//
// The request is the first text that a client controls. Apache and nginx escape quotes in it and in
// the user name, so the first `] "` of a line ends the time, wherever a user name imitates it.

#include <memory>

#include "wire/log/line_reader.hpp"

namespace octroi::logline {

struct CommonLogOptions {
    bool has_host = false;  // a virtual host stands before the client
    // The log of an FTP server: "PUT", "STOR", "APPE" and "STOU" requests are uploads.
    bool is_ftp = false;
};

[[nodiscard]] std::unique_ptr<LineReader> open_common_log(const CommonLogOptions& options);

}  // namespace octroi::logline
