// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/formats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "wire/log/access_format.hpp"
#include "wire/log/common_log.hpp"
#include "wire/log/ftp_logs.hpp"
#include "wire/log/mail_logs.hpp"

namespace octroi::logline {
namespace {

using Opened = Result<std::unique_ptr<LineReader>>;

Opened open_clf(const FormatOptions& /*options*/) { return open_common_log(false); }
Opened open_vhost(const FormatOptions& /*options*/) { return open_common_log(true); }

template <auto compile>
Opened open_described(const FormatOptions& options) {
    TRY_ASSIGN(AccessFormat format, compile(options.pattern));
    return open_access_log(std::move(format));
}

// The format `squid` of Squid itself.
Opened open_squid(const FormatOptions& /*options*/) {
    return open_described<compile_squid>(
        {"%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt"});
}

// The default of lighttpd; the domain is the one that the client asked for.
Opened open_lighttpd(const FormatOptions& /*options*/) {
    return open_described<compile_apache>(
        {R"(%h %V %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i")"});
}

template <auto open>
Opened open_fixed(const FormatOptions& /*options*/) {
    return open();
}

constexpr std::array format_table{
    Format{"apache", "a LogFormat of Apache, which the user states", R"(%h %l %u %t "%r" %>s %b)",
           true, false, open_described<compile_apache>},
    Format{"clf", "common log format, and what begins like it",
           R"(192.0.2.1 - - [29/May/2017:19:02:48 +0000] "GET / HTTP/1.1" 200 612)", false, false,
           open_clf},
    Format{"combined", "combined log format of Apache and nginx",
           R"(192.0.2.1 - ann [29/May/2017:19:02:48 +0000] "GET / HTTP/1.1" 200 612 "-" "curl")",
           false, false, open_clf},
    Format{"dovecot", "IMAP, POP3, ManageSieve and LMTP sessions of Dovecot",
           "Jun 25 12:36:29 mail dovecot: imap(ann@example.com): Logged out in=93 out=1020", false,
           true, open_fixed<open_dovecot>},
    Format{"exim", "main log of Exim",
           "2024-05-01 12:00:00 1s2BQ4-000abC-2d <= ann@example.com H=h [192.0.2.1] P=esmtp S=1234",
           false, true, open_fixed<open_exim>},
    Format{
        "lighttpd", "access log of lighttpd, its default format",
        R"(192.0.2.1 example.com - [29/May/2017:19:02:48 +0000] "GET / HTTP/1.1" 200 61 "-" "x")",
        false, false, open_lighttpd},
    Format{"nginx", "a log_format of nginx, which the user states",
           R"($remote_addr [$time_local] "$request" $status $bytes_sent $request_length)", true,
           false, open_described<compile_nginx>},
    Format{"postfix", "mails that Postfix received and delivered",
           "Jun 25 12:36:29 mail postfix/qmgr[23]: A012345: from=<ann@example.com>, size=12345, "
           "nrcpt=1 (queue active)",
           false, true, open_fixed<open_postfix>},
    Format{"rsyncd", "sessions of rsync as a daemon",
           "2011/02/22 21:50:33 [82] sent 253 bytes  received 162 bytes  total size 1477", false,
           true, open_fixed<open_rsyncd>},
    Format{"sftp-server", "files that OpenSSH's sftp-server or internal-sftp closed",
           R"(Jun 25 12:36:29 host sftp-server[12]: close "/f" bytes read 0 written 18)", false,
           true, open_fixed<open_sftp_server>},
    Format{"squid", "native access log of Squid",
           "1259844091.407    307 192.0.2.1 TCP_MISS/200 1015 GET http://example.com/ ann "
           "DIRECT/192.0.2.80 text/css",
           false, false, open_squid},
    Format{"squid-format", "a logformat of Squid, which the user states",
           "%ts.%03tu %>a %Ss/%03>Hs %<st %>st %rm %ru %un", true, false,
           open_described<compile_squid>},
    Format{"vhost-combined", "combined log format behind the virtual host, with or without a port",
           R"(example.com:80 192.0.2.1 - - [29/May/2017:19:02:48 +0000] "GET / HTTP/1.1" 200 612)",
           false, false, open_vhost},
    Format{"vsftpd", "the own log of vsftpd",
           R"(Mon Jun  6 18:43:59 2016 [pid 3] [ann] OK UPLOAD: Client "192.0.2.9", "/f", )"
           "18 bytes, 4.44Kbyte/sec",
           false, false, open_fixed<open_vsftpd>},
    Format{"xferlog", "transfers of FTP servers: wu-ftpd, ProFTPD, Pure-FTPd, vsftpd",
           "Thu Mar  4 08:12:30 2004 1 192.0.2.9 37 /f b _ o r ann ftp 0 * c", false, false,
           open_fixed<open_xferlog>},
};
static_assert(std::ranges::is_sorted(format_table, {}, &Format::name));

}  // namespace

std::span<const Format> formats() noexcept { return format_table; }

const Format* find_format(std::string_view name) noexcept {
    const auto at = std::ranges::lower_bound(format_table, name, {}, &Format::name);
    return at != format_table.end() && at->name == name ? &*at : nullptr;
}

Result<std::unique_ptr<LineReader>> open_reader(std::string_view name,
                                                const FormatOptions& options) {
    const Format* const format = find_format(name);
    if (format == nullptr) {
        std::string names;
        for (const Format& each : format_table)
            names += (names.empty() ? "" : ", ") + std::string(each.name);
        return fail(ErrorCode::invalid,
                    fmt::format("log format '{}' does not exist; next: one of {}", name, names));
    }
    if (format->needs_pattern && options.pattern.empty())
        return fail(ErrorCode::invalid,
                    fmt::format("log format '{}' needs a pattern; next: state it as in: {}", name,
                                format->example));
    if (!format->needs_pattern && !options.pattern.empty())
        return fail(ErrorCode::invalid,
                    fmt::format("log format '{}' is fixed and has no pattern; next: leave the "
                                "pattern out, or choose another format",
                                name));
    return format->open(options);
}

}  // namespace octroi::logline
