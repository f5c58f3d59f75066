// SPDX-License-Identifier: GPL-3.0-or-later
// Systems with servers, as folders.
#include "meter/log/found_logs.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "config/parse.hpp"
#include "host/testing/folder.hpp"
#include "meter/kind.hpp"
#include "meter/log/discovery.hpp"
#include "meter/log/kind.hpp"
#include "wire/log/formats.hpp"

namespace octroi::logs {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* combined_line =
    "192.0.2.1 - - [29/May/2017:19:02:48 +0000] \"GET / HTTP/1.1\" 200 612 \"-\" \"curl\"\n";
constexpr const char* vhost_line =
    "a.example.org:80 192.0.2.1 - - [29/May/2017:19:02:48 +0000] \"GET / HTTP/1.1\" 200 612 \"-\" "
    "\"x\"\n";

// Lines that give an entry, of the table of formats.
std::string lines_of(std::string_view format) {
    return fmt::format("{}\n", logline::find_format(format)->example);
}

class FoundLogsTest : public ::testing::Test {
protected:
    void write(const std::string& path, std::string_view text) {
        const std::filesystem::path file = folder_.file("") + path;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
    }
    FoundLogs find() { return find_logs(RootedFiles(folder_.file(""))); }
    // "apache /var/log/apache2/a.log format=combined domain=x" for each.
    std::vector<std::string> found() {
        std::vector<std::string> lines;
        for (const FoundLog& log : find().logs) {
            std::string line = log.server;
            for (const std::string& path : log.paths) line += " " + path;
            line += fmt::format(" {}={}", log.format_key, log.format);
            if (!log.domain.empty()) line += " domain=" + log.domain;
            lines.push_back(line);
        }
        return lines;
    }
    // The notes of the log with this path.
    std::string notes_of(const std::string& path) {
        std::string notes;
        for (const FoundLog& log : find().logs)
            if (log.paths.front() == path)
                for (const std::string& note : log.notes) notes += note + "\n";
        return notes;
    }
    void write_apache(std::string_view sites) {
        write("/etc/apache2/apache2.conf",
              "LogFormat \"%v:%p %h %l %u %t \\\"%r\\\" %>s %O \\\"%{Referer}i\\\" "
              "\\\"%{User-Agent}i\\\"\" vhost_combined\n"
              "LogFormat \"%h %l %u %t \\\"%r\\\" %>s %O \\\"%{Referer}i\\\" "
              "\\\"%{User-Agent}i\\\"\" combined\n"
              "CustomLog /var/log/apache2/other_vhosts_access.log vhost_combined\n");
        std::ofstream(folder_.file("") + "/etc/apache2/apache2.conf", std::ios::app) << sites;
    }

    const testing::Folder folder_;
};

TEST_F(FoundLogsTest, AMachineWithoutServersHasNone) {
    EXPECT_THAT(found(), IsEmpty());
    EXPECT_THAT(find().notes, IsEmpty());
}

TEST_F(FoundLogsTest, ApacheIsReadFromItsConfiguration) {
    write_apache(
        "<VirtualHost *:80>\nServerName shop.example.org\n"
        "CustomLog /var/log/apache2/shop.log combined\n</VirtualHost>\n"
        "<VirtualHost *:443>\nServerName shop.example.org\n"
        "CustomLog /var/log/apache2/shop.log combined\n</VirtualHost>\n"
        "<VirtualHost *:80>\nServerName b.example.org\n</VirtualHost>\n");
    write("/var/log/apache2/other_vhosts_access.log", vhost_line);
    write("/var/log/apache2/shop.log", combined_line);
    write("/var/log/apache2/stale_access.log", combined_line);
    EXPECT_THAT(
        found(),
        ElementsAre("apache /var/log/apache2/other_vhosts_access.log format=vhost-combined",
                    "apache /var/log/apache2/shop.log format=combined domain=shop.example.org"));
    EXPECT_THAT(notes_of("/var/log/apache2/shop.log"), HasSubstr("add %I (mod_logio)"));
}

TEST_F(FoundLogsTest, LogsThatDifferInTheirSiteAreOnePattern) {
    std::string sites;
    for (const char* name : {"a.example.org", "b.example.org", "c.example.org"})
        sites += fmt::format(
            "<VirtualHost *:80>\nServerName {0}\nCustomLog /srv/{0}/logs/access.log combined\n"
            "</VirtualHost>\n",
            name);
    write_apache(sites);
    write("/srv/a.example.org/logs/access.log", combined_line);
    EXPECT_THAT(found(), Contains("apache /srv/{domain}/logs/access.log format=combined"));
    EXPECT_THAT(found(), SizeIs(2)) << "and the log of other sites";
}

// Its pattern would have the log of another format too.
TEST_F(FoundLogsTest, APatternThatMatchesOtherLogsIsNotUsed) {
    write_apache(
        "<VirtualHost *:80>\nServerName a.example.org\n"
        "CustomLog /var/log/apache2/a.example.org.log combined\n</VirtualHost>\n"
        "<VirtualHost *:80>\nServerName b.example.org\n"
        "CustomLog /var/log/apache2/b.example.org.log combined\n</VirtualHost>\n");
    EXPECT_THAT(found(), ElementsAre("apache /var/log/apache2/a.example.org.log format=combined "
                                     "domain=a.example.org",
                                     "apache /var/log/apache2/b.example.org.log format=combined "
                                     "domain=b.example.org",
                                     "apache /var/log/apache2/other_vhosts_access.log "
                                     "format=vhost-combined"));
}

TEST_F(FoundLogsTest, SitesThatShareALogWithoutTheirNameAreExplained) {
    write_apache(
        "<VirtualHost *:80>\nServerName a.example.org\n"
        "CustomLog /var/log/apache2/access.log combined\n</VirtualHost>\n"
        "<VirtualHost *:80>\nServerName b.example.org\n"
        "CustomLog /var/log/apache2/access.log combined env=!quiet\n</VirtualHost>\n");
    write("/var/log/apache2/access.log", combined_line);
    const std::string notes = notes_of("/var/log/apache2/access.log");
    EXPECT_THAT(notes, HasSubstr("2 sites share it: a.example.org, b.example.org, and its lines do "
                                 "not name the site"));
    EXPECT_THAT(notes, HasSubstr("Next: use CustomLog with the format vhost_combined"));
    EXPECT_THAT(notes, HasSubstr("it has not all requests"));
}

TEST_F(FoundLogsTest, AFormatThatTheLinesDoNotHaveIsNotOffered) {
    write_apache("");
    write("/var/log/apache2/other_vhosts_access.log", combined_line);
    EXPECT_THAT(found(), IsEmpty());
    EXPECT_THAT(find().notes,
                Contains(HasSubstr("other_vhosts_access.log is not offered: its lines are not of "
                                   "the format")));
}

TEST_F(FoundLogsTest, AFewDamagedLinesAreNamed) {
    write_apache("");
    write("/var/log/apache2/other_vhosts_access.log",
          fmt::format("{0}damaged\n{0}{0}", vhost_line));
    EXPECT_THAT(found(), SizeIs(1));
    EXPECT_THAT(notes_of("/var/log/apache2/other_vhosts_access.log"),
                HasSubstr("1 of its first 4 lines cannot be read (no line of this format)"));
}

TEST_F(FoundLogsTest, NginxIsReadFromItsConfiguration) {
    write("/etc/nginx/nginx.conf",
          "http {\n log_format sites '$server_name $remote_addr [$time_local] \"$request\" $status "
          "$bytes_sent $request_length';\n access_log /var/log/nginx/sites.log sites;\n"
          " server { server_name a.example.org; }\n"
          " server { server_name b.example.org; access_log /var/log/nginx/$server_name.log; }\n"
          " server { server_name c.example.org; access_log /var/log/nginx/$host.log; }\n"
          " server { server_name d.example.org; access_log /var/log/nginx/d.log; \n"
          "          location /x { access_log off; } }\n}\n");
    write("/var/log/nginx/sites.log",
          "a.example.org 192.0.2.1 [29/May/2017:19:02:48 +0000] \"GET / HTTP/1.1\" 200 612 90\n");
    EXPECT_THAT(found(),
                ElementsAre("nginx /var/log/nginx/{domain}.log format=combined",
                            "nginx /var/log/nginx/d.log format=combined domain=d.example.org",
                            "nginx /var/log/nginx/sites.log nginx_format=$server_name $remote_addr "
                            "[$time_local] \"$request\" $status $bytes_sent $request_length"));
    EXPECT_THAT(notes_of("/var/log/nginx/sites.log"), IsEmpty()) << "it states everything";
    EXPECT_THAT(notes_of("/var/log/nginx/d.log"), HasSubstr("switches the log off for a part"));
    EXPECT_THAT(find().notes, Contains(HasSubstr("/var/log/nginx/$host.log is not offered")));
}

TEST_F(FoundLogsTest, WithoutAConfigurationThePathsOfThePackagesAreLookedAt) {
    write("/var/log/apache2/other_vhosts_access.log", vhost_line);
    write("/var/log/apache2/site-access.log", combined_line);
    write("/var/log/apache2/error.log", "x\n");
    EXPECT_THAT(found(),
                ElementsAre("apache /var/log/apache2/other_vhosts_access.log format=vhost-combined",
                            "apache /var/log/apache2/site-access.log format=combined"));
    EXPECT_THAT(notes_of("/var/log/apache2/site-access.log"),
                HasSubstr("its lines do not name the site"));
}

TEST_F(FoundLogsTest, OtherServersAreFoundByTheirLines) {
    write("/var/log/squid/access.log", lines_of("squid"));
    write("/etc/vsftpd.conf", "");
    write("/var/log/xferlog", lines_of("xferlog"));
    write("/var/log/haproxy.log", lines_of("haproxy"));
    write("/var/log/exim4/mainlog", lines_of("exim"));
    write("/var/log/lighttpd/access.log", lines_of("lighttpd"));
    write("/var/log/caddy/access.log", lines_of("caddy"));
    write("/var/log/auth.log", lines_of("sftp-server"));
    EXPECT_THAT(found(), ElementsAre("lighttpd /var/log/lighttpd/access.log format=lighttpd",
                                     "caddy /var/log/caddy/access.log format=caddy",
                                     "haproxy /var/log/haproxy.log format=haproxy",
                                     "squid /var/log/squid/access.log format=squid",
                                     "vsftpd /var/log/xferlog format=xferlog",
                                     "exim /var/log/exim4/mainlog format=exim",
                                     "sftp /var/log/auth.log format=sftp-server"));
    EXPECT_THAT(notes_of("/var/log/caddy/access.log"), HasSubstr("client_names = true"));
}

TEST_F(FoundLogsTest, SquidAndVsftpdNameTheirLogsInTheirConfiguration) {
    write("/etc/squid/squid.conf",
          "logformat own %ts.%03tu %>a %<st %un\n"
          "include /etc/squid/conf.d/*.conf\n");
    write("/etc/squid/conf.d/log.conf",
          "access_log daemon:/srv/log/proxy.log own\naccess_log /srv/log/second.log squid\n");
    write("/srv/log/proxy.log", "1714564800.123 192.0.2.1 1000 alice\n");
    write("/srv/log/second.log", lines_of("squid"));
    write("/var/log/squid/access.log", lines_of("squid"));
    write("/etc/vsftpd.conf",
          "xferlog_enable=YES\nxferlog_std_format=YES\nxferlog_file=/srv/log/transfers\n");
    write("/srv/log/transfers", lines_of("xferlog"));
    write("/var/log/vsftpd.log", lines_of("vsftpd"));
    EXPECT_THAT(found(), Contains("squid /srv/log/proxy.log squid_format=%ts.%03tu %>a %<st %un"));
    EXPECT_THAT(found(), Contains("vsftpd /srv/log/transfers format=xferlog"));
    EXPECT_THAT(found(), Not(Contains(HasSubstr("/var/log/squid"))));
    EXPECT_THAT(found(), Not(Contains(HasSubstr("second.log"))));
    EXPECT_THAT(find().notes, Contains(HasSubstr("second.log is not offered")));
}

// vsftpd with dual_log_enable writes each transfer to both.
TEST_F(FoundLogsTest, OfTwoLogsOfOneServerOneIsOffered) {
    write("/etc/vsftpd.conf", "");
    write("/var/log/vsftpd.log", lines_of("vsftpd"));
    write("/var/log/xferlog", lines_of("xferlog"));
    EXPECT_THAT(found(), Contains("vsftpd /var/log/vsftpd.log format=vsftpd"));
    EXPECT_THAT(found(), Not(Contains(HasSubstr("vsftpd /var/log/xferlog"))));
}

TEST_F(FoundLogsTest, ProgramsShareALogOfSyslog) {
    write("/etc/dovecot/dovecot.conf", "");
    write("/etc/rsyncd.conf", "");
    write("/var/log/mail.log",
          "Jun 25 12:36:28 mail postfix/qmgr[23]: A012345: from=<ann@example.com>, size=12345, "
          "nrcpt=1 (queue active)\n"
          "Jun 25 12:36:29 mail postfix/smtp[24]: A012345: to=<bob@example.org>, "
          "relay=mx.example.org[192.0.2.9]:25, delay=1, status=sent (250 ok)\n" +
              lines_of("dovecot"));
    EXPECT_THAT(found(), ElementsAre("postfix /var/log/mail.log format=postfix",
                                     "dovecot /var/log/mail.log format=dovecot"));
    EXPECT_THAT(find().notes, ElementsAre(HasSubstr("rsync is installed, and no log")));
}

TEST_F(FoundLogsTest, ALogThatCannotBeReadIsExplained) {
    write("/var/log/squid/access.log", "no line of squid\n");
    EXPECT_THAT(found(), IsEmpty());
    EXPECT_THAT(find().notes,
                Contains(HasSubstr("/var/log/squid/access.log has no lines of the formats squid, "
                                   "combined; next: octroi inspect log --bad")));
    std::filesystem::create_directories(folder_.file("") + "/var/log/haproxy.log");
    EXPECT_THAT(find().notes, Contains(HasSubstr("haproxy.log is no regular file")));
}

// Whatever the names are.
TEST_F(FoundLogsTest, SectionsAreAConfiguration) {
    write_apache(
        "LogFormat \"%v 'x' \\\\ %h %l %u %t \\\"%r\\\" %>s %I %O\" odd\n"
        "<VirtualHost *:80>\nServerName a.example.org\n"
        "CustomLog \"/var/log/apache2/it's \\\"a\\\" log\" odd\n"
        "CustomLog /var/log/apache2/access.log combined\n</VirtualHost>\n"
        "<VirtualHost *:80>\nServerName b.example.org\n"
        "CustomLog /var/log/apache2/access.log combined\n</VirtualHost>\n");
    write("/var/log/squid/access.log", lines_of("squid"));
    const std::vector<std::string> taken{"squid"};
    const FoundSources sources = discover_logs({folder_.file(""), taken});
    std::string text;
    for (const FoundSource& source : sources.sources) text += source.section;
    const std::array<const MeterKind*, 1> kinds{&kind};
    const OptionTable table = option_table(kinds);
    const auto config = parse_config(text, "octroi.toml", table);
    ASSERT_TRUE(config) << config.error().text << "\n" << text;
    ASSERT_THAT(config->meters, SizeIs(4));
    EXPECT_EQ(config->meters[0].name, "apache");
    EXPECT_EQ(config->meters[1].name, "apache-2");
    EXPECT_EQ(config->meters[3].name, "squid-2") << "the other name is taken";
    EXPECT_THAT(text, HasSubstr("# /var/log/apache2/access.log: 2 sites share it"));
    for (const MeterConfig& meter : config->meters) EXPECT_EQ(meter.role, RoleChoice::witness);
}

TEST_F(FoundLogsTest, ALogThatIsNotOfRootHasANote) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
    write("/var/log/squid/access.log", lines_of("squid"));
    const FoundSources before = discover_logs({folder_.file(""), {}});
    ASSERT_THAT(before.sources, SizeIs(1));
    EXPECT_THAT(before.sources[0].section, Not(HasSubstr("or its folder")));
    const std::string folder = folder_.file("") + "/var/log/squid";
    ASSERT_EQ(::chown(folder.c_str(), 1000, 1000), 0);
    const FoundSources after = discover_logs({folder_.file(""), {}});
    ASSERT_THAT(after.sources, SizeIs(1));
    EXPECT_THAT(after.sources[0].section, HasSubstr("or its folder"));
}

}  // namespace
}  // namespace octroi::logs
