// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/known_servers.hpp"

namespace octroi::logs {
namespace {

// Logs of syslog: Debian with rsyslog, Fedora, and where mail has no log of its own.
constexpr std::array<std::string_view, 4> mail_logs{"/var/log/mail.log", "/var/log/maillog",
                                                    "/var/log/syslog", "/var/log/messages"};
constexpr std::array<std::string_view, 4> login_logs{"/var/log/auth.log", "/var/log/secure",
                                                     "/var/log/syslog", "/var/log/messages"};
constexpr std::array<std::string_view, 2> web_formats{"combined", "vhost-combined"};

constexpr std::array<std::string_view, 2> apache_installed{"/etc/apache2/apache2.conf",
                                                           "/etc/httpd/conf/httpd.conf"};
constexpr std::array<std::string_view, 4> apache_logs{
    "/var/log/apache2/other_vhosts_access.log", "/var/log/apache2/*access.log",
    "/var/log/httpd/*access_log", "/var/log/httpd/*access.log"};
constexpr std::array<std::string_view, 1> nginx_installed{"/etc/nginx/nginx.conf"};
constexpr std::array<std::string_view, 1> nginx_logs{"/var/log/nginx/*access.log"};
constexpr std::array<std::string_view, 1> lighttpd_installed{"/etc/lighttpd/lighttpd.conf"};
constexpr std::array<std::string_view, 1> lighttpd_logs{"/var/log/lighttpd/access.log"};
constexpr std::array<std::string_view, 3> lighttpd_formats{"lighttpd", "combined",
                                                           "vhost-combined"};
constexpr std::array<std::string_view, 1> caddy_installed{"/etc/caddy/Caddyfile"};
constexpr std::array<std::string_view, 1> caddy_logs{"/var/log/caddy/*.log"};
constexpr std::array<std::string_view, 1> caddy_formats{"caddy"};
constexpr std::array<std::string_view, 1> traefik_logs{"/var/log/traefik/access.log"};
constexpr std::array<std::string_view, 2> traefik_installed{"/etc/traefik/traefik.yml",
                                                            "/etc/traefik/traefik.toml"};
constexpr std::array<std::string_view, 2> traefik_formats{"traefik-json", "traefik"};
constexpr std::array<std::string_view, 1> haproxy_installed{"/etc/haproxy/haproxy.cfg"};
constexpr std::array<std::string_view, 1> haproxy_logs{"/var/log/haproxy.log"};
constexpr std::array<std::string_view, 1> haproxy_formats{"haproxy"};
constexpr std::array<std::string_view, 2> squid_installed{"/etc/squid/squid.conf",
                                                          "/etc/squid3/squid.conf"};
constexpr std::array<std::string_view, 2> squid_logs{"/var/log/squid/access.log",
                                                     "/var/log/squid3/access.log"};
constexpr std::array<std::string_view, 2> squid_formats{"squid", "combined"};
constexpr std::array<std::string_view, 2> vsftpd_installed{"/etc/vsftpd.conf",
                                                           "/etc/vsftpd/vsftpd.conf"};
constexpr std::array<std::string_view, 2> vsftpd_logs{"/var/log/vsftpd.log", "/var/log/xferlog"};
constexpr std::array<std::string_view, 2> vsftpd_formats{"vsftpd", "xferlog"};
constexpr std::array<std::string_view, 2> proftpd_installed{"/etc/proftpd/proftpd.conf",
                                                            "/etc/proftpd.conf"};
constexpr std::array<std::string_view, 2> proftpd_logs{"/var/log/proftpd/xferlog",
                                                       "/var/log/xferlog"};
constexpr std::array<std::string_view, 2> pureftpd_installed{"/etc/pure-ftpd",
                                                             "/etc/pure-ftpd.conf"};
constexpr std::array<std::string_view, 2> pureftpd_logs{"/var/log/pure-ftpd/transfer.log",
                                                        "/var/log/pureftpd.log"};
constexpr std::array<std::string_view, 3> pureftpd_formats{"pureftpd", "pureftpd-stats", "xferlog"};
constexpr std::array<std::string_view, 2> ftp_logs{"/var/log/xferlog", "/var/log/vsftpd.log"};
constexpr std::array<std::string_view, 2> ftp_formats{"xferlog", "vsftpd"};
constexpr std::array<std::string_view, 1> postfix_installed{"/etc/postfix/main.cf"};
constexpr std::array<std::string_view, 1> postfix_formats{"postfix"};
constexpr std::array<std::string_view, 1> dovecot_installed{"/etc/dovecot/dovecot.conf"};
constexpr std::array<std::string_view, 1> dovecot_formats{"dovecot"};
constexpr std::array<std::string_view, 3> exim_installed{
    "/etc/exim4/update-exim4.conf.conf", "/etc/exim4/exim4.conf", "/etc/exim/exim.conf"};
constexpr std::array<std::string_view, 2> exim_logs{"/var/log/exim4/mainlog",
                                                    "/var/log/exim/main.log"};
constexpr std::array<std::string_view, 1> exim_formats{"exim"};
constexpr std::array<std::string_view, 1> rsyncd_installed{"/etc/rsyncd.conf"};
constexpr std::array<std::string_view, 3> rsyncd_logs{"/var/log/rsyncd.log", "/var/log/syslog",
                                                      "/var/log/messages"};
constexpr std::array<std::string_view, 1> rsyncd_formats{"rsyncd"};
constexpr std::array<std::string_view, 1> sftp_formats{"sftp-server"};

constexpr std::array server_table{
    KnownServer{.name = "apache",
                .installed = apache_installed,
                .logs = apache_logs,
                .follows_all = true,
                .formats = web_formats,
                .config = ConfigReader::apache},
    KnownServer{.name = "nginx",
                .installed = nginx_installed,
                .logs = nginx_logs,
                .follows_all = true,
                .formats = web_formats,
                .config = ConfigReader::nginx},
    KnownServer{.name = "lighttpd",
                .installed = lighttpd_installed,
                .logs = lighttpd_logs,
                .formats = lighttpd_formats},
    KnownServer{.name = "caddy",
                .installed = caddy_installed,
                .logs = caddy_logs,
                .follows_all = true,
                .formats = caddy_formats},
    KnownServer{.name = "traefik",
                .installed = traefik_installed,
                .logs = traefik_logs,
                .formats = traefik_formats},
    KnownServer{.name = "haproxy",
                .installed = haproxy_installed,
                .logs = haproxy_logs,
                .formats = haproxy_formats},
    KnownServer{.name = "squid",
                .installed = squid_installed,
                .logs = squid_logs,
                .formats = squid_formats,
                .config = ConfigReader::squid},
    KnownServer{.name = "vsftpd",
                .installed = vsftpd_installed,
                .logs = vsftpd_logs,
                .needs_installed = true,
                .formats = vsftpd_formats,
                .config = ConfigReader::vsftpd},
    KnownServer{.name = "proftpd",
                .installed = proftpd_installed,
                .logs = proftpd_logs,
                .needs_installed = true,
                .formats = ftp_formats},
    KnownServer{.name = "pure-ftpd",
                .installed = pureftpd_installed,
                .logs = pureftpd_logs,
                .formats = pureftpd_formats},
    // Servers with a configuration at another place.
    KnownServer{.name = "ftp", .logs = ftp_logs, .formats = ftp_formats},
    KnownServer{.name = "postfix",
                .installed = postfix_installed,
                .logs = mail_logs,
                .formats = postfix_formats,
                .shares_log = true},
    KnownServer{.name = "dovecot",
                .installed = dovecot_installed,
                .logs = mail_logs,
                .formats = dovecot_formats,
                .shares_log = true},
    KnownServer{
        .name = "exim", .installed = exim_installed, .logs = exim_logs, .formats = exim_formats},
    KnownServer{.name = "rsync",
                .installed = rsyncd_installed,
                .logs = rsyncd_logs,
                .formats = rsyncd_formats,
                .shares_log = true},
    KnownServer{.name = "sftp", .logs = login_logs, .formats = sftp_formats, .shares_log = true},
};

}  // namespace

std::span<const KnownServer> known_servers() noexcept { return server_table; }

}  // namespace octroi::logs
