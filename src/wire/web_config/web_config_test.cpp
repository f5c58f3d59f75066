// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/web_config/web_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace octroi::web_config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Files by path. A pattern has one '*', in its last name.
class FakeFiles : public ConfigFiles {
public:
    explicit FakeFiles(std::map<std::string, std::string> files) : files_(std::move(files)) {}
    std::optional<std::string> read(const std::string& path) override {
        const auto found = files_.find(path);
        if (found == files_.end()) return std::nullopt;
        return found->second;
    }
    std::vector<std::string> matching(const std::string& pattern) override {
        const std::size_t star = pattern.find('*');
        const std::string begin = pattern.substr(0, star);
        const std::string end = star == std::string::npos ? "" : pattern.substr(star + 1);
        std::vector<std::string> found;
        for (const auto& [path, text] : files_) {
            if (star == std::string::npos ? path == pattern
                                          : path.starts_with(begin) && path.ends_with(end) &&
                                                path.find('/', begin.size()) == std::string::npos)
                found.push_back(path);
        }
        return found;
    }

private:
    std::map<std::string, std::string> files_;
};

constexpr const char* apache_main = "/etc/apache2/apache2.conf";

WebConfig apache(std::map<std::string, std::string> files) {
    FakeFiles fake(std::move(files));
    return read_apache(apache_main, fake).value_or(WebConfig{});
}

// As Debian has it, in its files.
std::map<std::string, std::string> debian_apache() {
    return {
        {"/etc/apache2/envvars",
         "if [ \"x\" != \"y\" ] ; then\n\tSUFFIX=\"-other\"\nelse\n\tSUFFIX=\nfi\n"
         "export APACHE_LOG_DIR=/var/log/apache2$SUFFIX\n"},
        {apache_main,
         "# Global\nMutex file:${APACHE_LOCK_DIR} default\n"
         "IncludeOptional mods-enabled/*.load\n"
         "LogFormat \"%v:%p %h %l %u %t \\\"%r\\\" %>s %O \\\"%{Referer}i\\\"\" vhost_combined\n"
         "LogFormat \"%h %l %u %t \\\"%r\\\" %>s %O\" combined\n"
         "IncludeOptional conf-enabled/*.conf\nIncludeOptional sites-enabled/*.conf\n"},
        {"/etc/apache2/mods-enabled/ssl.load",
         "LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so\n"},
        {"/etc/apache2/conf-enabled/other-vhosts-access-log.conf",
         "CustomLog ${APACHE_LOG_DIR}/other_vhosts_access.log vhost_combined\n"},
        {"/etc/apache2/sites-enabled/000-default.conf",
         "<VirtualHost *:80>\n\tServerAdmin webmaster@localhost\n\tDocumentRoot /var/www/html\n"
         "\tCustomLog ${APACHE_LOG_DIR}/access.log combined\n</VirtualHost>\n"},
        {"/etc/apache2/sites-enabled/shop.conf",
         "<VirtualHost *:80>\n\tServerName https://shop.example.org:443\n"
         "\tServerAlias www.shop.example.org \\\n\t  *.shop.example.org\n"
         "\tDocumentRoot \"/home/alice/public html\"\n\tSuexecUserGroup alice users\n"
         "\t<Directory /home/alice>\n\t\tRequire all granted\n\t</Directory>\n"
         "</VirtualHost>\n"}};
}

TEST(ApacheConfig, HasTheSitesAndLogsOfDebian) {
    const WebConfig config = apache(debian_apache());
    EXPECT_THAT(config.problems, IsEmpty());
    ASSERT_THAT(config.sites, SizeIs(2));
    const Site& plain = config.sites[0];
    EXPECT_EQ(plain.name, "");
    EXPECT_EQ(plain.root, "/var/www/html");
    ASSERT_THAT(plain.logs, SizeIs(1));
    EXPECT_EQ(plain.logs[0].path, "/var/log/apache2/access.log");
    EXPECT_EQ(plain.logs[0].format, R"(%h %l %u %t "%r" %>s %O)");
    EXPECT_EQ(plain.logs[0].format_name, "combined");
    const Site& shop = config.sites[1];
    EXPECT_EQ(shop.name, "shop.example.org");
    EXPECT_THAT(shop.aliases, ElementsAre("www.shop.example.org", "*.shop.example.org"));
    EXPECT_EQ(shop.root, "/home/alice/public html");
    EXPECT_EQ(shop.user, "alice");
    EXPECT_FALSE(shop.has_own_logs);
    EXPECT_EQ(shop.file, "/etc/apache2/sites-enabled/shop.conf");
    EXPECT_EQ(shop.line, 1U);
    EXPECT_EQ(shop.logs, config.shared_logs);
    ASSERT_THAT(config.shared_logs, SizeIs(1));
    EXPECT_EQ(config.shared_logs[0].path, "/var/log/apache2/other_vhosts_access.log");
    EXPECT_EQ(config.shared_logs[0].format_name, "vhost_combined");
}

TEST(ApacheConfig, EvaluatesConditions) {
    auto files = debian_apache();
    files["/etc/apache2/sites-enabled/tls.conf"] =
        "<IfModule mod_ssl.c>\n<VirtualHost *:443>\nServerName tls.example.org\n</VirtualHost>\n"
        "</IfModule>\n<IfModule mod_absent.c>\n<VirtualHost *:444>\nServerName no.example.org\n"
        "</VirtualHost>\n</IfModule>\n<IfModule !mod_absent.c>\nDefine WITHOUT\n</IfModule>\n"
        "<IfDefine WITHOUT>\n<VirtualHost *:445>\nServerName ${NAME}.example.org\n</VirtualHost>\n"
        "</IfDefine>\n<IfDefine !WITHOUT>\n<VirtualHost *>\n</VirtualHost>\n</IfDefine>\n";
    files["/etc/apache2/conf-enabled/names.conf"] = "Define NAME defined\n";
    const WebConfig config = apache(files);
    ASSERT_THAT(config.sites, SizeIs(4));
    EXPECT_EQ(config.sites[2].name, "tls.example.org");
    EXPECT_EQ(config.sites[3].name, "defined.example.org");
}

TEST(ApacheConfig, NamesWhatItCannotRead) {
    const WebConfig config =
        apache({{apache_main,
                 "Include /etc/apache2/absent.conf\nInclude conf.d/*.conf\n"
                 "CustomLog \"|/usr/bin/rotatelogs /var/log/a 86400\" combined\n"
                 "<Macro Site $name>\nCustomLog /x combined\n</Macro>\n"
                 "CustomLog logs/some.log \"%h %b\" env=!dontlog\nTransferLog /var/log/plain.log\n"
                 "CustomLog /var/log/undefined.log nickname\n"}});
    EXPECT_THAT(config.problems,
                ElementsAre("/etc/apache2/apache2.conf:1: /etc/apache2/absent.conf cannot be read",
                            HasSubstr("apache2.conf:3: a log that goes to a program"),
                            HasSubstr("apache2.conf:4: macros are not read")));
    ASSERT_THAT(config.shared_logs, SizeIs(3));
    EXPECT_EQ(config.shared_logs[0].path, "/etc/apache2/logs/some.log");
    EXPECT_TRUE(config.shared_logs[0].conditional);
    EXPECT_EQ(config.shared_logs[1].format_name, "common");
    EXPECT_EQ(config.shared_logs[2].format, "");
    EXPECT_EQ(config.shared_logs[2].format_name, "nickname");
    FakeFiles none({});
    EXPECT_FALSE(read_apache(apache_main, none));
}

// It includes itself.
TEST(ApacheConfig, IsBounded) {
    const WebConfig config =
        apache({{apache_main, "Include apache2.conf\nInclude apache2.conf\n"}});
    EXPECT_THAT(config.problems, SizeIs(2));
    std::string many;
    for (std::size_t i = 0; i < sites_max + 2; ++i) many += "<VirtualHost *>\n</VirtualHost>\n";
    EXPECT_THAT(apache({{apache_main, many}}).sites, SizeIs(sites_max));
}

constexpr const char* nginx_main = "/etc/nginx/nginx.conf";

WebConfig nginx(std::map<std::string, std::string> files) {
    FakeFiles fake(std::move(files));
    return read_nginx(nginx_main, "/var/log/nginx/access.log", fake).value_or(WebConfig{});
}

TEST(NginxConfig, HasSitesAndLogs) {
    const WebConfig config = nginx(
        {{nginx_main,
          "user www-data; # comment { ;\nevents { worker_connections 768; }\n"
          "http {\n  log_format sites escape=default '$server_name $remote_addr '\n"
          "    '[$time_local] \"$request\" $status $bytes_sent';\n"
          "  access_log /var/log/nginx/all.log sites buffer=32k;\n"
          "  map $a $b { default 1; }\n  include sites-enabled/*;\n}\n"
          "stream { access_log /var/log/nginx/stream.log basic; server { listen 53; } }\n"},
         {"/etc/nginx/sites-enabled/a",
          "server {\n  listen 80;\n  server_name a.example.org .b.example.org *.c.example.org;\n"
          "  root /home/alice/www;\n  location / { root /elsewhere; access_log off; }\n"
          "  content_by_lua_block { if x then access_log = {} end }\n}\n"},
         {"/etc/nginx/sites-enabled/b",
          "server {\n  server_name _ ~^(?<user>.+)\\.example\\.net$ \"\";\n"
          "  access_log \"/var/log/nginx/b;x.log\";\n  access_log /var/log/nginx/b2.log sites "
          "if=$loggable;\n  location /api { access_log /var/log/nginx/api.log; }\n}\n"
          "server { server_name c.example.org; access_log off; }\n"}});
    EXPECT_THAT(config.problems, IsEmpty());
    ASSERT_THAT(config.sites, SizeIs(3));
    const Site& a = config.sites[0];
    EXPECT_EQ(a.name, "a.example.org");
    EXPECT_THAT(a.aliases, ElementsAre(".b.example.org", "*.c.example.org"));
    EXPECT_EQ(a.root, "/home/alice/www");
    EXPECT_TRUE(a.has_unlogged_parts);
    EXPECT_FALSE(a.has_own_logs);
    ASSERT_THAT(a.logs, SizeIs(1));
    EXPECT_EQ(a.logs[0].path, "/var/log/nginx/all.log");
    EXPECT_EQ(a.logs[0].format,
              "$server_name $remote_addr [$time_local] \"$request\" $status $bytes_sent");
    const Site& b = config.sites[1];
    EXPECT_EQ(b.name, "~^(?<user>.+)\\.example\\.net$");
    ASSERT_THAT(b.logs, SizeIs(3));
    EXPECT_EQ(b.logs[0].path, "/var/log/nginx/b;x.log");
    EXPECT_THAT(b.logs[0].format, HasSubstr("$body_bytes_sent"));
    EXPECT_TRUE(b.logs[1].conditional);
    EXPECT_EQ(b.logs[2].path, "/var/log/nginx/api.log");
    EXPECT_TRUE(config.sites[2].has_own_logs);
    EXPECT_THAT(config.sites[2].logs, IsEmpty());
}

TEST(NginxConfig, HasADefaultLog) {
    const WebConfig config = nginx({{nginx_main, "http { server { server_name a; } }\n"}});
    ASSERT_THAT(config.sites, SizeIs(1));
    ASSERT_THAT(config.sites[0].logs, SizeIs(1));
    EXPECT_EQ(config.sites[0].logs[0].path, "/var/log/nginx/access.log");
    EXPECT_THAT(nginx({{nginx_main, "http { access_log off; server { } }"}}).sites[0].logs,
                IsEmpty());
}

TEST(NginxConfig, NamesWhatItCannotRead) {
    const WebConfig config =
        nginx({{nginx_main,
                "http {\n include absent.conf;\n include none/*.conf;\n"
                " access_log syslog:server=192.0.2.1;\n access_log logs/x.log;\n}\n"}});
    EXPECT_THAT(config.problems,
                ElementsAre("/etc/nginx/nginx.conf:2: /etc/nginx/absent.conf cannot be read",
                            HasSubstr("nginx.conf:4: a log that goes to syslog"),
                            HasSubstr("nginx.conf:5: the path logs/x.log depends on")));
}

TEST(NginxConfig, IsBounded) {
    EXPECT_THAT(nginx({{nginx_main, "include nginx.conf; include nginx.conf;"}}).problems,
                SizeIs(1));
    for (const char* cut : {"http { server { server_name \"a", "http { location ${",
                            "a_by_lua_block {", "}}}} http {", "server_name a\\", "{;{;{;"})
        (void)nginx({{nginx_main, cut}});
}

}  // namespace
}  // namespace octroi::web_config
