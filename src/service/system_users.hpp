// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The users of a system, and the sites of its web servers, read for `octroi account scan`.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "host/rooted_files.hpp"
#include "wire/passwd/passwd.hpp"
#include "wire/web_config/web_config.hpp"

namespace octroi {

struct SystemUsers {
    std::vector<passwd::User> users;
    passwd::UidRange uids;  // of /etc/login.defs, else its defaults
    std::vector<web_config::Site> sites;
    std::vector<std::string> notes;  // what cannot be read, for people
};

// passwd_file: a path within `files`. Errors: those of the file.
[[nodiscard]] Result<SystemUsers> read_system_users(const RootedFiles& files,
                                                    const std::string& passwd_file);

}  // namespace octroi
