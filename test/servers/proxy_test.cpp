// SPDX-License-Identifier: GPL-3.0-or-later
// Squid with basic authentication: its native log states for each request the user, and all octets
// that it sent to the client. What clients send is not in that log. The log meter `both` reads a
// logformat with both directions.

#include <gtest/gtest.h>

#include "server_machine.hpp"

namespace octroi::servers {
namespace {

using support::Arguments;

constexpr int proxy_port = 3128;
constexpr int origin_port = 8000;

std::string password_line(const std::string& user, const std::string& password) {
    const support::Ended ended = support::run({"openssl", "passwd", "-apr1", password});
    EXPECT_EQ(ended.status, 0) << ended.err;
    return user + ":" + ended.out;
}

class Users {
public:
    explicit Users(const ServerMachine& machine) : machine_(machine) {}

    Transfer fetch(const std::string& identity, Arguments arguments) {
        arguments.insert(arguments.begin(),
                         {"--proxy", "http://" + std::string(ServerMachine::address) + ":" +
                                         std::to_string(proxy_port)});
        const Transfer done = transfer(machine_, arguments);
        native_[identity].received += done.down();
        both_[identity].received += done.down();
        both_[identity].sent += done.up();
        sent_ += done.up();
        return done;
    }
    [[nodiscard]] const OctetsByIdentity& native() const { return native_; }
    [[nodiscard]] const OctetsByIdentity& both() const { return both_; }
    [[nodiscard]] std::uint64_t sent() const { return sent_; }

private:
    const ServerMachine& machine_;
    OctetsByIdentity native_;
    OctetsByIdentity both_;
    std::uint64_t sent_ = 0;
};

TEST(RealServers, SquidCountsUsersWithBasicAuthentication) {
    ServerMachine machine;
    if (const std::string why = machine.missing({"squid", "curl", "openssl", "python3"});
        !why.empty())
        GTEST_SKIP() << why;
    machine.own_folder("log", "proxy");
    machine.write_octets("pages/large.bin", 400'000);
    machine.write_octets("pages/small.html", 1000);
    machine.write_octets("upload.bin", 30'000);
    machine.write("users", password_line("ann", "secret-1") + password_line("bob", "secret-2"));
    const std::string format = "%ts.%03tu %>a %un %Ss/%03>Hs %>st %<st %rm %ru";
    machine.write(
        "squid.conf",
        "http_port " + std::string(ServerMachine::address) + ":" + std::to_string(proxy_port) +
            "\nauth_param basic program /usr/lib/squid/basic_ncsa_auth " + machine.path("users") +
            "\nauth_param basic children 1\nacl known proxy_auth REQUIRED\nhttp_access allow "
            "known\n"
            "http_access deny all\ncache deny all\ncache_mem 8 MB\nshutdown_lifetime 0 seconds\n"
            "pinger_enable off\nlogformat both " +
            format + "\naccess_log stdio:" + machine.path("log/native.log") +
            " squid\naccess_log stdio:" + machine.path("log/both.log") + " both\ncache_log " +
            machine.path("log/cache.log") +
            "\npid_filename none\ncoredump_dir none\nvisible_hostname proxy.example.test\n"
            "mime_table /usr/share/squid/mime.conf\n");
    machine.start({"python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory",
                   machine.path("pages"), std::to_string(origin_port)},
                  {origin_port});
    machine.start({"squid", "-N", "-f", machine.path("squid.conf")}, {proxy_port});
    // Without accounts, the address of the client would say more than a name.
    machine.bind("user ann", "ann");
    machine.bind("user bob", "bob");
    const std::string at =
        "addresses = [\"" + std::string(ServerMachine::address) + "\"]\npoll = \"100ms\"\n";
    machine.follow(
        "[[meter]]\nname = \"native\"\nkind = \"log\"\nformat = \"squid\"\npaths = [\"" +
            machine.path("log/native.log") + "\"]\n" + at +
            "[[meter]]\nname = \"both\"\nkind = \"log\"\nrole = \"witness\"\npaths = [\"" +
            machine.path("log/both.log") + "\"]\nsquid_format = '" + format + "'\n" + at,
        "10.79.0.0/24");

    Users users(machine);
    const std::string origin = "http://127.0.0.1:" + std::to_string(origin_port) + "/";
    for (const int n : {1, 2, 3}) {
        const std::string page = origin + "small.html?" + std::to_string(n);
        EXPECT_EQ(users.fetch("user ann", {"--proxy-user", "ann:secret-1", page}).status, "200");
    }
    EXPECT_EQ(
        users.fetch("user bob", {"--proxy-user", "bob:secret-2", origin + "large.bin"}).body_down,
        400'000U);
    users.fetch("user bob", {"--proxy-user", "bob:secret-2", "--header", "Expect:", "--upload-file",
                             machine.path("upload.bin"), origin + "refused"});
    // A refused password is no user: the address of the client has these octets.
    const std::string nobody = std::string(ServerMachine::client_address);
    EXPECT_EQ(users.fetch(nobody, {"--proxy-user", "ann:guess", origin + "large.bin"}).status,
              "407");
    machine.expect_booked("native", users.native());
    machine.expect_booked("both", users.both());
    machine.stop_following();
    machine.expect_explained("native", users.sent());
    machine.expect_explained("both", 0);
}

}  // namespace
}  // namespace octroi::servers
