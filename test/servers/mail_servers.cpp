// SPDX-License-Identifier: GPL-3.0-or-later
#include "mail_servers.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "mail_client.hpp"

namespace octroi::servers {
namespace {

// The services that mails over SMTP and LMTP need (master(5)).
constexpr const char* postfix_services = R"(smtp inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
)";

}  // namespace

void start_postfix(ServerMachine& machine, const std::string& more) {
    for (const char* const folder :
         {"incoming", "active", "deferred", "defer", "bounce", "hold", "flush", "corrupt", "saved",
          "trace", "private", "maildrop", "public"})
        machine.own_folder(std::string("spool/") + folder, "postfix");
    machine.own_folder("spool/pid", "root");
    machine.own_folder("postfix-data", "postfix");
    machine.own_folder("log", "root");
    machine.write("postfix/master.cf", postfix_services);
    machine.write(
        "postfix/main.cf",
        fmt::format("compatibility_level = 3.6\nqueue_directory = {0}\ndata_directory = {1}\n"
                    "command_directory = /usr/sbin\ndaemon_directory = /usr/lib/postfix/sbin\n"
                    "mail_owner = postfix\nmyhostname = mail.example.test\nmydestination =\n"
                    "inet_interfaces = {2}\ninet_protocols = ipv4\nmynetworks = {3}/32\n"
                    "smtpd_peername_lookup = no\nsmtp_dns_support_level = disabled\n"
                    "alias_maps =\nalias_database =\nlocal_recipient_maps =\n"
                    "maillog_file = {4}\nmaillog_file_prefixes = {5}\n{6}",
                    machine.path("spool"), machine.path("postfix-data"), ServerMachine::address,
                    ServerMachine::client_address, machine.path("log/postfix.log"),
                    machine.path("log"), more));
    machine.start({"/usr/lib/postfix/sbin/master", "-d", "-c", machine.path("postfix")}, {25});
}

void start_dovecot(ServerMachine& machine) {
    constexpr const char* owner = "61001:61001";  // of mailboxes; no such user is needed
    machine.own_folder("mail", owner);
    machine.own_folder("log", "root");
    machine.write("mailboxes",
                  "ann@example.test:{PLAIN}secret-ann\nbob@example.test:{PLAIN}secret-bob\n");
    machine.write(
        "dovecot.conf",
        fmt::format("base_dir = {0}\nlog_path = {1}\nprotocols = imap pop3 lmtp\nlisten = {2}\n"
                    "ssl = no\ndisable_plaintext_auth = no\nmail_location = maildir:{3}/%u\n"
                    "auth_mechanisms = plain\npop3_logout_format = in=%i out=%o retr=%r/%b\n"
                    "passdb {{\n driver = passwd-file\n args = scheme=PLAIN username_format=%u "
                    "{4}\n}}\nuserdb {{\n driver = static\n args = uid=61001 gid=61001 "
                    "home={3}/%u\n}}\n"
                    "service lmtp {{\n unix_listener {5} {{\n mode = 0666\n }}\n}}\n"
                    "service auth {{\n unix_listener {6} {{\n mode = 0666\n }}\n}}\n",
                    machine.path("dovecot-run"), machine.path("log/dovecot.log"),
                    ServerMachine::address, machine.path("mail"), machine.path("mailboxes"),
                    machine.path("lmtp"), machine.path("auth")));
    machine.start({"dovecot", "-F", "-c", machine.path("dovecot.conf")}, {143, 110});
}

std::string run_mail_client(const ServerMachine& machine, support::Arguments arguments) {
    arguments.insert(arguments.begin(), {"python3", "-c", mail_client, ServerMachine::address});
    return machine.client(arguments);
}

}  // namespace octroi::servers
