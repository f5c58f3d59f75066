// SPDX-License-Identifier: GPL-3.0-or-later
#include "server_machine.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <ostream>
#include <sstream>

namespace octroi::servers {

using nlohmann::json;
using support::Arguments;
using support::Ended;
using support::Network;
namespace fs = std::filesystem;

std::ostream& operator<<(std::ostream& out, const Octets& octets) {
    return out << octets.received << " received, " << octets.sent << " sent";
}

ServerMachine::ServerMachine() {
    fs::permissions(folder_.path(), fs::perms(0755));
    if (!network_.missing().empty()) return;
    // Without offloads the packets are those of a wire, each with its headers.
    Network::cable(network_.host(), "eth0", network_.server(), "eth0", false);
    Network::address(network_.host(), "eth0", std::string(client_address) + "/24", "fd79::1/64");
    Network::address(network_.server(), "eth0", std::string(address) + "/24", "fd79::2/64");
}

std::string ServerMachine::missing(const std::vector<std::string>& programs) const {
    for (const std::string& program : programs)
        if (support::run({"sh", "-c", "PATH=$PATH:/usr/sbin command -v " + program}).status != 0)
            return program + " is not installed";
    return network_.missing();
}

void ServerMachine::write(const std::string& name, const std::string& text) const {
    fs::create_directories(fs::path(path(name)).parent_path());
    std::ofstream(path(name)) << text;
}

void ServerMachine::own_folder(const std::string& name, const std::string& user) const {
    fs::create_directories(path(name));
    Network::must({"chown", user, path(name)});
}

void ServerMachine::write_octets(const std::string& name, std::size_t octets) const {
    write(name, std::string(octets, 'x'));
}

void ServerMachine::start(const Arguments& command, const std::vector<int>& ports,
                          const std::string& before) {
    // The shell is process 1 of the namespace. A server must not be that: vsftpd ends when it gets
    // orphans as children, and squid loses its signal of death when it changes its user.
    Arguments words{"unshare", "--mount",      "--pid",
                    "--fork",  "--kill-child", "--mount-proc",
                    "sh",      "-ec",          before + "\n\"$@\"\nexit",
                    "sh"};
    words.insert(words.end(), command.begin(), command.end());
    servers_.push_back(
        std::make_unique<support::Process>(Network::in(network_.server(), std::move(words))));
    const auto listens = [&](int port) {
        const Ended found = support::run(
            Network::in(network_.server(), {"ss", "-Hltn", "sport = :" + std::to_string(port)}));
        return !found.out.empty() || servers_.back()->has_ended();
    };
    for (const int port : ports)
        ASSERT_TRUE(support::wait_until([&] { return listens(port); }, std::chrono::seconds(20)))
            << command.front() << ": no listener on port " << port;
    ASSERT_FALSE(servers_.back()->has_ended())
        << command.front() << ": " << servers_.back()->err_so_far();
}

void ServerMachine::bind(const std::string& identity, const std::string& account) const {
    Network::must(support::octroi(ledger_, {"account", "add", account}));
    Network::must(support::octroi(ledger_, {"bind", identity, account}));
}

void ServerMachine::follow(const std::string& meters, const std::string& local) {
    write("octroi.toml", "[ledger]\ncommit_interval = \"1s\"\n[attribute]\nlocal = [\"" + local +
                             "\"]\n[[meter]]\nname = \"packets\"\nkind = \"capture\"\n"
                             "role = \"witness\"\ninterfaces = [\"eth0\"]\n" +
                             meters);
    octroi_ = std::make_unique<support::Process>(
        Network::in(network_.server(), support::octroi(ledger_, {"--config", config_, "run"})));
    const auto runs = [&] {
        return octroi_log().find("Ctrl-C") != std::string::npos || octroi_->has_ended();
    };
    ASSERT_TRUE(support::wait_until(runs, std::chrono::seconds(20))) << octroi_log();
    ASSERT_FALSE(octroi_->has_ended()) << octroi_log();
}

void ServerMachine::stop_following() {
    octroi_->signal(SIGTERM);
    const Ended ended = octroi_->wait();
    EXPECT_EQ(ended.status, 0) << ended.err;
}

std::string ServerMachine::octroi_log() const { return octroi_->err_so_far(); }

Ended ServerMachine::run_at_client(const Arguments& arguments) const {
    return support::run(at_client(arguments));
}

std::string ServerMachine::client(const Arguments& arguments) const {
    const Ended ended = run_at_client(arguments);
    EXPECT_EQ(ended.status, 0) << arguments.front() << ": " << ended.err;
    return ended.out;
}

json ServerMachine::ask(Arguments arguments) const {
    arguments.insert(arguments.begin(), {"--config", config_, "--json"});
    const Ended ended = support::run(support::octroi(ledger_, std::move(arguments)));
    return json::parse(ended.out, nullptr, false);
}

OctetsByIdentity ServerMachine::booked(const std::string& meter) const {
    OctetsByIdentity all;
    const json answer =
        ask({"usage", "--by", "identity", "--meter", meter, "--role", "all", "--layer", "7"});
    if (!answer.is_object()) return all;
    for (const json& row : answer.value("rows", json::array())) {
        Octets& octets = all[row.value("identity", "")];
        octets.received += row.value("received_bytes", std::uint64_t{0});
        octets.sent += row.value("sent_bytes", std::uint64_t{0});
    }
    return all;
}

void ServerMachine::expect_booked(const std::string& meter,
                                  const OctetsByIdentity& expected) const {
    support::wait_until([&] { return booked(meter) == expected; }, std::chrono::seconds(20));
    EXPECT_EQ(booked(meter), expected) << meter << "; log of octroi:\n" << octroi_log();
}

Gap ServerMachine::gap_of(const std::string& meter) const {
    Gap sum;
    const json rows = ask({"reconcile", "--by", "hour"});
    if (!rows.is_array()) return sum;
    for (const json& row : rows) {
        if (row.value("log", "") != meter) continue;
        sum.packet_bytes += row.value("packet_bytes", std::uint64_t{0});
        sum.packets += row.value("packets", std::uint64_t{0});
        sum.log_bytes += row.value("log_bytes", std::uint64_t{0});
        sum.headers += row.value("header_bytes", std::int64_t{0});
        sum.rest += row.value("rest_bytes", std::int64_t{0});
    }
    return sum;
}

void ServerMachine::expect_explained(const std::string& meter, std::uint64_t least,
                                     std::uint64_t most) const {
    const Gap gap = gap_of(meter);
    EXPECT_GT(gap.log_bytes, 0U) << meter;
    EXPECT_LE(gap.log_bytes, gap.packet_bytes) << meter;
    EXPECT_EQ(static_cast<std::int64_t>(gap.packet_bytes - gap.log_bytes), gap.headers + gap.rest);
    // Of Linux: 12 octets of options (time stamps) in each segment, 20 in the first ones.
    constexpr std::uint64_t options_octets = 20;
    constexpr std::uint64_t segment_octets = 1500;
    const std::uint64_t again = Network::segments_sent(network_.server()).again +
                                Network::segments_sent(network_.host()).again;
    EXPECT_GE(gap.rest, static_cast<std::int64_t>(least)) << meter;
    EXPECT_LE(gap.rest,
              static_cast<std::int64_t>(most) +
                  static_cast<std::int64_t>(gap.packets * options_octets + again * segment_octets))
        << meter << ": " << gap.packets << " packets";
}

Transfer transfer(const ServerMachine& machine, const Arguments& arguments) {
    Arguments words{"curl",
                    "--silent",
                    "--show-error",
                    "--noproxy",
                    "localhost",
                    "--max-time",
                    "20",
                    "--output",
                    "/dev/null",
                    "--write-out",
                    "%{size_download} %{size_header} %{size_request} %{size_upload} %{http_code}"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    Transfer done;
    std::istringstream(machine.client(words)) >> done.body_down >> done.head_down >> done.head_up >>
        done.body_up >> done.status;
    return done;
}

}  // namespace octroi::servers
