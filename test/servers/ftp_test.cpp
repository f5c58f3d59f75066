// SPDX-License-Identifier: GPL-3.0-or-later
// vsftpd with two local users and both of its logs: its own, and xferlog. Each states the octets of
// a file that was transferred; commands, answers and listings of folders are in neither.

#include <gtest/gtest.h>

#include "server_machine.hpp"

namespace octroi::servers {
namespace {

using support::Arguments;

constexpr int ftp_port = 21;

// Adds users to copies of /etc/passwd and /etc/shadow, which only the server sees.
void write_users(const ServerMachine& machine) {
    std::string passwd = support::text_of("/etc/passwd");
    std::string shadow = support::text_of("/etc/shadow");
    int number = 61'001;
    for (const std::string user : {"ann", "bob"}) {
        const support::Ended hash = support::run({"openssl", "passwd", "-6", "secret-" + user});
        ASSERT_EQ(hash.status, 0) << hash.err;
        const std::string id = std::to_string(number++);
        passwd += user + ":x:" + id + ":" + id + "::" + machine.path("home/" + user) + ":/bin/sh\n";
        shadow += user + ":" + hash.out.substr(0, hash.out.find('\n')) + ":20000:0:99999:7:::\n";
        machine.own_folder("home/" + user, id + ":" + id);
    }
    machine.write("passwd", passwd);
    machine.write("shadow", shadow);
    machine.write_octets("home/ann/report.bin", 250'000);
    machine.write_octets("home/ann/two words.txt", 777);
    machine.write_octets("home/bob/list.bin", 40'000);
    machine.write_octets("upload.bin", 123'456);
}

class FtpUsers {
public:
    explicit FtpUsers(const ServerMachine& machine) : machine_(machine) {}

    Transfer with(const std::string& user, const std::string& name, const Arguments& more = {}) {
        Arguments arguments{"--user", user + ":secret-" + user};
        arguments.insert(arguments.end(), more.begin(), more.end());
        arguments.push_back("ftp://" + std::string(ServerMachine::address) + "/" + name);
        return transfer(machine_, arguments);
    }
    void download(const std::string& user, const std::string& name, std::uint64_t octets) {
        EXPECT_EQ(with(user, name).body_down, octets);
        all_["user " + user].sent += octets;
    }
    void upload(const std::string& user, const std::string& name) {
        const Transfer done = with(user, name, {"--upload-file", machine_.path("upload.bin")});
        EXPECT_EQ(done.body_up, 123'456U);
        all_["user " + user].received += done.body_up;
    }
    [[nodiscard]] const OctetsByIdentity& all() const { return all_; }

private:
    const ServerMachine& machine_;
    OctetsByIdentity all_;
};

TEST(RealServers, VsftpdCountsTwoUsersInBothLogs) {
    ServerMachine machine;
    if (const std::string why = machine.missing({"vsftpd", "curl", "openssl"}); !why.empty())
        GTEST_SKIP() << why;
    write_users(machine);
    machine.own_folder("log", "root");
    machine.own_folder("empty", "root");
    machine.write("vsftpd.conf",
                  "listen=YES\nlisten_address=" + std::string(ServerMachine::address) +
                      "\nbackground=NO\nlocal_enable=YES\nwrite_enable=YES\n"
                      "chroot_local_user=YES\nallow_writeable_chroot=YES\n"
                      "secure_chroot_dir=" +
                      machine.path("empty") +
                      "\npam_service_name=vsftpd\nseccomp_sandbox=NO\n"
                      "xferlog_enable=YES\ndual_log_enable=YES\nvsftpd_log_file=" +
                      machine.path("log/vsftpd.log") +
                      "\nxferlog_file=" + machine.path("log/xferlog") + "\n");
    machine.start({"vsftpd", machine.path("vsftpd.conf")}, {ftp_port},
                  "mount --bind " + machine.path("passwd") + " /etc/passwd\nmount --bind " +
                      machine.path("shadow") + " /etc/shadow");
    const std::string at =
        "addresses = [\"" + std::string(ServerMachine::address) + "\"]\npoll = \"100ms\"\n";
    machine.follow("[[meter]]\nname = \"own\"\nkind = \"log\"\nformat = \"vsftpd\"\npaths = [\"" +
                   machine.path("log/vsftpd.log") + "\"]\n" + at +
                   "[[meter]]\nname = \"xfer\"\nkind = \"log\"\nrole = \"witness\"\n"
                   "format = \"xferlog\"\npaths = [\"" +
                   machine.path("log/xferlog") + "\"]\n" + at);

    FtpUsers users(machine);
    users.download("ann", "report.bin", 250'000);
    users.download("ann", "two%20words.txt", 777);
    users.download("bob", "list.bin", 40'000);
    users.upload("bob", "new.bin");
    users.upload("bob", "name%20that%20b%20_%20i%20r%20ann%20ftp%200%20%2a%20c");
    // A listing, and a file that is not there: no octets in the logs.
    EXPECT_GT(users.with("ann", "").body_down, 0U);
    const Arguments absent{
        "curl",   "--silent",       "--max-time",
        "20",     "--output",       "/dev/null",
        "--user", "ann:secret-ann", "ftp://" + std::string(ServerMachine::address) + "/absent"};
    EXPECT_NE(machine.run_at_client(absent).status, 0);

    machine.expect_booked("own", users.all());
    machine.expect_booked("xfer", users.all());
    machine.stop_following();
    // Commands and answers are some 1000 octets for each of the eight connections.
    machine.expect_explained("own", 500, 20'000);
    machine.expect_explained("xfer", 500, 20'000);
}

}  // namespace
}  // namespace octroi::servers
