// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/formats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "wire/log/access_format.hpp"
#include "wire/log/common_log.hpp"
#include "wire/log/ftp_logs.hpp"
#include "wire/log/mail_logs.hpp"
#include "wire/log/mapped_logs.hpp"
#include "wire/log/packet_logs.hpp"
#include "wire/log/proxy_logs.hpp"
#include "wire/log/sql_dump.hpp"

namespace octroi::logline {
namespace {

using Opened = Result<std::unique_ptr<LineReader>>;

Opened open_clf(const FormatOptions& /*options*/) { return open_common_log({}); }
Opened open_vhost(const FormatOptions& /*options*/) {
    return open_common_log({.has_host = true, .is_ftp = false});
}
Opened open_ftp_clf(const FormatOptions& /*options*/) {
    return open_common_log({.has_host = false, .is_ftp = true});
}

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

template <auto open>
Opened open_mapped(const FormatOptions& options) {
    TRY_ASSIGN(FieldMap map, parse_field_map(options.pattern));
    return open(std::move(map));
}

// Of several sources the first one that a line has counts: older versions have other names.
Opened open_caddy(const FormatOptions& /*options*/) {
    TRY_ASSIGN(FieldMap map,
               parse_field_map("time=ts client=request.client_ip client=request.remote_ip "
                               "client=request.remote_addr client_port=request.remote_port "
                               "client_domain=request.host user=user_id in=bytes_read out=size "
                               "status=status duration=duration layer=7"));
    map.service = "http";
    return open_json(std::move(map));
}

Opened open_traefik_json(const FormatOptions& /*options*/) {
    TRY_ASSIGN(FieldMap map,
               parse_field_map("time=StartUTC time=time client=ClientHost client_port=ClientPort "
                               "user=ClientUsername client_domain=RequestHost section=RouterName "
                               "in=RequestContentSize out=DownstreamContentSize "
                               "status=DownstreamStatus duration_ns=Duration layer=7"));
    map.service = "http";
    map.time_is_begin = true;
    return open_json(std::move(map));
}

constexpr char pmacct_csv_fields[] =
    "time=STAMP_INSERTED time=TIMESTAMP_START time=TIMESTAMP_MIN client=SRC_IP server=DST_IP "
    "client_port=SRC_PORT server_port=DST_PORT proto=PROTOCOL packets=PACKETS in=BYTES layer=3";
constexpr char pmacct_json_fields[] =
    "time=stamp_inserted time=timestamp_start time=timestamp_min client=ip_src server=ip_dst "
    "client_port=port_src server_port=port_dst proto=ip_proto packets=packets in=bytes layer=3";

template <auto open, const char* fields>
Opened open_pmacct(const FormatOptions& /*options*/) {
    TRY_ASSIGN(FieldMap map, parse_field_map(fields));
    return open(std::move(map));
}

// Of connections both directions, of packets one.
Opened open_ulogd(const FormatOptions& /*options*/) {
    TRY_ASSIGN(FieldMap map,
               parse_field_map("time=timestamp client=orig.ip.saddr client=orig.ip.saddr.str "
                               "client=ip.saddr client=ip.saddr.str server=orig.ip.daddr "
                               "server=orig.ip.daddr.str server=ip.daddr server=ip.daddr.str "
                               "client_port=orig.l4.sport server_port=orig.l4.dport "
                               "client_port=tcp.sport server_port=tcp.dport client_port=udp.sport "
                               "server_port=udp.dport proto=orig.ip.protocol proto=ip.protocol "
                               "in=orig.raw.pktlen in=ip.totlen in=raw.pktlen "
                               "out=reply.raw.pktlen section=oob.in layer=3"));
    return open_name_value(std::move(map));
}

// The same with '_' in the names, as the tables of ulogd have them. Times have no fraction.
Opened open_ulogd_sql(const FormatOptions& /*options*/) {
    TRY_ASSIGN(FieldMap map,
               parse_field_map("time=flow_end_sec time=oob_time_sec time=timestamp "
                               "client=orig_ip_saddr client=orig_ip_saddr_str client=ip_saddr "
                               "client=ip_saddr_str server=orig_ip_daddr "
                               "server=orig_ip_daddr_str server=ip_daddr server=ip_daddr_str "
                               "client_port=orig_l4_sport server_port=orig_l4_dport "
                               "client_port=tcp_sport server_port=tcp_dport client_port=udp_sport "
                               "server_port=udp_dport proto=orig_ip_protocol proto=ip_protocol "
                               "in=orig_raw_pktlen in=orig_bytes in=ip_totlen in=raw_pktlen "
                               "out=reply_raw_pktlen out=reply_bytes section=oob_in layer=3"));
    return open_sql_dump(std::move(map));
}

constexpr std::array format_table{
    Format{"apache", "a LogFormat of Apache, which the user states", "%h %l %u %t \"%r\" %>s %b",
           true, false, open_described<compile_apache>},
    Format{"caddy", "JSON access log of Caddy",
           "{\"ts\":1646861401.52,\"request\":{\"remote_ip\":\"192.0.2.1\",\"host\":"
           "\"a.example\"},\"bytes_read\":3,\"user_id\":\"\",\"size\":9,\"status\":2"
           "00}",
           false, false, open_caddy},
    Format{"clf", "common log format, and what begins like it",
           "192.0.2.1 - - [29/May/2017:19:02:48 +0000] \"GET / HTTP/1.1\" 200 612", false, false,
           open_clf},
    Format{"combined", "combined log format of Apache and nginx",
           "192.0.2.1 - ann [29/May/2017:19:02:48 +0000] \"GET / HTTP/1.1\" 200 612 "
           "\"-\" \"curl\"",
           false, false, open_clf},
    Format{"csv", "CSV, with the names or numbers of columns that the user states",
           "time=date user=login in=received out=sent", true, true, open_mapped<open_csv>},
    Format{"dated-bytes", "lines of a time and octets, of one user", "2017-01-03 06:25:03: 12345",
           false, false, open_fixed<open_dated_bytes>},
    Format{"dovecot", "IMAP, POP3, ManageSieve and LMTP sessions of Dovecot",
           "Jun 25 12:36:29 mail dovecot: imap(ann@example.com): Logged out in=93 ou"
           "t=1020",
           false, true, open_fixed<open_dovecot>},
    Format{"elb", "Classic and Application Load Balancers of AWS",
           "2015-05-13T23:39:43.945958Z lb 192.0.2.1:2817 10.0.0.1:80 0.1 0.2 0.3 20"
           "0 200 34 366 \"GET / HTTP/1.1\" \"curl\" - -",
           false, false, open_fixed<open_elb>},
    Format{"exim", "main log of Exim",
           "2024-05-01 12:00:00 1s2BQ4-000abC-2d <= ann@example.com H=h [192.0.2.1] "
           "P=esmtp S=1234",
           false, true, open_fixed<open_exim>},
    Format{"haproxy", "HTTP and TCP logs of HAProxy",
           "Feb  6 12:14:14 lb haproxy[14]: 192.0.2.1:33317 [06/Feb/2009:12:14:14.65"
           "5] web web/s1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {} {} \"GET"
           " / HTTP/1.1\"",
           false, false, open_fixed<open_haproxy>},
    Format{"haproxy-format", "a log-format of HAProxy, which the user states",
           "%ci:%cp [%tr] %ft %b/%s %Ta %ST %B %U \"%r\"", true, false,
           open_described<compile_haproxy>},
    Format{"json", "JSON lines, with the names of members that the user states",
           "time=ts user=login in=rx out=tx", true, false, open_mapped<open_json>},
    Format{"lighttpd", "access log of lighttpd, its default format",
           "192.0.2.1 example.com - [29/May/2017:19:02:48 +0000] \"GET / HTTP/1.1\" "
           "200 61 \"-\" \"x\"",
           false, false, open_lighttpd},
    Format{"nacctd", "files of net-acct, and ulogd's NACCT",
           "983460480\t6\t192.0.2.1\t1024\t198.51.100.1\t80\t12\t1234\teth0\tunknown", false, false,
           open_fixed<open_nacctd>},
    Format{"netfilter", "kernel LOG lines of iptables and nftables, and ulogd's LOGEMU",
           "Jun 25 12:36:29 gw kernel: [12.3] IN=eth0 OUT= SRC=192.0.2.1 DST=198.51."
           "100.1 LEN=60 TOS=0x00 PROTO=TCP SPT=1024 DPT=80",
           false, false, open_fixed<open_netfilter>},
    Format{"nginx", "a log_format of nginx, which the user states",
           "$remote_addr [$time_local] \"$request\" $status $bytes_sent $request_len"
           "gth",
           true, false, open_described<compile_nginx>},
    Format{"pmacct-csv", "CSV of pmacct, with its line of names",
           "192.0.2.1,198.51.100.1,1024,80,tcp,12,1234", false, true,
           open_pmacct<open_csv, pmacct_csv_fields>},
    Format{"pmacct-json", "JSON of pmacct",
           "{\"ip_src\":\"192.0.2.1\",\"ip_dst\":\"198.51.100.1\",\"stamp_inserted\""
           ":\"2024-05-01 12:05:00\",\"packets\":12,\"bytes\":1234}",
           false, false, open_pmacct<open_json, pmacct_json_fields>},
    Format{"postfix", "mails that Postfix received and delivered",
           "Jun 25 12:36:29 mail postfix/qmgr[23]: A012345: from=<ann@example.com>, "
           "size=12345, nrcpt=1 (queue active)",
           false, true, open_fixed<open_postfix>},
    Format{"proftpd", "ExtendedLog of ProFTPD in its default format",
           "192.0.2.1 UNKNOWN ann [29/May/2017:19:02:48 +0000] \"STOR a.txt\" 226 18", false, false,
           open_ftp_clf},
    Format{"pureftpd", "Pure-FTPd with -O clf:, or its messages in syslog",
           "192.0.2.1 - ann [29/May/2017:19:02:48 -0000] \"PUT /a.txt\" 200 18", false, false,
           open_fixed<open_pureftpd>},
    Format{"pureftpd-stats",
           "Pure-FTPd with -O stats:", "1050942541 3ea3f3cd.1a2b ann 192.0.2.9 U 18 1 /a.txt",
           false, false, open_fixed<open_pureftpd_stats>},
    Format{"rsyncd", "sessions of rsync as a daemon",
           "2011/02/22 21:50:33 [82] sent 253 bytes  received 162 bytes  total size "
           "1477",
           false, true, open_fixed<open_rsyncd>},
    Format{"s3", "server access logs of Amazon S3",
           "79a59d bucket [06/Feb/2019:00:00:38 +0000] 192.0.2.3 79a59d 3E57427F33A5"
           "9F07 REST.GET.OBJECT k \"GET /k HTTP/1.1\" 200 - 113 113 7 6 \"-\" \"S3"
           "\" -",
           false, false, open_fixed<open_s3>},
    Format{"sftp-server", "files that OpenSSH's sftp-server or internal-sftp closed",
           "Jun 25 12:36:29 host sftp-server[12]: close \"/f\" bytes read 0 written "
           "18",
           false, true, open_fixed<open_sftp_server>},
    Format{"squid", "native access log of Squid",
           "1259844091.407    307 192.0.2.1 TCP_MISS/200 1015 GET http://example.com"
           "/ ann DIRECT/192.0.2.80 text/css",
           false, false, open_squid},
    Format{"squid-format", "a logformat of Squid, which the user states",
           "%ts.%03tu %>a %Ss/%03>Hs %<st %>st %rm %ru %un", true, false,
           open_described<compile_squid>},
    Format{"traefik", "access log of Traefik in its common format",
           "192.0.2.1 - - [29/May/2017:19:02:48 +0000] \"GET / HTTP/1.1\" 200 61 \"-"
           "\" \"-\" 15 \"r@file\" \"http://10.0.0.1\" 12ms",
           false, false, open_clf},
    Format{"traefik-json", "JSON access log of Traefik",
           "{\"ClientHost\":\"192.0.2.1\",\"RequestHost\":\"a.example\",\"Downstream"
           "ContentSize\":9,\"RequestContentSize\":3,\"DownstreamStatus\":200,\"Star"
           "tUTC\":\"2024-05-01T12:00:00.5Z\"}",
           false, false, open_traefik_json},
    Format{"trafficwatch", "traffic and identities of TrafficWatch",
           "1026864622 - 0:30:ca:b8:d9:bc 192.0.2.7 198.51.100.1 41 0", false, false,
           open_fixed<open_trafficwatch>},
    Format{"ulogd-gprint", "name=value lines of ulogd's GPRINT",
           "timestamp=2024/05/01-12:00:00,orig.ip.saddr=192.0.2.1,orig.ip.daddr=198."
           "51.100.1,orig.ip.protocol=6,orig.raw.pktlen=1234,reply.raw.pktlen=99",
           false, false, open_ulogd},
    Format{"ulogd-sql", "rows that ulogd wrote to MySQL or PostgreSQL, in a dump",
           "INSERT INTO ulog2 (oob_time_sec, ip_saddr, ip_daddr, ip_protocol, ip_totlen) VALUES "
           "(1714564800, '192.0.2.1', '198.51.100.1', 6, 1234);",
           false, true, open_ulogd_sql},
    Format{"vhost-combined", "combined log format behind the virtual host, with or without a port",
           "example.com:80 192.0.2.1 - - [29/May/2017:19:02:48 +0000] \"GET / HTTP/1"
           ".1\" 200 612",
           false, false, open_vhost},
    Format{"vsftpd", "the own log of vsftpd",
           "Mon Jun  6 18:43:59 2016 [pid 3] [ann] OK UPLOAD: Client \"192.0.2.9\", "
           "\"/f\", 18 bytes, 4.44Kbyte/sec",
           false, false, open_fixed<open_vsftpd>},
    Format{"w3c", "W3C extended format with #Fields: IIS, CloudFront",
           "2024-05-01 12:00:00 192.0.2.80 GET / 80 - 192.0.2.1 200 1234 300 15", false, true,
           open_fixed<open_w3c>},
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
