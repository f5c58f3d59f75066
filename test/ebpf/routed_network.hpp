// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Namespaces host - router - server, nft counters of the host's traffic in the router, and a daemon
// in the router that counts in the kernel.

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "support/netns.hpp"
#include "support/process.hpp"

namespace octroi::ebpf_test {

using nlohmann::json;
using support::Arguments;
using support::Ended;
using support::Folder;
using support::Process;

struct Count {
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;

    bool operator==(const Count&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Count& count) {
    return out << count.bytes << " bytes, " << count.packets << " packets";
}

inline constexpr const char* host_v4 = "10.78.1.2";
inline constexpr const char* host_v6 = "fd78:1::2";
inline constexpr const char* server_v4 = "10.78.2.2";
inline constexpr const char* server_v6 = "fd78:2::2";

class RoutedNetwork {
public:
    explicit RoutedNetwork(bool offloads);
    ~RoutedNetwork();
    RoutedNetwork(const RoutedNetwork&) = delete;
    RoutedNetwork& operator=(const RoutedNetwork&) = delete;

    // Empty, or why the test cannot run here.
    [[nodiscard]] const std::string& missing() const { return missing_; }
    [[nodiscard]] const std::string& host() const { return host_; }
    [[nodiscard]] const std::string& router() const { return router_; }
    [[nodiscard]] const std::string& server() const { return server_; }
    [[nodiscard]] const std::string& ledger() const { return ledger_; }
    [[nodiscard]] const std::string& config() const { return config_; }
    [[nodiscard]] std::string pins() const { return bpffs_ + "/octroi"; }

    static void must(const Arguments& arguments);
    void masquerade() const;
    // At the interface of the router to the host: from and to the addresses of the host.
    [[nodiscard]] Count counted(const std::string& counter) const;

    // iperf3 from the host to the server.
    void transfer(const Arguments& options) const;

    // more: lines of [[meter]]. local, interfaces: as TOML.
    void configure(const std::string& more,
                   const std::string& local = R"("10.78.1.0/24", "fd78:1::/64")",
                   const std::string& interfaces = R"("lan", "wan")") const;
    // The same with another choice of interfaces only.
    void configure_at(const std::string& interfaces) const {
        configure("", R"("10.78.1.0/24", "fd78:1::/64")", interfaces);
    }
    // Rules of nft in the namespace.
    void add_rules(const std::string& space, const std::string& rules) const;
    // Counters `sent` and `received` in the namespace: IPv4 from and to the address.
    void count_in(const std::string& space, const std::string& address) const;
    [[nodiscard]] Count counted_in(const std::string& space, const std::string& counter,
                                   const std::string& table = "own") const;
    // Echoes of UDP from the client to address:port, and connections of TCP to the next port:
    // `times` of each, each from another port. The server namespace answers at server_port.
    void talk(const std::string& client, const std::string& address, int port,
              const std::string& server, int server_port, int times) const;
    // A meter of kind sockets, of this name in `by`. namespaces: own or all.
    void configure_sockets(const std::string& by, const std::string& namespaces = "own") const;
    void start() { start_at(router_); }
    void start_at(const std::string& space);
    // Whether programs are at both hooks of each interface: links of TCX, or filters of tc.
    [[nodiscard]] bool has_programs() const;
    // The folder of the pins of the meter; empty: there is none.
    [[nodiscard]] std::string pin_folder() const;
    void kill();
    // Waits for a reading of the counts, then ends the daemon.
    [[nodiscard]] Ended stop();
    [[nodiscard]] Ended command(Arguments arguments) const;

    struct Booked {
        Count received;
        Count sent;
    };
    // may_lack: nothing may be booked under this name.
    [[nodiscard]] Booked booked(const std::string& key, const std::string& name,
                                bool may_lack = false) const;
    // Transfers from @excluded/reason.
    [[nodiscard]] Count excluded(const std::string& reason) const;

private:
    void add_links(bool offloads) const;
    void add_counters() const;
    [[nodiscard]] Arguments in_router(Arguments arguments) const {
        return support::in_netns(router_, std::move(arguments));
    }

    std::string missing_;
    std::string host_;
    std::string router_;
    std::string server_;
    Folder folder_;
    std::string ledger_ = folder_ / "ledger.db";
    std::string config_ = folder_ / "octroi.toml";
    std::string bpffs_ = folder_ / "bpf";
    std::unique_ptr<Process> daemon_;
};

}  // namespace octroi::ebpf_test
