// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A machine with real servers, a client beside it, and the daemon on the machine of the servers:
// two network namespaces with a cable. Each server has a mount and a PID namespace of its own, so
// that all of its processes end with the test.

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/network.hpp"
#include "support/process.hpp"

namespace octroi::servers {

// Octets of an identity in the ledger, from its own side: a site sends pages, a user receives them.
struct Octets {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    bool operator==(const Octets&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Octets& octets);
using OctetsByIdentity = std::map<std::string, Octets>;

// A row of `octroi reconcile`.
struct Gap {
    std::uint64_t packet_bytes = 0;
    std::uint64_t packets = 0;
    std::uint64_t log_bytes = 0;
    std::int64_t headers = 0;
    std::int64_t rest = 0;
};

class ServerMachine {
public:
    static constexpr const char* address = "10.79.0.2";
    static constexpr const char* client_address = "10.79.0.1";

    ServerMachine();

    // Empty, or why the test cannot run: a program of `programs` is not installed, or there are no
    // network namespaces here.
    [[nodiscard]] std::string missing(const std::vector<std::string>& programs) const;

    // In the folder of the test, which every user may enter.
    [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }
    // Writes a file, and its folder.
    void write(const std::string& name, const std::string& text) const;
    // A folder that belongs to a user, who may write to it.
    void own_folder(const std::string& name, const std::string& user) const;
    // A file of that many octets.
    void write_octets(const std::string& name, std::size_t octets) const;

    // Starts a server, and waits until it listens on the TCP ports. Requires a program that stays
    // in the foreground. before: commands of a shell in its mount namespace.
    void start(const support::Arguments& command, const std::vector<int>& ports,
               const std::string& before = "");
    // Makes an account for an identity: "user ann". Before follow().
    void bind(const std::string& identity, const std::string& account) const;
    // Starts `octroi run` with a packet meter `packets` (a witness) and these meters of logs.
    // local: the networks that have accounts.
    void follow(const std::string& meters, const std::string& local = "10.79.0.2/32");
    // The end of octroi, after its last commit.
    void stop_following();

    // The command line of a program of the client.
    [[nodiscard]] support::Arguments at_client(const support::Arguments& arguments) const {
        return support::Network::in(network_.host(), arguments);
    }
    // Runs a program of the client.
    [[nodiscard]] support::Ended run_at_client(const support::Arguments& arguments) const;
    // The same; it must succeed. Returns its output.
    [[nodiscard]] std::string client(const support::Arguments& arguments) const;

    // What the log meter has in the ledger.
    [[nodiscard]] OctetsByIdentity booked(const std::string& meter) const;
    // Waits for it, and checks it.
    void expect_booked(const std::string& meter, const OctetsByIdentity& expected) const;
    // `octroi reconcile` of the log meter: the sum of its rows.
    [[nodiscard]] Gap gap_of(const std::string& meter) const;
    // The log states no more than the packets, and headers of IP and TCP, options of TCP, repeated
    // segments and the octets that are known to be in no line of the log explain the difference:
    // `least` to `most`. Call it after stop_following().
    void expect_explained(const std::string& meter, std::uint64_t least, std::uint64_t most) const;
    void expect_explained(const std::string& meter, std::uint64_t known) const {
        expect_explained(meter, known, known);
    }

    // The end of the log of octroi, for messages.
    [[nodiscard]] std::string octroi_log() const;

private:
    [[nodiscard]] nlohmann::json ask(support::Arguments arguments) const;

    support::Network network_;
    support::Folder folder_;
    std::string ledger_ = folder_ / "ledger.db";
    std::string config_ = folder_ / "octroi.toml";
    std::vector<std::unique_ptr<support::Process>> servers_;
    std::unique_ptr<support::Process> octroi_;
};

// A request as curl measures it, in octets.
struct Transfer {
    std::uint64_t body_down = 0;
    std::uint64_t head_down = 0;
    std::uint64_t head_up = 0;
    std::uint64_t body_up = 0;
    std::string status;

    [[nodiscard]] std::uint64_t down() const { return body_down + head_down; }
    [[nodiscard]] std::uint64_t up() const { return body_up + head_up; }
};
// Fetches or sends with these arguments of curl.
[[nodiscard]] Transfer transfer(const ServerMachine& machine, const support::Arguments& arguments);

}  // namespace octroi::servers
