// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Network namespaces around a router, for tests of meters: a host inside, the router, and a
// server outside. nft counters in the router state the TCP traffic of the host.

#include <cstdint>
#include <string>

#include "support/process.hpp"

namespace octroi::support {

class Network {
public:
    Network();
    ~Network();
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    // Empty, or why there are no network namespaces here.
    [[nodiscard]] const std::string& missing() const { return missing_; }

    [[nodiscard]] const std::string& host() const { return host_; }
    [[nodiscard]] const std::string& router() const { return router_; }
    [[nodiscard]] const std::string& server() const { return server_; }

    static void must(const Arguments& arguments);
    [[nodiscard]] static Arguments in(const std::string& space, Arguments arguments);

    // A veth pair between two namespaces, up. Without offloads the kernel counts what the wire
    // would carry.
    static void cable(const std::string& space, const std::string& link, const std::string& other,
                      const std::string& other_link, bool offloads);
    static void address(const std::string& space, const std::string& link, const std::string& v4,
                        const std::string& v6);
    // Routes by default, and in the router forwarding.
    void route(const std::string& via_v4, const std::string& via_v6);
    void forward() const;
    // host-lan-router-wan-server with addresses of 10.78.1.0/24, 10.78.2.0/24, fd78:1::/64 and
    // fd78:2::/64.
    void routed(bool offloads = false);
    void masquerade() const;

    // nft counters of TCP to and from the host, at the interface of the router. family: inet or
    // bridge.
    void count_at(const std::string& link, const std::string& family = "inet") const;
    struct Count {
        std::uint64_t bytes = 0;
        std::uint64_t packets = 0;

        bool operator==(const Count&) const = default;
    };
    struct Counts {
        Count down;
        Count up;
    };
    [[nodiscard]] Counts counted() const;

    // The server sends, or receives, that many octets over TCP. `at`: its address.
    void transfer(const std::string& at, std::uint64_t octets, bool download) const;
    // iperf3 from the host to a server, with these options of the client.
    void iperf(const Arguments& options) const;
    // Until a program in the namespace listens on the TCP port.
    static void wait_for_listener(const std::string& space, int port);
    // TCP segments that the namespace has sent (Tcp: OutSegs and RetransSegs of /proc/net/snmp),
    // also those that are sent as one large frame.
    struct Segments {
        std::uint64_t sent = 0;
        std::uint64_t again = 0;  // of these
    };
    [[nodiscard]] static Segments segments_sent(const std::string& space);

private:
    std::string missing_;
    std::string host_;
    std::string router_;
    std::string server_;
    Folder folder_;
};

}  // namespace octroi::support
