// SPDX-License-Identifier: GPL-3.0-or-later
// `octroi run` with a meter of kind sockets on a host: users that up- and download by HTTP, over a
// control connection with a data connection, and by UDP, over IPv4 and IPv6, against counters of
// nft in the router by the ports of each user; control groups; loopback.

#include <gtest/gtest.h>

#include <array>
#include <filesystem>

#include "routed_network.hpp"

namespace octroi::ebpf_test {
namespace {

// Users that no other process of the machine has, and the ports of each: the first of ten.
struct TestUser {
    const char* uid;
    int port;
};
constexpr std::array users{TestUser{"61001", 21000}, TestUser{"61002", 22000}};

// Runs as a server, or as the user UID, at ports from BASE on: a web server that also takes
// uploads, a server with a control and a data connection, and an echo of UDP.
constexpr const char* program = R"(
import os, socket, socketserver, sys, threading, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
SIZE = 300_000

class Web(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b'w' * SIZE)
    def do_PUT(self):
        self.rfile.read(int(self.headers['Content-Length'])); self.send_response(200)
        self.end_headers()
    def log_message(self, *a): pass

class Server(ThreadingHTTPServer):
    def server_bind(self):  # without a look-up of the name
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = 'test', self.server_address[1]

class ServerV6(Server):
    address_family = socket.AF_INET6

def listen(host, port):
    s = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((host, port)); s.listen(); return s

def take(s):
    n = 0
    while True:
        d = s.recv(65536)
        if not d: return n
        n += len(d)

def ftp(host, base):
    control, data = listen(host, base + 1), listen(host, base + 2)
    while True:
        c, _ = control.accept()
        command = c.recv(4)
        d, _ = data.accept()
        if command == b'RETR': d.sendall(b'f' * SIZE); d.close()
        else: take(d); d.close()
        c.sendall(b'226 '); c.close()

def echo(host, base):
    s = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((host, base + 3))
    while True:
        d, peer = s.recvfrom(2000); s.sendto(d + b'back', peer)

def serve(hosts, bases):
    for host in hosts:
        for base in bases:
            web = (ServerV6 if ':' in host else Server)((host, base), Web)
            for job in (web.serve_forever, lambda h=host, b=base: ftp(h, b),
                        lambda h=host, b=base: echo(h, b)):
                threading.Thread(target=job, daemon=True).start()
    threading.Event().wait(0.5); open(sys.argv[2], 'w').close(); threading.Event().wait(600)

def use(host, base):
    at = f'[{host}]' if ':' in host else host
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    url = f'http://{at}:{base}/'
    opener.open(url).read()
    opener.open(urllib.request.Request(url, b'u' * SIZE, method='PUT')).read()
    for command in (b'RETR', b'STOR'):
        c = socket.create_connection((host, base + 1)); c.sendall(command)
        d = socket.create_connection((host, base + 2))
        if command == b'RETR': take(d)
        else: d.sendall(b's' * SIZE); d.shutdown(socket.SHUT_WR); take(d)
        d.close(); take(c); c.close()
    s = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_DGRAM)
    for i in range(200):
        s.sendto(b'x' * (i * 5), (host, base + 3)); s.recv(2000)

if sys.argv[1] == 'serve': serve(sys.argv[3].split(','), [int(b) for b in sys.argv[4].split(',')])
else:
    if len(sys.argv) > 4: open(sys.argv[4] + '/cgroup.procs', 'w').write('0')
    'x'.encode('idna')  # loads what the user may not be able to read
    uid = int(sys.argv[1]); os.setgid(uid); os.setuid(uid)
    for host in sys.argv[2].split(','): use(host, int(sys.argv[3]))
)";

class Sockets : public testing::Test {
protected:
    void SetUp() override {
        if (!network.missing().empty()) GTEST_SKIP() << network.missing();
        if (group_root().empty()) GTEST_SKIP() << "no control groups of version 2 here";
        std::ofstream(script) << program;
    }
    void TearDown() override {
        if (!network.missing().empty() || group_root().empty()) return;
        EXPECT_EQ(network.command({"audit"}).status, 0);
        const Ended removed = support::run(support::in_netns(
            network.host(), support::octroi(network.ledger(), {"--config", network.config(), "run",
                                                               "--detach-kernel"})));
        EXPECT_EQ(removed.status, 0) << removed.err;
        EXPECT_NE((removed.out + removed.err).find("control groups (receive)"), std::string::npos)
            << removed.out << removed.err;
        std::error_code ignored;
        for (const TestUser& user : users) std::filesystem::remove(group_of(user), ignored);
    }

    static std::string group_root() {
        std::ifstream mounts("/proc/self/mounts");
        std::string device;
        std::string path;
        std::string type;
        std::string rest;
        while (mounts >> device >> path >> type && std::getline(mounts, rest))
            if (type == "cgroup2") return path;
        return "";
    }
    static std::string group_name(const TestUser& user) {
        return "/octroi-test-" + std::to_string(::getpid()) + "-" + user.uid;
    }
    static std::string group_of(const TestUser& user) { return group_root() + group_name(user); }

    // The daemon runs on the host that has the users, and counts by `by`.
    void start(const std::string& by) {
        network.configure_sockets(by);
        network.start_at(network.host());
    }
    // Counters in the router of what leaves and reaches the host, by the ports of the user. Those
    // of the host itself would see packets before the kernel splits them into segments.
    void count_ports() const {
        std::string rules = "table inet count {\n";
        std::string in;
        std::string out;
        for (const TestUser& user : users) {
            const std::string range =
                std::to_string(user.port) + "-" + std::to_string(user.port + 9);
            for (const char* way : {"in", "out"})
                rules += std::string(" counter u") + user.uid + way + " {\n }\n";
            const std::string name = std::string(" counter name u") + user.uid;
            in += "  oifname lan th sport " + range + name + "in\n";
            out += "  iifname lan th dport " + range + name + "out\n";
        }
        rules += " chain i {\n  type filter hook postrouting priority 400;\n" + in +
                 " }\n chain o {\n  type filter hook prerouting priority -400;\n" + out + " }\n}\n";
        const std::string file = folder / "ports.nft";
        std::ofstream(file) << rules;
        RoutedNetwork::must(support::in_netns(network.router(), {"nft", "-f", file}));
    }
    // Each user uses the servers at that place, which run in the namespace.
    void use_servers(const std::string& space, const std::string& hosts, bool in_groups) const {
        const std::string ready = folder / "ready";
        std::filesystem::remove(ready);
        Process servers(support::in_netns(
            space, {"python3", script, "serve", ready, hosts,
                    std::to_string(users[0].port) + "," + std::to_string(users[1].port)}));
        ASSERT_TRUE(support::wait_until([&] { return std::filesystem::exists(ready); },
                                        std::chrono::seconds(10)));
        for (const TestUser& user : users) {
            Arguments arguments{"python3", script, user.uid, hosts, std::to_string(user.port)};
            if (in_groups) {
                std::filesystem::create_directory(group_of(user));
                arguments.push_back(group_of(user));
            }
            RoutedNetwork::must(support::in_netns(network.host(), arguments));
        }
        support::pass(std::chrono::milliseconds(300));  // the last packets of connections
    }
    void expect_counted(const std::string& kind, const std::string& name,
                        const TestUser& user) const {
        const auto booked = network.booked("identity", kind + " " + name);
        const Count in = network.counted(std::string("u") + user.uid + "in");
        const Count out = network.counted(std::string("u") + user.uid + "out");
        EXPECT_GT(in.bytes, 1'200'000U);
        EXPECT_GT(out.bytes, 1'200'000U);
        EXPECT_EQ(booked.received, in) << user.uid;
        EXPECT_EQ(booked.sent, out) << user.uid;
    }

    RoutedNetwork network{false};
    Folder folder;
    std::string script = folder / "users.py";
};

const std::string servers = std::string(server_v4) + "," + server_v6;

TEST_F(Sockets, CountsTheTrafficOfEachUser) {
    count_ports();
    start("user");
    use_servers(network.server(), servers, false);
    network.kill();
    use_servers(network.server(), servers, false);  // nobody reads
    network.start_at(network.host());
    (void)network.stop();
    for (const TestUser& user : users) expect_counted("uid", user.uid, user);
}

TEST_F(Sockets, CountsTheTrafficOfEachControlGroup) {
    count_ports();
    start("control-group");
    use_servers(network.server(), servers, true);
    (void)network.stop();
    for (const TestUser& user : users) expect_counted("cgroup", group_name(user), user);
}

// Within the machine, also to an address of an interface: apart from the traffic of the users.
TEST_F(Sockets, KeepsLoopbackApart) {
    count_ports();
    start("user");
    use_servers(network.host(), std::string("127.0.0.1,::1,") + host_v4 + "," + host_v6, false);
    use_servers(network.server(), servers, false);
    (void)network.stop();
    for (const TestUser& user : users) expect_counted("uid", user.uid, user);
    EXPECT_GT(network.excluded("loopback").bytes, 4U * 2U * 1'200'000U);
}

}  // namespace
}  // namespace octroi::ebpf_test
