// SPDX-License-Identifier: GPL-3.0-or-later
// Postfix and Dovecot. Postfix logs the size of a mail in its queue: the mail of the client with
// the `Received` header that Postfix adds, and ends of lines of two octets (for lines of less than
// 128 octets). Dovecot logs for each session what the process of the mailbox has read and written:
// all behind the login.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "mail_servers.hpp"

namespace octroi::servers {
namespace {

namespace fs = std::filesystem;

std::string log_meter(const ServerMachine& machine, const std::string& name,
                      const std::string& services) {
    return fmt::format(
        "[[meter]]\nname = \"{0}\"\nkind = \"log\"\nformat = \"{0}\"\npaths = [\"{1}\"]\n"
        "domain = \"mail.example.test\"\naddresses = [\"{2}\"]\nservices = [{3}]\n"
        "poll = \"100ms\"\ntimezone = \"UTC\"\n",
        name, machine.path("log/" + name + ".log"), ServerMachine::address, services);
}

// The size of a mail in the queue of Postfix, from the text that was delivered: without the headers
// that came behind the queue, above the `Received` header of Postfix.
std::uint64_t queue_size(const std::string& mail) {
    const std::size_t by_postfix = mail.find("(Postfix)");
    const std::size_t begin = mail.rfind("Received: from", by_postfix);
    EXPECT_NE(begin, std::string::npos) << mail.substr(0, 2000);
    if (begin == std::string::npos) return 0;
    std::uint64_t size = 0;
    std::istringstream lines(mail.substr(begin));
    for (std::string line; std::getline(lines, line);) {
        if (line.ends_with('\r')) line.pop_back();
        size += line.size() + 2;
    }
    return size;
}

// The sizes of all mails of a mailbox. Mails lie in new/ until a client has seen them.
std::uint64_t delivered_to(const ServerMachine& machine, const std::string& mailbox) {
    std::uint64_t size = 0;
    const fs::path folder = machine.path("mail/" + mailbox + "/new");
    if (!fs::exists(folder)) return 0;
    for (const auto& file : fs::directory_iterator(folder))
        size += queue_size(support::text_of(file.path()));
    return size;
}

std::size_t mails_of(const ServerMachine& machine, const std::string& mailbox) {
    const fs::path folder = machine.path("mail/" + mailbox + "/new");
    if (!fs::exists(folder)) return 0;
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

// Waits until the mailboxes have as many mails.
void expect_mails(const ServerMachine& machine, std::size_t of_ann, std::size_t of_bob) {
    const auto are_there = [&] {
        return mails_of(machine, "ann@example.test") == of_ann &&
               mails_of(machine, "bob@example.test") == of_bob;
    };
    EXPECT_TRUE(support::wait_until(are_there, std::chrono::seconds(20)))
        << support::text_of(machine.path("log/postfix.log"));
}

TEST(RealServers, PostfixAndDovecotCountTwoMailboxes) {
    ServerMachine machine;
    if (const std::string why =
            machine.missing({"/usr/lib/postfix/sbin/master", "dovecot", "/usr/lib/dovecot/lmtp",
                             "/usr/lib/dovecot/imap", "/usr/lib/dovecot/pop3", "python3"});
        !why.empty())
        GTEST_SKIP() << why;
    start_dovecot(machine);
    start_postfix(machine,
                  fmt::format("virtual_mailbox_domains = example.test\nvirtual_mailbox_maps = "
                              "static:known\nvirtual_transport = lmtp:unix:{}\n"
                              "smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\n"
                              "smtpd_sasl_path = {}\n",
                              machine.path("lmtp"), machine.path("auth")));
    machine.follow(log_meter(machine, "postfix", "\"smtp\"") +
                   log_meter(machine, "dovecot", "\"imap\", \"pop3\""));

    const std::string sender = "visitor@elsewhere.test";
    (void)run_mail_client(machine, {"send", sender, "ann@example.test", "10", "3000"});
    (void)run_mail_client(machine, {"send", sender, "ann@example.test,bob@example.test", "700"});
    expect_mails(machine, 3, 1);
    const std::uint64_t to_ann = delivered_to(machine, "ann@example.test");
    const std::uint64_t to_both = delivered_to(machine, "bob@example.test");
    // The mail to both came once: the sender of a mail without a login is not charged.
    machine.expect_booked("postfix", {{"domain mail.example.test", {to_ann, 0}},
                                      {"user ann@example.test", {0, to_ann}},
                                      {"user bob@example.test", {0, to_both}}});
    // The sender of a mail with a login is.
    (void)run_mail_client(machine, {"submit", "ann@example.test", "bob@example.test", "400"});
    expect_mails(machine, 3, 2);
    const std::uint64_t to_bob = delivered_to(machine, "bob@example.test");
    const std::uint64_t by_ann = to_bob - to_both;
    machine.expect_booked("postfix", {{"domain mail.example.test", {to_ann, 0}},
                                      {"user ann@example.test", {by_ann, to_ann}},
                                      {"user bob@example.test", {0, to_bob}}});

    OctetsByIdentity sessions;
    for (const auto& [command, user] :
         {std::pair{"imap", "ann@example.test"}, std::pair{"pop3", "ann@example.test"},
          std::pair{"imap", "bob@example.test"}, std::pair{"imap", "bob@example.test"}}) {
        Octets session;
        std::istringstream(run_mail_client(machine, {command, user})) >> session.received >>
            session.sent;
        Octets& all = sessions[std::string("user ") + user];
        all.received += session.received;
        all.sent += session.sent;
    }
    EXPECT_GT(sessions["user ann@example.test"].sent, 2 * to_ann);
    machine.expect_booked("dovecot", sessions);
    machine.stop_following();
    // Greetings and logins: some 300 octets for each of the four sessions.
    machine.expect_explained("dovecot", 400, 4000);
    // Deliveries to mailboxes of this machine are in no packet; what came is in the packets.
    const Gap mails = machine.gap_of("postfix");
    EXPECT_EQ(mails.log_bytes, to_ann + by_ann + to_ann + to_bob);
    EXPECT_LT(to_ann + by_ann, mails.packet_bytes);
    EXPECT_LT(mails.rest, 0);
}

TEST(RealServers, PostfixCountsMailsToOtherHosts) {
    ServerMachine machine;
    if (const std::string why =
            machine.missing({"/usr/lib/postfix/sbin/master", "smtp-sink", "python3"});
        !why.empty())
        GTEST_SKIP() << why;
    start_postfix(machine, "relayhost = [" + std::string(ServerMachine::client_address) + "]:25\n");
    const support::Process sink(machine.at_client(
        {"smtp-sink", "-u", "nobody", std::string(ServerMachine::client_address) + ":25", "10"}));
    machine.follow(log_meter(machine, "postfix", "\"smtp\""));
    (void)run_mail_client(machine,
                          {"send", "ann@example.test", "far@elsewhere.test", "50", "4000"});
    (void)run_mail_client(machine, {"send", "bob@example.test", "other@elsewhere.test", "1000"});
    const auto sent = [&] {
        const OctetsByIdentity booked = machine.booked("postfix");
        const auto far = booked.find("user far@elsewhere.test");
        const auto other = booked.find("user other@elsewhere.test");
        return far == booked.end() || other == booked.end() ? 0
                                                            : far->second.sent + other->second.sent;
    };
    // 30 octets a line, and less than 1000 of headers a mail.
    constexpr std::uint64_t lines = 50 + 4000 + 1000;
    EXPECT_TRUE(support::wait_until([&] { return sent() >= 30 * lines; }, std::chrono::seconds(20)))
        << support::text_of(machine.path("log/postfix.log"));
    EXPECT_LE(sent(), 30 * lines + 3 * 1000);
    machine.stop_following();
    // Commands and answers of SMTP, of six sessions. Headers of a mail are in its size.
    machine.expect_explained("postfix", 6 * 200, 6 * 2000);
}

}  // namespace
}  // namespace octroi::servers
