// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The options of [[meter]] with kind = "journal".

#include <array>
#include <span>
#include <vector>

#include "config/option.hpp"
#include "meter/log/follow_options.hpp"

namespace octroi::logs {

// Each is "FIELD=value", as of journalctl(1).
[[nodiscard]] Status check_journal_matches(const OptionEntry& entry);
// Each is the name of a unit, or a pattern that matches no session of a user.
[[nodiscard]] Status check_journal_units(const OptionEntry& entry);
// A format that is wrong; entries that any local user can write; two meters that bill the same
// entries charge each twice.
void check_journal_meters(std::span<const MeterConfig* const> meters,
                          std::vector<Problem>& problems);

inline constexpr std::array journal_options = {
    Option{.key = "units",
           .type = OptionType::texts,
           .default_text = R"(["postfix@-.service"])",
           .required = true,
           .help = "The systemd units with the entries that are read.",
           .doc = "Names and patterns as of `journalctl --unit`; none that the sessions of users "
                  "match. An empty list needs one of the fields `_SYSTEMD_UNIT`, "
                  "`_SYSTEMD_CGROUP`, `_EXE` and `_UID` in `matches`: any user can write to the "
                  "journal, and journald itself writes these fields.",
           .check = check_journal_units},
    Option{.key = "matches",
           .type = OptionType::texts,
           .default_text = "[]",
           .help = "Fields that entries must have, as `SYSLOG_IDENTIFIER=dovecot`.",
           .doc = "As the matches of journalctl(1): several of one field are alternatives. The "
                  "program that writes an entry chooses SYSLOG_IDENTIFIER itself.",
           .check = check_journal_matches},
    format_option,
    log_format_option,
    nginx_format_option,
    squid_format_option,
    haproxy_format_option,
    fields_option,
    meter_timezone_option,
    near_option,
    client_names_option,
    user_option,
    domain_option,
    link_speed_option,
    entry_limit_option,
    no_user_needed_option,
};

}  // namespace octroi::logs
