// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The options of [[meter]] with kind = "log".

#include <array>
#include <span>
#include <vector>

#include "config/option.hpp"
#include "meter/log/options.hpp"

namespace octroi::logs {

// Each is a pattern of PathPattern::parse().
[[nodiscard]] Status check_paths(const OptionEntry& entry);
// Each is an address or a prefix.
[[nodiscard]] Status check_addresses(const OptionEntry& entry);
// A zone of tzdata; empty: that of the machine.
[[nodiscard]] Status check_timezone(const OptionEntry& entry);
// Whether the meter, which follows logs, may read a line that one of this format in these files
// reads too.
[[nodiscard]] bool reads_lines_of(const MeterConfig& meter, std::span<const std::string> paths,
                                  std::string_view format);
// Two meters that bill the same files charge each line twice; a format that is wrong.
void check_log_meters(std::span<const MeterConfig* const> meters, std::vector<Problem>& problems);

// Options that the meters of files and of the journal have in common.
inline constexpr Option meter_timezone_option{
    .key = "timezone",
    .type = OptionType::text,
    .default_text = R"("")",
    .help = "The zone of times that state none; empty: the zone of this machine.",
    .check = check_timezone};
inline constexpr Option near_option{
    .key = "near",
    .type = OptionType::choice,
    .default_text = R"("auto")",
    .range = "auto|server|client",
    .help = "The end that accounts belong to.",
    .doc = "`auto`: the client of proxies and firewalls, else the server."};
inline constexpr Option client_names_option{
    .key = "client_names",
    .type = OptionType::boolean,
    .default_text = "false",
    .help = "Accept the domain that the client sent ($host, Host header).",
    .doc = "A visitor can then charge another domain. At most 4096 such names count."};
inline constexpr Option user_option{.key = "user",
                                    .type = OptionType::text,
                                    .default_text = R"("")",
                                    .help = "The user of lines that state none."};
inline constexpr Option domain_option{
    .key = "domain",
    .type = OptionType::text,
    .default_text = R"("")",
    .help = "The domain of lines and paths that state none.",
    .doc =
        "Empty: the name of this machine. `octroi bind \"domain NAME\" ACCOUNT` gives this "
        "traffic to an account."};

// The last of follow_options is about users. A log of packets has none.
inline constexpr std::size_t options_of_users = 1;

inline constexpr std::array follow_options = {
    Option{.key = "paths",
           .type = OptionType::texts,
           .default_text = R"(["/var/log/apache2/*access.log"])",
           .required = true,
           .help = "The logs that are followed, as patterns of absolute paths.",
           .doc =
               "`*`, `?` and `[…]` match within one name; `{domain}` and `{user}` match a part of "
               "the path that is a name: `/home/{user}/logs/{domain}.access.log`. New files that "
               "match are found within 10 seconds. Files that rotation makes are found by "
               "themselves.",
           .check = check_paths},
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
    Option{.key = "poll",
           .type = OptionType::duration,
           .default_text = R"("1s")",
           .range = "50ms..10m",
           .help = "How often the logs are looked at."},
    Option{.key = "finish_after",
           .type = OptionType::duration,
           .default_text = R"("10m")",
           .range = "1s..7d",
           .help = "How long a file that was rotated is read on, when it does not grow.",
           .doc = "A server writes to the old file until it opens its log again. At the end of "
                  "this time a last line counts also without a line end."},
    Option{.key = "old_folder",
           .type = OptionType::text,
           .default_text = R"("")",
           .help = "The folder that rotation moves files to (olddir of logrotate).",
           .doc = "Absolute, or relative to the folder of the log. Empty: the folder of the log."},
    link_speed_option,
    entry_limit_option,
    Option{.key = "addresses",
           .type = OptionType::texts,
           .default_text = "[]",
           .help = "The addresses of the server: packets there carry what the log states.",
           .doc = "`octroi reconcile` compares the log with packet meters at these addresses. An "
                  "address of a bound or local prefix that is counted as one is written as that "
                  "prefix.",
           .check = check_addresses},
    Option{.key = "services",
           .type = OptionType::texts,
           .default_text = "[]",
           .help = "The services of these packets, as `octroi usage --by service` names them.",
           .doc = "Empty: all services at the addresses."},
    Option{.key = "same_bytes_as",
           .type = OptionType::texts,
           .default_text = "[]",
           .help = "The meters of the packets that carry what this log states.",
           .doc = "These meters see, at `addresses` and in `services`, the bytes that the log "
                  "states. `precedence` says which of the two is charged: a byte is never charged "
                  "twice. Their kind must have the addresses of both ends of each packet or flow."},
    Option{.key = "precedence",
           .type = OptionType::choice,
           .default_text = R"("packets")",
           .range = "packets|log",
           .help = "With `same_bytes_as`: which of the two is charged.",
           .doc = "`packets`: the log is a witness. `log`: the packets of these meters at "
                  "`addresses` and in `services` are `@excluded/duplicate`, from the end of the "
                  "last bucket in which they were charged."},
    no_user_needed_option,
};

}  // namespace octroi::logs
