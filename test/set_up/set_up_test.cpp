// SPDX-License-Identifier: GPL-3.0-or-later
// A machine with servers and users, as a folder: from nothing to figures for each person, by the
// commands of the documentation.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "support/process.hpp"

namespace octroi {
namespace {

using nlohmann::json;
using support::Arguments;
using support::Ended;
using support::Folder;
using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

constexpr const char* apache_config =
    "LogFormat \"%v:%p %h %l %u %t \\\"%r\\\" %>s %O \\\"%{Referer}i\\\" "
    "\\\"%{User-Agent}i\\\"\" vhost_combined\n"
    "CustomLog ${APACHE_LOG_DIR}/other_vhosts_access.log vhost_combined\n"
    "IncludeOptional sites-enabled/*.conf\n";

class SetUpTest : public ::testing::Test {
protected:
    void SetUp() override {
        write("/etc/passwd",
              "root:x:0:0:root:/root:/bin/bash\n"
              "alice:x:1000:1000:Alice A.:/home/alice:/bin/bash\n"
              "bob:x:1001:1001::/home/bob:/usr/sbin/nologin\n");
        write("/etc/apache2/envvars", "export APACHE_LOG_DIR=/var/log/apache2$SUFFIX\n");
        write("/etc/apache2/apache2.conf", apache_config);
        write("/etc/apache2/sites-available/a.conf",
              "<VirtualHost *:80>\nServerName a.example.org\nServerAlias *.a.example.org\n"
              "DocumentRoot /home/alice/www\n</VirtualHost>\n");
        fs::create_directories(root_.path() + "/etc/apache2/sites-enabled");
        fs::create_symlink("/etc/apache2/sites-available/a.conf",
                           root_.path() + "/etc/apache2/sites-enabled/a.conf");
        write("/var/log/apache2/other_vhosts_access.log", line("a.example.org", 1000) +
                                                              line("x.a.example.org", 200) +
                                                              line("other.example.net", 30));
        write("/var/log/squid/access.log",
              "1259844091.407    307 10.20.0.7 TCP_MISS/200 1015 GET http://example.com/ - "
              "DIRECT/192.0.2.80 text/css\n"
              "1259844091.407    307 10.30.0.7 TCP_MISS/200 77 GET http://example.com/ bob "
              "DIRECT/192.0.2.80 text/css\n");
    }
    static std::string line(const std::string& site, int octets) {
        return site + ":80 192.0.2.1 - - [29/May/2017:19:02:48 +0000] \"GET / HTTP/1.1\" 200 " +
               std::to_string(octets) + " \"-\" \"x\"\n";
    }
    void write(const std::string& path, const std::string& text) {
        const fs::path file = root_.path() + path;
        fs::create_directories(file.parent_path());
        std::ofstream(file) << text;
    }
    [[nodiscard]] std::string config() const { return work_ / "octroi.toml"; }
    Ended octroi(Arguments arguments) {
        // Other commands want a configuration that exists.
        if (arguments.front() == "init")
            arguments.insert(arguments.begin(), {"--config", config()});
        return support::run(support::octroi(work_ / "ledger.db", std::move(arguments)));
    }
    // Bytes by account, of all layers.
    std::map<std::string, std::uint64_t> usage() {
        const Ended ended = octroi({"usage", "--by", "account", "--since", "2017", "--ndjson"});
        EXPECT_EQ(ended.status, 0) << ended.err;
        std::map<std::string, std::uint64_t> bytes;
        std::istringstream rows(ended.out);
        for (std::string row; std::getline(rows, row);) {
            const json parsed = json::parse(row);
            if (parsed.contains("account"))
                bytes[parsed["account"]] += parsed.value("total_bytes", std::uint64_t{0});
        }
        return bytes;
    }

    const Folder root_;
    const Folder work_;
};

TEST_F(SetUpTest, InitWritesAConfigurationOnce) {
    const Ended absent = octroi({"init", "--logs", "--root", root_.path() + "/absent"});
    EXPECT_EQ(absent.status, 1);
    EXPECT_THAT(absent.err, HasSubstr("absent"));
    const Ended shown = octroi({"init", "--logs", "--root", root_.path(), "--dry-run"});
    EXPECT_EQ(shown.status, 0) << shown.err;
    EXPECT_THAT(shown.out, HasSubstr("paths = [\"/var/log/apache2/other_vhosts_access.log\"]\n"
                                     "format = \"vhost-combined\""));
    EXPECT_THAT(shown.out, HasSubstr("format = \"squid\""));
    EXPECT_FALSE(fs::exists(config()));
    EXPECT_EQ(octroi({"init", "--logs", "--root", root_.path()}).status, 0);
    const std::string written = support::text_of(config());
    EXPECT_EQ(written, shown.out);
    // Again: everything is followed. With another log, only that one is printed.
    const Ended again = octroi({"init", "--logs", "--root", root_.path()});
    EXPECT_EQ(again.status, 0) << again.err;
    EXPECT_EQ(again.out, "");
    write("/var/log/xferlog", "Thu Mar  4 08:12:30 2004 1 192.0.2.9 37 /f b _ o r ann ftp 0 * c\n");
    const Ended more = octroi({"init", "--logs", "--root", root_.path()});
    EXPECT_THAT(more.out, HasSubstr("format = \"xferlog\""));
    EXPECT_THAT(more.out, Not(HasSubstr("squid")));
    EXPECT_THAT(more.err, HasSubstr("exists and was not changed. Next: add these lines"));
    EXPECT_EQ(support::text_of(config()), written);
    EXPECT_EQ(octroi({"init"}).status, 2);
}

TEST_F(SetUpTest, ScannedPeopleAreChargedForTheirSites) {
    const Arguments scan{"account", "scan", "--root", root_.path()};
    Arguments dry = scan;
    dry.emplace_back("--dry-run");
    EXPECT_THAT(octroi(dry).out, HasSubstr("+ binding domain *.a.example.org to alice"));
    EXPECT_EQ(octroi(scan).status, 0);
    const Ended again = octroi(scan);
    EXPECT_EQ(again.out, "");
    EXPECT_THAT(again.err, HasSubstr("nothing changed"));
    const std::string web = root_.path() + "/var/log/apache2/other_vhosts_access.log";
    EXPECT_EQ(octroi({"import", "log", "--format", "vhost-combined", web}).status, 0);
    const auto bytes = usage();
    EXPECT_EQ(bytes.at("alice"), 1200U);
    EXPECT_EQ(bytes.at("@unattributed"), 30U);
    const Ended unknown = octroi({"unknown", "--ndjson"});
    EXPECT_THAT(unknown.out, HasSubstr("octroi bind domain other.example.net ACCOUNT"));
    EXPECT_EQ(octroi({"audit"}).status, 0);
}

// Traffic that was booked before a wildcard was bound.
TEST_F(SetUpTest, RebookFindsTheDomainsOfAWildcard) {
    const std::string web = root_.path() + "/var/log/apache2/other_vhosts_access.log";
    EXPECT_EQ(octroi({"import", "log", "--format", "vhost-combined", web}).status, 0);
    EXPECT_EQ(octroi({"account", "add", "shop"}).status, 0);
    EXPECT_EQ(octroi({"bind", "domain *.a.example.org", "shop"}).status, 0);
    const Ended rebook = octroi({"rebook", "--since", "2017"});
    EXPECT_EQ(rebook.status, 0) << rebook.err;
    EXPECT_EQ(usage().at("shop"), 200U);
    EXPECT_EQ(usage().at("@unattributed"), 1030U);
    EXPECT_EQ(octroi({"audit"}).status, 0);
}

TEST_F(SetUpTest, ClientsThatNeedNoUserAreNotUnknown) {
    EXPECT_EQ(octroi({"network", "add", "10.20.0.0/16"}).status, 0);
    const Ended import = octroi({"import", "log", "--format", "squid", "--no-user-needed",
                                 "10.20.0.0/16", root_.path() + "/var/log/squid/access.log"});
    EXPECT_EQ(import.status, 0) << import.err;
    const Ended unknown = octroi({"unknown"});
    EXPECT_THAT(unknown.out, Not(HasSubstr("10.20.0.7")));
    EXPECT_THAT(unknown.out, HasSubstr("octroi bind user bob ACCOUNT"));
    EXPECT_THAT(unknown.out, HasSubstr("1015 bytes of clients that need no user"));
    EXPECT_EQ(octroi({"audit"}).status, 0);
}

TEST_F(SetUpTest, PeopleComeFromAFileAsAWholeOrNotAtAll) {
    std::ofstream(work_ / "people.csv") << "name,title,email,parent,bindings\n"
                                           "staff,Staff,,,\n"
                                           "alice,Alice,alice@example.org,staff,user alice\n"
                                           "bob,Bob,bob at example.org,staf,\n";
    const Ended wrong = octroi({"apply", work_ / "people.csv"});
    EXPECT_EQ(wrong.status, 2);
    EXPECT_THAT(wrong.err, HasSubstr("people.csv:4: 'bob at example.org' is no mail address"));
    std::ofstream(work_ / "people.csv") << "name,title,email,parent,bindings\n"
                                           "staff,Staff,,,\n"
                                           "alice,Alice,alice@example.org,staff,user alice\n"
                                           "bob,Bob,bob@example.org,staf,\n";
    EXPECT_THAT(octroi({"apply", work_ / "people.csv"}).err,
                HasSubstr("people.csv:4: the parent staf is neither"));
    EXPECT_THAT(octroi({"account", "list"}).out, Not(HasSubstr("alice")));
    std::ofstream(work_ / "people.csv") << "name,title,email,parent,bindings\n"
                                           "staff,Staff,,,\n"
                                           "alice,Alice,alice@example.org,staff,user alice\n";
    EXPECT_EQ(octroi({"apply", work_ / "people.csv"}).status, 0);
    EXPECT_THAT(octroi({"account", "list"}).out, HasSubstr("alice@example.org"));
    EXPECT_THAT(octroi({"account", "show", "alice"}).out, HasSubstr("e-mail alice@example.org"));
    EXPECT_EQ(octroi({"account", "set", "alice", "--email", "not an address"}).status, 2);
    EXPECT_EQ(octroi({"account", "set", "alice", "--email", "a@example.net"}).status, 0);
    EXPECT_THAT(octroi({"account", "show", "alice", "--json"}).out, HasSubstr("a@example.net"));
    EXPECT_EQ(octroi({"audit"}).status, 0);
}

// Logs of real servers where packages have them.
TEST_F(SetUpTest, RealLogsAreOfferedInTheirFormats) {
    const char* data = std::getenv("OCTROI_TESTDATA");
    if (data == nullptr) GTEST_SKIP() << "no test data here (OCTROI_TESTDATA)";
    fs::remove_all(root_.path() + "/etc");
    fs::remove_all(root_.path() + "/var");
    const std::map<std::string, std::pair<std::string, std::string>> logs{
        {"/var/log/apache2/access.log", {"elastic-apache/inputs/apache_logs", "combined"}},
        {"/var/log/nginx/access.log", {"beats/inputs/nginx_access.log", "combined"}},
        {"/var/log/squid/access.log", {"inline/inputs/pylogsparser_squid.log", "squid"}},
        {"/var/log/xferlog", {"inline/inputs/pylogsparser_xferlog.log", "xferlog"}},
        {"/var/log/rsyncd.log", {"mtail/inputs/rsyncd.log", "rsyncd"}},
        {"/var/log/mail.log", {"inline/inputs/postfix_froxlor.log", "postfix"}}};
    for (const auto& [path, log] : logs)
        write(path, support::text_of(std::string(data) + "/logs/" + log.first));
    const Ended shown = octroi({"init", "--logs", "--root", root_.path(), "--dry-run"});
    EXPECT_EQ(shown.status, 0) << shown.err;
    for (const auto& [path, log] : logs)
        EXPECT_THAT(shown.out,
                    HasSubstr("paths = [\"" + path + "\"]\nformat = \"" + log.second + "\""))
            << shown.err;
}

}  // namespace
}  // namespace octroi
