// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The users of a system as passwd(5) lists them: "name:password:uid:gid:gecos:home:shell". Pure;
// any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace octroi::passwd {

struct User {
    std::string name;
    std::uint32_t uid = 0;
    std::string full_name;  // the first field of gecos
    std::string home;       // without '/' at its end; "/" is empty
    std::string shell;

    auto operator<=>(const User&) const = default;
};

struct Users {
    std::vector<User> users;  // in the order of the file
    std::uint64_t bad_lines = 0;
};

// Lines of NIS ("+…", "-…"), comments and empty lines are left out.
[[nodiscard]] Users parse_passwd(std::string_view text);

// The range of the uids of people as login.defs(5) has it (UID_MIN, UID_MAX).
struct UidRange {
    std::uint32_t first = 1000;  // the defaults of shadow
    std::uint32_t last = 60'000;
};
[[nodiscard]] UidRange parse_login_defs(std::string_view text);

// Whether a user with this shell can log in: it is not nologin or false.
[[nodiscard]] bool is_login_shell(std::string_view shell);

}  // namespace octroi::passwd
