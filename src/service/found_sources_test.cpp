// SPDX-License-Identifier: GPL-3.0-or-later
// `octroi init --logs`: plans and files, and the users of a system. Systems are folders.
#include "service/found_sources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "config/parse.hpp"
#include "host/file.hpp"
#include "host/testing/folder.hpp"
#include "service/meter_kinds.hpp"
#include "service/system_users.hpp"

namespace octroi {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* squid_line =
    "1259844091.407    307 192.0.2.1 TCP_MISS/200 1015 GET http://example.com/ ann "
    "DIRECT/192.0.2.80 text/css\n";

class FoundSourcesTest : public ::testing::Test {
protected:
    void write(const std::string& path, std::string_view text) {
        const std::filesystem::path file = folder_.file("") + path;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
    }
    Result<InitPlan> plan(std::string existing = "") {
        return plan_init({.kinds = meter_kinds(),
                          .table = table_,
                          .root = folder_.file(""),
                          .flags = {"--logs"},
                          .existing = std::move(existing)});
    }

    const testing::Folder folder_;
    const OptionTable table_ = option_table(meter_kinds());
};

TEST_F(FoundSourcesTest, APlanIsAConfiguration) {
    write("/var/log/squid/access.log", squid_line);
    const auto made = plan();
    ASSERT_TRUE(made) << made.error().text;
    EXPECT_THAT(made->found, ElementsAre("squid: /var/log/squid/access.log, format squid"));
    const auto config = parse_config(made->text, "x.toml", table_);
    ASSERT_TRUE(config) << config.error().text;
    ASSERT_THAT(config->meters, SizeIs(1));
    EXPECT_EQ(config->meters[0].options.texts("paths").at(0), "/var/log/squid/access.log");
    EXPECT_EQ(config->meters[0].role, RoleChoice::witness);
    EXPECT_THAT(made->text, HasSubstr("precedence = \"log\""));
}

TEST_F(FoundSourcesTest, WhatIsFollowedAlreadyIsLeftOut) {
    write("/var/log/squid/access.log", squid_line);
    const auto again = plan(plan().value().text);
    ASSERT_TRUE(again) << again.error().text;
    EXPECT_EQ(again->text, "");
    EXPECT_THAT(again->notes,
                ElementsAre(HasSubstr("squid: /var/log/squid/access.log, format squid "
                                      "is left out: ")));
    write("/var/log/haproxy.log",
          "Feb  6 12:14:14 lb haproxy[14]: 192.0.2.1:33317 [06/Feb/2009:12:14:14.655] web web/s1 "
          "10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {} {} \"GET / HTTP/1.1\"\n");
    EXPECT_THAT(plan().value().found, SizeIs(2));
    EXPECT_FALSE(plan("[[meter]\n")) << "a wrong configuration is not extended";
}

TEST_F(FoundSourcesTest, OfThisMachineThePacketsAreChargedAndTheLogsAreWitnesses) {
    write("/var/log/squid/access.log", squid_line);
    const auto made = plan_init({.kinds = meter_kinds(),
                                 .table = table_,
                                 .root = "/",
                                 .flags = {"--logs"},
                                 .existing = ""});
    ASSERT_TRUE(made);
    if (made->text.empty()) GTEST_SKIP() << "this machine has no servers";
    const auto config = parse_config(made->text, "x.toml", table_);
    ASSERT_TRUE(config) << config.error().text << made->text;
    EXPECT_EQ(config->meters.at(0).role, RoleChoice::bill);
    for (std::size_t i = 1; i < config->meters.size(); ++i)
        EXPECT_EQ(config->meters[i].role, RoleChoice::witness) << config->meters[i].name;
}

TEST_F(FoundSourcesTest, AMachineWithoutLogsHasAnEmptyPlan) {
    EXPECT_EQ(plan().value().text, "");
    EXPECT_THAT(plan().value().found, IsEmpty());
}

TEST_F(FoundSourcesTest, AConfigurationIsNotOverwritten) {
    const std::string path = folder_.file("") + "/etc/octroi/octroi.toml";
    ASSERT_TRUE(write_new_config(path, "# one\n"));
    EXPECT_EQ(read_file(path, 100).value(), "# one\n");
    const Status again = write_new_config(path, "# two\n");
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::exists);
    EXPECT_EQ(read_file(path, 100).value(), "# one\n");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.file("") + "/etc/octroi"),
                            std::filesystem::directory_iterator()),
              1)
        << "no partial file is left";
}

TEST_F(FoundSourcesTest, UsersAndSitesAreReadBelowTheRoot) {
    write("/etc/passwd", "alice:x:500:500:Alice:/home/alice:/bin/sh\nx\n");
    write("/etc/login.defs", "UID_MIN 500\n");
    write(
        "/etc/nginx/nginx.conf",
        "http { server { server_name a.example.org; root /home/alice/www; } include gone.conf; }");
    write("/etc/apache2/apache2.conf",
          "<VirtualHost *:80>\nServerName b.example.org\n</VirtualHost>\n");
    const auto system = read_system_users(RootedFiles(folder_.file("")), "/etc/passwd");
    ASSERT_TRUE(system) << system.error().text;
    EXPECT_THAT(system->users, SizeIs(1));
    EXPECT_EQ(system->uids.first, 500U);
    ASSERT_THAT(system->sites, SizeIs(2));
    EXPECT_EQ(system->sites[1].root, "/home/alice/www");
    EXPECT_THAT(system->notes, ElementsAre("/etc/passwd: 1 line is no user, and is left out",
                                           HasSubstr("gone.conf cannot be read")));
    EXPECT_FALSE(read_system_users(RootedFiles(folder_.file("")), "/etc/absent"));
}

// A customer who writes a configuration could bind the domains of others.
TEST_F(FoundSourcesTest, SitesInFilesThatAreNotOfRootAreLeftOut) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
    write("/etc/passwd", "alice:x:1000:1000:Alice:/home/alice:/bin/sh\n");
    write("/etc/nginx/nginx.conf",
          "http { include /etc/nginx/own.conf;\ninclude /home/alice/site.conf; }");
    write("/etc/nginx/own.conf", "server { server_name a.example.org; }");
    write("/home/alice/site.conf",
          "server { server_name b.example.org; }\nserver { server_name c.example.org; }");
    const std::string own = folder_.file("") + "/home/alice/site.conf";
    ASSERT_EQ(::chown(own.c_str(), 1000, 1000), 0);
    const auto system = read_system_users(RootedFiles(folder_.file("")), "/etc/passwd");
    ASSERT_TRUE(system) << system.error().text;
    ASSERT_THAT(system->sites, SizeIs(1));
    EXPECT_EQ(system->sites[0].name, "a.example.org");
    EXPECT_THAT(system->notes, ElementsAre(HasSubstr("/home/alice/site.conf: its sites are left "
                                                     "out, because others than root can write "
                                                     "the file")));
}

TEST_F(FoundSourcesTest, SitesThatOthersThanRootCanNameAreLeftOut) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
    write("/etc/passwd", "alice:x:1000:1000:Alice:/home/alice:/bin/sh\n");
    write("/etc/nginx/nginx.conf",
          "http { server { server_name a.example.org; include /home/alice/names.conf; }\n"
          "server { server_name c.example.org; include /home/alice/other.conf; }\n"
          "include /etc/nginx/open.conf; }");
    write("/home/alice/names.conf", "server_name b.example.org;");
    write("/home/alice/other.conf", "gzip on;");
    write("/etc/nginx/open.conf", "server { server_name d.example.org; }");
    for (const char* name : {"/home/alice/names.conf", "/home/alice/other.conf"})
        ASSERT_EQ(::chown((folder_.file("") + name).c_str(), 1000, 1000), 0);
    std::filesystem::permissions(folder_.file("") + "/etc/nginx/open.conf",
                                 std::filesystem::perms{0666});
    const auto system = read_system_users(RootedFiles(folder_.file("")), "/etc/passwd");
    ASSERT_TRUE(system) << system.error().text;
    ASSERT_THAT(system->sites, SizeIs(1));
    EXPECT_EQ(system->sites[0].name, "c.example.org");
    EXPECT_THAT(system->notes, SizeIs(2));
}

}  // namespace
}  // namespace octroi
