// SPDX-License-Identifier: GPL-3.0-or-later
// Flow records with AS numbers and next hops, from the datagram to `octroi usage`: bindings of an
// AS, an interface and a next hop decide the account, and rules without any routes decide the
// class.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "host/datagrams.hpp"
#include "host/file.hpp"
#include "support/process.hpp"
#include "wire/packet/testing/build.hpp"
#include "wire/pcap/testing/writer.hpp"

namespace octroi {
namespace {

using support::Ended;
using support::Folder;
using support::octroi;

constexpr std::uint32_t begin_s = 1'700'000'000;
constexpr std::uint32_t uptime_ms = 60'000;

std::uint32_t v4(const char* text) { return parse_address(text)->v4_value(); }

struct Flow {
    const char* src;
    const char* dst;
    std::uint32_t bytes;
    std::uint32_t src_as = 0;
    std::uint32_t dst_as = 0;
    const char* next_hop = "0.0.0.0";
    const char* bgp_next_hop = "0.0.0.0";  // v9 only
    std::uint16_t in_if = 0;
    std::uint16_t out_if = 0;
};

std::string netflow_v5(const std::vector<Flow>& flows) {
    ByteWriter w;
    w.be16(5);
    w.be16(static_cast<std::uint16_t>(flows.size()));
    w.be32(uptime_ms);
    w.be32(begin_s);
    w.be32(0);
    w.be32(0);
    w.be32(0);
    for (const Flow& flow : flows) {
        w.be32(v4(flow.src));
        w.be32(v4(flow.dst));
        w.be32(v4(flow.next_hop));
        w.be16(flow.in_if);
        w.be16(flow.out_if);
        w.be32(1);
        w.be32(flow.bytes);
        w.be32(uptime_ms - 1000);
        w.be32(uptime_ms - 10);
        w.be32(0x0400'01bb);  // 1024 to 443
        w.be32(0x0018'0600);  // TCP
        w.be16(static_cast<std::uint16_t>(flow.src_as));
        w.be16(static_cast<std::uint16_t>(flow.dst_as));
        w.be32(0);
    }
    return w.drain();
}

std::string netflow_v9(const std::vector<Flow>& flows) {
    ByteWriter w;
    w.be16(9);
    w.be16(static_cast<std::uint16_t>(flows.size() + 1));
    w.be32(uptime_ms);
    w.be32(begin_s);
    w.be32(1);
    w.be32(7);
    for (const int value :
         {0, 48, 300, 10, 8, 4, 12, 4, 1, 4, 2, 4, 16, 4, 17, 4, 15, 4, 18, 4, 10, 2, 14, 2})
        w.be16(static_cast<std::uint16_t>(value));
    w.be16(300);
    w.be16(static_cast<std::uint16_t>(4 + 36 * flows.size()));
    for (const Flow& flow : flows) {
        w.be32(v4(flow.src));
        w.be32(v4(flow.dst));
        w.be32(flow.bytes);
        w.be32(1);
        w.be32(flow.src_as);
        w.be32(flow.dst_as);
        w.be32(v4(flow.next_hop));
        w.be32(v4(flow.bgp_next_hop));
        w.be16(flow.in_if);
        w.be16(flow.out_if);
    }
    return w.drain();
}

void write_capture(const std::string& path, const std::vector<std::string>& messages) {
    std::string file;
    pcap::PcapWriter writer(file);
    for (const std::string& message : messages) {
        writer.frame(
            UtcTime::from_seconds(begin_s),
            packet::build::Frame()
                .ethernet({{2, 0, 0, 0, 0, 1}}, {{2, 0, 0, 0, 0, 2}})
                .ipv4({.src = Address::v4(v4("192.0.2.1")), .dst = Address::v4(v4("192.0.2.2"))})
                .udp(50'000, 2055)
                .raw(message)
                .octets());
    }
    std::ofstream(path, std::ios::binary) << file;
}

class FlowAccounts : public ::testing::Test {
protected:
    void expect_done(const support::Arguments& arguments) {
        const Ended ended = support::run(octroi(ledger_, arguments));
        EXPECT_EQ(ended.status, 0) << arguments[0] << ": " << ended.err;
    }
    void import(const std::string& config = {}) {
        support::Arguments arguments{"import", "flow", "--local", "10.0.0.0/8", capture_};
        if (!config.empty()) {
            std::ofstream(folder_ / "octroi.toml") << config;
            arguments.insert(arguments.begin(), {"--config", folder_ / "octroi.toml"});
        }
        write_capture(capture_, messages_);
        expect_done(arguments);
        expect_done({"audit"});
    }
    // Bytes received and sent for each value of the column.
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> usage(const std::string& by) {
        const Ended ended = support::run(octroi(ledger_, {"usage", "--by", by, "--json"}));
        EXPECT_EQ(ended.status, 0) << ended.err;
        std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> rows;
        const nlohmann::json document = nlohmann::json::parse(ended.out);
        for (const auto& row : document.at("rows"))
            rows[row.at(by)] = {row.at("received_bytes"), row.at("sent_bytes")};
        return rows;
    }

    static void send(const std::string& message, std::uint16_t port) {
        const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        to.sin_port = htons(port);
        EXPECT_EQ(::sendto(socket.get(), message.data(), message.size(), 0,
                           reinterpret_cast<const sockaddr*>(&to), sizeof to),
                  static_cast<ssize_t>(message.size()));
    }

    Folder folder_;
    std::string ledger_ = folder_ / "ledger.db";
    std::string capture_ = folder_ / "exports.pcap";
    std::vector<std::string> messages_;
};

using Row = std::pair<std::uint64_t, std::uint64_t>;

TEST_F(FlowAccounts, AreChargedByAsInterfaceAndNextHop) {
    expect_done({"account", "add", "bgp-customer"});
    expect_done({"account", "add", "peer"});
    expect_done({"account", "add", "port-17"});
    expect_done({"bind", "as", "64500", "bgp-customer"});
    std::ofstream(folder_ / "more.toml")
        << "[[binding]]\nidentity = \"as AS4200000001\"\naccount = \"bgp-customer\"\n";
    expect_done({"apply", folder_ / "more.toml"});
    expect_done({"bind", "next-hop", "192.0.2.9", "peer"});
    expect_done({"bind", "interface", "192.0.2.1#3", "port-17"});
    messages_ = {
        netflow_v5({{"198.51.100.1", "10.0.0.1", 1, 64500},
                    {"10.0.0.1", "198.51.100.1", 20, 0, 64500},
                    // Forwarded to the peer, although the destination AS is bound to the customer.
                    {"10.0.0.1", "198.51.100.2", 300, 0, 64500, "192.0.2.9"},
                    {"198.51.100.2", "10.0.0.1", 4000, 64499, 0, "192.0.2.77"},
                    // Decided by the interface: AS 0 and 23456 match no binding.
                    {"198.51.100.3", "10.0.0.1", 50'000, 64500, 0, "0.0.0.0", "", 3},
                    {"198.51.100.3", "10.0.0.1", 600'000, 23456}}),
        netflow_v9({{"198.51.100.1", "10.0.0.1", 7'000'000, 4'200'000'001},
                    {"10.0.0.1", "198.51.100.2", 80'000'000, 0, 0, "192.0.2.200", "192.0.2.9"},
                    {"10.0.0.1", "198.51.100.2", 900'000'000, 0, 0, "192.0.2.9"}})};
    import();
    const auto accounts = usage("account");
    EXPECT_EQ(accounts.at("bgp-customer"), Row(20, 7'000'001));
    EXPECT_EQ(accounts.at("peer"), Row(980'000'300, 0));
    EXPECT_EQ(accounts.at("port-17"), Row(0, 50'000));
    const auto identities = usage("identity");
    EXPECT_EQ(identities.at("as 64500"), Row(20, 1));
    EXPECT_EQ(identities.at("as 4200000001"), Row(0, 7'000'000));
    EXPECT_EQ(identities.at("interface 192.0.2.1#3"), Row(0, 50'000));
    const Ended bindings = support::run(octroi(ledger_, {"bindings", "--json"}));
    EXPECT_NE(bindings.out.find(R"("kind":"next-hop","identity":"192.0.2.9")"), std::string::npos)
        << bindings.out;
    expect_done({"unbind", "as", "64500"});
}

TEST_F(FlowAccounts, HaveClassesByRulesAlone) {
    messages_ = {netflow_v5({{"203.0.113.1", "10.0.0.1", 1, 7575},
                             {"10.0.0.1", "203.0.113.1", 20, 0, 7575},
                             {"10.0.0.1", "203.0.113.1", 300, 0, 7575, "192.0.2.9"},
                             {"203.0.113.2", "10.0.0.1", 4000, 7576}}),
                 netflow_v9({{"10.0.0.1", "203.0.113.2", 50'000, 0, 7577, "192.0.2.8"}})};
    import(
        "[attribute]\nclass_rules = [\"as 7575 = aarnet\", \"as 7575-7577 = academic\", "
        "\"next-hop 192.0.2.9 = transit-a\", \"default = international\"]\n");
    // From the view of the inside account: bytes from the class and bytes to it.
    const auto classes = usage("class");
    EXPECT_EQ(classes.at("aarnet"), Row(1, 20));
    EXPECT_EQ(classes.at("transit-a"), Row(0, 300));
    EXPECT_EQ(classes.at("academic"), Row(4000, 50'000));
    EXPECT_FALSE(classes.contains("international"));
    // The ledger can explain the decision later.
    const Ended why =
        support::run(octroi(ledger_, {"class", "lookup", "203.0.113.2", "--as", "7576", "--json"}));
    EXPECT_NE(why.out.find("as 7576-7577"), std::string::npos) << why.out << why.err;
    const Ended hop = support::run(octroi(ledger_, {"class", "lookup", "203.0.113.2", "--as",
                                                    "7576", "--next-hop", "192.0.2.9", "--json"}));
    EXPECT_NE(hop.out.find("next-hop 192.0.2.9"), std::string::npos) << hop.out << hop.err;
}

TEST_F(FlowAccounts, RoutesComeBeforeAsNumbers) {
    std::ofstream(folder_ / "routes.txt") << "203.0.113.0/24 mirror\n";
    expect_done({"class", "load", folder_ / "routes.txt", "--rule", "as 7575 = aarnet"});
    messages_ = {
        netflow_v5({{"203.0.113.1", "10.0.0.1", 1, 7575}, {"198.51.100.1", "10.0.0.1", 20, 7575}})};
    import();
    const auto classes = usage("class");
    EXPECT_EQ(classes.at("mirror"), Row(1, 0));
    EXPECT_EQ(classes.at("aarnet"), Row(20, 0));
}

// The same with the daemon: socket, journal, and an export at the same time.
TEST_F(FlowAccounts, AreTheSameForARunningCollector) {
    auto source = UdpSource::open({.address = Address::v4(INADDR_LOOPBACK), .port = 0});
    ASSERT_TRUE(source.has_value()) << source.error().text;
    const int socket_of_ours = (*source)->descriptor();
    std::ofstream(folder_ / "octroi.toml")
        << "[attribute]\nlocal = [\"10.0.0.0/8\"]\n"
           "class_rules = [\"as 7575 = aarnet\", \"next-hop 192.0.2.9 = transit-a\"]\n"
           "[[meter]]\nname = \"routers\"\nkind = \"collector\"\n"
           "[[export]]\nto = \"file:"
        << folder_ / "out.ipfix" << "\"\n";
    expect_done({"account", "add", "bgp-customer"});
    expect_done({"bind", "as", "64500", "bgp-customer"});
    send(netflow_v9({{"203.0.113.1", "10.0.0.1", 1, 64500},
                     {"10.0.0.1", "203.0.113.2", 20, 0, 7575},
                     {"10.0.0.1", "203.0.113.2", 300, 0, 7575, "192.0.2.9"}}),
         (*source)->port());
    const Ended ended =
        support::Process(
            octroi(ledger_, {"--config", folder_ / "octroi.toml", "run", "--for", "3s"}),
            [socket_of_ours] {
                constexpr int first_given = 3;  // sd_listen_fds(3)
                if (socket_of_ours == first_given)
                    ::fcntl(first_given, F_SETFD, 0);
                else
                    ::dup2(socket_of_ours, first_given);
                ::setenv("LISTEN_FDS", "1", 1);
                ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
            })
            .wait();
    EXPECT_EQ(ended.status, 0) << ended.err;
    expect_done({"audit"});
    EXPECT_EQ(usage("account").at("bgp-customer"), Row(0, 1));
    const auto classes = usage("class");
    EXPECT_EQ(classes.at("aarnet"), Row(0, 20));
    EXPECT_EQ(classes.at("transit-a"), Row(0, 300));
}

TEST_F(FlowAccounts, AnEmptyTableIsRefused) {
    const Ended ended = support::run(octroi(ledger_, {"class", "load"}));
    EXPECT_EQ(ended.status, 2);
    EXPECT_NE(ended.err.find("--rule"), std::string::npos) << ended.err;
}

}  // namespace
}  // namespace octroi
