// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/server_config/server_logs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace octroi::server_config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ServerLogs squid(std::string_view text, const std::string& included = "") {
    return read_squid_logs(text, [&](const std::string&) {
        return included.empty() ? std::vector<std::string>() : std::vector<std::string>{included};
    });
}

TEST(SquidConfig, NamesLogsAndTheirFormats) {
    const ServerLogs found = squid(
        "# access_log /not/this\n"
        "access_log daemon:/var/log/squid/a.log squid\n"
        "access_log stdio:/b.log logformat=own rotate=5\n"
        "logformat own %>a %ts.%03tu \\\n  %<st %un\n"
        "access_log /c.log combined !local\n"
        "access_log none\n");
    EXPECT_THAT(found.logs, ElementsAre(ServerLog{"/var/log/squid/a.log", "squid", "", false},
                                        ServerLog{"/b.log", "", "%>a %ts.%03tu   %<st %un", false},
                                        ServerLog{"/c.log", "combined", "", true}));
    EXPECT_THAT(found.notes, IsEmpty());
}

TEST(SquidConfig, LogsWithoutOctetsAndOtherPlacesAreNotes) {
    const ServerLogs found = squid(
        "access_log udp://192.0.2.1:514 squid\naccess_log /r.log referrer\n"
        "access_log /u.log logformat=absent\n");
    EXPECT_THAT(found.logs, IsEmpty());
    EXPECT_THAT(found.notes, ElementsAre(HasSubstr("which is no file"), HasSubstr("referrer"),
                                         HasSubstr("absent")));
}

TEST(SquidConfig, ReadsIncludedFilesAndEndsWhereTheyIncludeThemselves) {
    const ServerLogs found =
        squid("include /etc/squid/conf.d/*.conf\n", "access_log /a.log\ninclude again\n");
    EXPECT_EQ(found.logs.size(), include_depth_max);
}

TEST(VsftpdConfig, NamesTheLogThatHasTheTransfers) {
    const auto logs = [](std::string_view text) { return read_vsftpd_logs(text).logs; };
    EXPECT_THAT(logs("xferlog_enable=YES\n"),
                ElementsAre(ServerLog{"/var/log/vsftpd.log", "vsftpd", "", false}));
    EXPECT_THAT(logs("xferlog_enable=yes\nxferlog_std_format=YES\nxferlog_file=/srv/x \r\n"),
                ElementsAre(ServerLog{"/srv/x", "xferlog", "", false}));
    EXPECT_THAT(logs("xferlog_enable=YES\ndual_log_enable=YES\nxferlog_std_format=YES\n"
                     "vsftpd_log_file=/srv/v\n"),
                ElementsAre(ServerLog{"/srv/v", "vsftpd", "", false}));
    EXPECT_THAT(logs("xferlog_enable=YES\ndual_log_enable=YES\nsyslog_enable=YES\n"),
                ElementsAre(ServerLog{"/var/log/xferlog", "xferlog", "", false}));
}

TEST(VsftpdConfig, SaysWhyNoLogHasTheTransfers) {
    EXPECT_THAT(read_vsftpd_logs("#xferlog_enable=YES\n").notes,
                ElementsAre(HasSubstr("logs no transfers")));
    EXPECT_THAT(read_vsftpd_logs("xferlog_enable=YES\nsyslog_enable=YES\n").notes,
                ElementsAre(HasSubstr("writes to syslog")));
}

}  // namespace
}  // namespace octroi::server_config
