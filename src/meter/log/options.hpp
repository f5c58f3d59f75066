// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// How a log is to be read: options that all commands for logs have, and their meaning.

#include <array>
#include <memory>
#include <string>

#include "config/option.hpp"
#include "host/zone.hpp"
#include "meter/log/limit_options.hpp"
#include "meter/log/line_writer.hpp"
#include "meter/log/time_resolver.hpp"
#include "wire/log/line_reader.hpp"

namespace octroi::logs {

inline constexpr Option format_option{
    .key = "format",
    .type = OptionType::choice,
    .default_text = R"("combined")",
    .range =
        "apache|caddy|clf|combined|csv|dated-bytes|dovecot|elb|exim|haproxy|"
        "haproxy-format|json|lighttpd|nacctd|netfilter|nginx|pmacct-csv|pmacct-json|postfix|"
        "proftpd|"
        "pureftpd|pureftpd-stats|rsyncd|s3|sftp-server|squid|squid-format|traefik|traefik-json|"
        "trafficwatch|ulogd-gprint|ulogd-sql|vhost-combined|vsftpd|w3c|xferlog",
    .help = "The format of the lines",
    .placeholder = "NAME"};

inline constexpr Option log_format_option{.key = "log_format",
                                          .type = OptionType::text,
                                          .default_text = R"("")",
                                          .help = "An Apache LogFormat, instead of --format",
                                          .placeholder = "FORMAT"};

inline constexpr Option nginx_format_option{.key = "nginx_format",
                                            .type = OptionType::text,
                                            .default_text = R"("")",
                                            .help = "An nginx log_format, instead of --format",
                                            .placeholder = "FORMAT"};

inline constexpr Option squid_format_option{.key = "squid_format",
                                            .type = OptionType::text,
                                            .default_text = R"("")",
                                            .help = "A logformat of Squid, instead of --format",
                                            .placeholder = "FORMAT"};

inline constexpr Option haproxy_format_option{.key = "haproxy_format",
                                              .type = OptionType::text,
                                              .default_text = R"("")",
                                              .help =
                                                  "A log-format of HAProxy, instead of "
                                                  "--format",
                                              .placeholder = "FORMAT"};

inline constexpr Option fields_option{
    .key = "fields",
    .type = OptionType::text,
    .default_text = R"("")",
    .help = "The names of the fields of csv and json: time=ts user=login in=rx out=tx",
    .placeholder = "MAP"};

inline constexpr Option timezone_option{
    .key = "timezone",
    .type = OptionType::text,
    .default_text = R"("")",
    .help = "The zone of times that state none; empty: the zone of this machine",
    .placeholder = "ZONE"};

inline constexpr Option year_option{
    .key = "year",
    .type = OptionType::integer,
    .default_text = "0",
    .range = "0..2199",
    .help = "The year of the first line that states none; 0: from the time of the file",
    .placeholder = "YEAR"};

inline constexpr Option bad_option{
    .key = "bad",
    .type = OptionType::boolean,
    .default_text = "false",
    .help = "Print the lines that cannot be read, with the reason, instead of the others"};

inline constexpr Option write_option{
    .key = "write",
    .type = OptionType::choice,
    .default_text = R"("rows")",
    .range = written_formats,
    .help = "Print lines of this format, for other accounting programs; rows: a table or JSON"};

inline constexpr std::array inspect_options{
    format_option,       log_format_option,     nginx_format_option,
    squid_format_option, haproxy_format_option, fields_option,
    timezone_option,     year_option,           bad_option,
    write_option};

inline constexpr std::array import_options{
    format_option,
    log_format_option,
    nginx_format_option,
    squid_format_option,
    haproxy_format_option,
    fields_option,
    timezone_option,
    year_option,
    Option{.key = "near",
           .type = OptionType::choice,
           .default_text = R"("auto")",
           .range = "auto|server|client",
           .help = "The end that accounts belong to; auto: the client of proxies and firewalls, "
                   "else the server"},
    Option{.key = "client_names",
           .type = OptionType::boolean,
           .default_text = "false",
           .help =
               "Accept the domain that the client sent ($host, Host header): a visitor can then "
               "charge another domain"},
    Option{.key = "user",
           .type = OptionType::text,
           .default_text = R"("")",
           .help = "The user of lines that state none, such as the files of one user",
           .placeholder = "NAME"},
    Option{.key = "domain",
           .type = OptionType::text,
           .default_text = R"("")",
           .help = "The domain of lines that state none; empty: the name of this machine",
           .placeholder = "NAME"},
    link_speed_option,
    entry_limit_option,
    Option{.key = "checkpoint",
           .type = OptionType::integer,
           .default_text = "0",  // the default of LogFileMeterOptions
           .range = "0..9223372036854775807",
           .help = "Commit after this number of lines (default: 1048576). After a kill, the next "
                   "import continues at the last commit",
           .placeholder = "LINES"},
    no_user_needed_option,
};
// Logs of packets have no users: the last option is not for them.
inline constexpr std::size_t import_options_of_packets = import_options.size() - 1;

// The format that the options describe, as cursors keep it: its name and its patterns. Readers of
// one format have one state, whatever their pattern is.
[[nodiscard]] std::string format_of(const OptionValues& options);
// The reader that the options describe. Errors: invalid (two formats, or a wrong one).
[[nodiscard]] Result<std::unique_ptr<logline::LineReader>> open_reader(const OptionValues& options);
// The time to which a file without years belongs: when it was changed last; of a pipe the present.
// Errors: those of files.
[[nodiscard]] Result<UtcTime> latest_time(const std::string& path);
// The zone and the year that the options state. latest: see TimeResolver. Errors: invalid.
// That of times without one: `timezone`, or that of this machine.
[[nodiscard]] Result<Zone> zone_of(const OptionValues& options);
[[nodiscard]] Result<TimeResolver> open_resolver(const OptionValues& options, UtcTime latest);

}  // namespace octroi::logs
