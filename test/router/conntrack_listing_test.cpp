// SPDX-License-Identifier: GPL-3.0-or-later
// Listings that tools of the real kernel write, against the messages of the kernel about the same
// connections: NAT in both directions, zones, marks, IPv6, ICMP, GRE, SCTP, UDP-Lite, protocols
// that the kernel does not know, connections without counters.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "host/connections.hpp"
#include "tracked_router.hpp"
#include "wire/conntrack/conntrack.hpp"

namespace octroi {
namespace {

using conntrack::Entry;
using nlohmann::json;
using support::Ended;
using support::Network;

bool is_icmp(std::uint64_t proto) { return proto == 1 || proto == 58; }
bool is_gre(std::uint64_t proto) { return proto == 47; }

// A direction of a connection as text, of all fields that a row of `inspect` has.
std::string direction_of(const Entry& entry, bool is_reply) {
    const conntrack::Tuple& in = is_reply ? entry.connection.reply : entry.connection.original;
    const conntrack::Tuple& other = is_reply ? entry.connection.original : entry.connection.reply;
    const conntrack::Count& count = is_reply ? entry.reply : entry.original;
    const bool has_query = is_icmp(in.proto);
    const std::uint16_t own_zone = is_reply ? entry.reply_zone : entry.original_zone;
    std::string text =
        fmt::format("{} {} {} {} > {}", is_reply ? "reply" : "original", in.proto,
                    to_string(in.src), has_query ? in.icmp_type : in.sport, to_string(in.dst));
    text += fmt::format(" {}", has_query ? in.icmp_code : in.dport);
    if (has_query) text += fmt::format(" id {}", in.sport);
    if (entry.has_counts) text += fmt::format(" {} {}", count.packets, count.bytes);
    if (other.dst != in.src) text += " from " + to_string(other.dst);
    if (other.src != in.dst) text += " to " + to_string(other.src);
    if (!has_query && other.dport != in.sport) text += fmt::format(" sport {}", other.dport);
    if (!has_query && other.sport != in.dport) text += fmt::format(" dport {}", other.sport);
    if (own_zone != 0 || entry.zone != 0)
        text += fmt::format(" zone {}", own_zone != 0 ? own_zone : entry.zone);
    if (entry.mark != 0) text += fmt::format(" mark {}", entry.mark);
    return text;
}

// The same of a row.
std::string direction_of(const json& row) {
    // Absent where a protocol has none.
    const auto number = [&](const char* key) { return row.value(key, std::uint64_t{0}); };
    const auto has = [&](const char* key) { return row.contains(key) && !row.at(key).is_null(); };
    const std::uint64_t proto = number("proto");
    std::string text = fmt::format("{} {} {} {} > {}", row.at("direction").get<std::string>(),
                                   proto, row.at("src").get<std::string>(),
                                   number(is_icmp(proto)  ? "icmp_type"
                                          : is_gre(proto) ? "src_key"
                                                          : "sport"),
                                   row.at("dst").get<std::string>());
    text += fmt::format(" {}", number(is_icmp(proto)  ? "icmp_code"
                                      : is_gre(proto) ? "dst_key"
                                                      : "dport"));
    if (is_icmp(proto)) text += fmt::format(" id {}", row.at("icmp_id").get<std::uint64_t>());
    if (has("packets")) text += fmt::format(" {} {}", number("packets"), number("bytes"));
    if (has("nat_src")) text += " from " + row.at("nat_src").get<std::string>();
    if (has("nat_dst")) text += " to " + row.at("nat_dst").get<std::string>();
    if (has("nat_sport")) text += fmt::format(" sport {}", number("nat_sport"));
    if (has("nat_dport")) text += fmt::format(" dport {}", number("nat_dport"));
    if (has("zone")) text += fmt::format(" zone {}", number("zone"));
    if (has("mark")) text += fmt::format(" mark {}", number("mark"));
    return text;
}

using Directions = std::vector<std::string>;

// What the kernel sends about its connections.
class KernelEntries {
public:
    // In the network namespace of the connections.
    void open() {
        auto opened = open_connections({.begun_events = true});
        ASSERT_TRUE(opened.has_value()) << opened.error().text;
        ASSERT_NE(*opened, nullptr);
        source_ = std::move(*opened);
    }
    void read() {
        const auto add = [](void* self, ConnectionSource::Kind kind, ByteSpan message) {
            Entry entry;
            EXPECT_TRUE(conntrack::decode_entry(message, entry));
            auto& entries = *static_cast<KernelEntries*>(self);
            if (kind == ConnectionSource::Kind::listed) entries.listed.push_back(entry);
            if (kind == ConnectionSource::Kind::ended) entries.ended.push_back(entry);
        };
        do {
            const auto complete = source_->read(add, this);
            ASSERT_TRUE(complete.has_value() && *complete);
            if (source_->is_listing()) source_->wait(Duration::milliseconds(10));
        } while (source_->is_listing());
    }
    std::vector<Entry> listed;
    std::vector<Entry> ended;

private:
    std::unique_ptr<ConnectionSource> source_;
};

Directions directions_of(const std::vector<Entry>& entries) {
    Directions found;
    for (const Entry& entry : entries)
        for (const bool is_reply : {false, true}) found.push_back(direction_of(entry, is_reply));
    std::ranges::sort(found);
    return found;
}

class ConntrackListings : public router_test::TrackedRouter {
protected:
    void SetUp() override {
        TrackedRouter::SetUp();
        if (IsSkipped()) return;
        network_.masquerade();
        load(
            "table inet marks {\n"
            " chain pre {\n  type filter hook prerouting priority raw; policy accept;\n"
            "  iifname \"lan\" ip protocol udp ct original zone set 7\n"
            "  meta nfproto ipv6 meta l4proto udp ct zone set 9\n }\n"
            " chain dest {\n  type nat hook prerouting priority dstnat; policy accept;\n"
            "  ip daddr 10.78.1.1 udp dport 99 dnat ip to 10.78.2.2:53\n }\n"
            " chain marking {\n  type filter hook forward priority 0; policy accept;\n"
            "  ip protocol icmp ct mark set 5\n  tcp dport 5001 ct mark set 0xffffffff\n }\n}\n");
        set("net.netfilter.nf_conntrack_timestamp=1");
        // It closes at once, for 10 s.
        set("net.netfilter.nf_conntrack_sctp_timeout_closed=300");
        // Packets of send_raw() have no checksums.
        set("net.netfilter.nf_conntrack_checksum=0");
    }
    // A packet of this protocol, with these octets behind the IP header, as hexadecimal digits.
    void send_raw(int protocol, const std::string& octets) const {
        Network::must(
            network_.in(network_.host(),
                        {"python3", "-c",
                         "import socket, sys\n"
                         "s = socket.socket(socket.AF_INET, socket.SOCK_RAW, int(sys.argv[1]))\n"
                         "s.sendto(bytes.fromhex(sys.argv[2]), ('10.78.2.2', 0))\n",
                         std::to_string(protocol), octets}));
    }
    void send_protocols() const {
        send_raw(47, "0000080045000000");                  // GRE
        send_raw(47, "2001880b00041f4000000000");          // GRE of PPTP: call 0x1f40
        send_raw(47, "2001880b00041f4100000000");          // and another one between the same hosts
        send_raw(89, "0201002c0a4e0102");                  // OSPF: the kernel does not know it
        send_raw(33, "13891388050000000000000000000000");  // DCCP
        send_raw(136, "13891388000012340000000000000000");  // UDP-Lite
        send_raw(132, "13891388000000000000000001000014000000010000ffff000a000a00000001");  // SCTP
    }
    void send_udp(const std::string& to, int port, int own_port) const {
        Network::must(network_.in(
            network_.host(), {"python3", "-c",
                              "import socket, sys\n"
                              "to, port, own = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])\n"
                              "s = socket.socket(socket.AF_INET6 if ':' in to else socket.AF_INET, "
                              "socket.SOCK_DGRAM)\n"
                              "s.bind(('', own))\n"
                              "s.sendto(b'x' * 100, (to, port))\n",
                              to, std::to_string(port), std::to_string(own_port)}));
    }
    void make_connections() const {
        set("net.netfilter.nf_conntrack_acct=0");
        send_udp("10.78.2.2", 9, 4001);
        send_udp("fd78:2::2", 9, 4002);
        set("net.netfilter.nf_conntrack_acct=1");
        send_udp("10.78.1.1", 99, 4003);
        send_udp("fd78:2::2", 53, 4004);
        network_.transfer("10.78.2.2", 100'000, true);
        network_.transfer("fd78:2::2", 100'000, false);
        send_protocols();
        Network::must(network_.in(network_.host(), {"ping", "-c2", "-i0.2", "10.78.2.2"}));
        Network::must(network_.in(network_.host(), {"ping", "-6", "-c2", "-i0.2", "fd78:2::2"}));
    }
    // Runs a command in the router, and inspects its output.
    [[nodiscard]] json rows_of(const std::string& command) const {
        const std::string listing = folder_ / "listing";
        Network::must(network_.in(network_.router(), {"sh", "-c", command + " > " + listing}));
        return inspect(listing);
    }
    [[nodiscard]] json inspect(const std::string& file) const {
        const Ended ended =
            support::run(support::octroi(ledger_, {"inspect", "conntrack", file, "--ndjson"}));
        EXPECT_EQ(ended.status, 0) << ended.err;
        json rows = json::array();
        std::istringstream lines(ended.out);
        for (std::string line; std::getline(lines, line);) rows.push_back(json::parse(line));
        return rows;
    }
    // event: null: rows of a table.
    static Directions directions_of_rows(const json& rows, const json& event = nullptr) {
        Directions found;
        for (const json& row : rows)
            if (row.value("event", json()) == event) found.push_back(direction_of(row));
        std::ranges::sort(found);
        return found;
    }
};

TEST_F(ConntrackListings, OfTheTableAreThoseOfTheKernel) {
    make_connections();
    KernelEntries kernel;
    ASSERT_TRUE(router_test::in_namespace(network_.router(), [&] {
        kernel.open();
        kernel.read();
    }));
    const Directions expected = directions_of(kernel.listed);
    ASSERT_GE(expected.size(), 30U);
    const auto uncounted =
        std::ranges::count_if(kernel.listed, [](const Entry& entry) { return !entry.has_counts; });
    EXPECT_EQ(uncounted, 2);
    // Each protocol is there, and GRE with its keys.
    for (const int proto : {1, 6, 17, 33, 47, 58, 89, 132, 136})
        EXPECT_TRUE(std::ranges::any_of(kernel.listed, [&](const Entry& entry) {
            return entry.connection.original.proto == proto;
        })) << proto;
    EXPECT_EQ(std::ranges::count_if(kernel.listed,
                                    [](const Entry& entry) {
                                        const auto& tuple = entry.connection.original;
                                        return tuple.proto == 47 && tuple.dport >= 0x1f40;
                                    }),
              2);
    EXPECT_EQ(directions_of_rows(rows_of("conntrack -L")), expected);
    EXPECT_EQ(directions_of_rows(rows_of("conntrack -L -o extended,id,ktimestamp,labels")),
              expected);
    EXPECT_EQ(directions_of_rows(rows_of("cat /proc/net/nf_conntrack")), expected);
}

TEST_F(ConntrackListings, OfEventsAreThoseOfTheKernel) {
    KernelEntries kernel;
    const std::string log = folder_ / "events";
    // conntrack writes each event at once.
    support::Process tool(network_.in(
        network_.router(),
        {"sh", "-c", "exec conntrack -E -b 8388608 -o timestamp,id,extended > " + log}));
    ASSERT_TRUE(router_test::in_namespace(network_.router(), [&] {
        kernel.open();
        support::pass(std::chrono::milliseconds(500));
        make_connections();
        Network::must({"conntrack", "-F"});
        support::pass(std::chrono::milliseconds(500));
        kernel.read();
    }));
    tool.signal(SIGINT);
    (void)tool.wait();
    const Directions expected = directions_of(kernel.ended);
    ASSERT_GE(expected.size(), 30U);
    EXPECT_EQ(directions_of_rows(inspect(log), "destroy"), expected);

    // The ledger has the same sum, once.
    std::uint64_t carried = 0;
    for (const Entry& entry : kernel.ended) carried += entry.original.bytes + entry.reply.bytes;
    for (int i = 0; i < 2; ++i) {
        const Ended imported = support::run(support::octroi(ledger_, {"import", "conntrack", log}));
        EXPECT_EQ(imported.err.find("next:"), std::string::npos) << imported.err;
    }
    const auto ledger = SqliteLedger::open(ledger_, {.mode = OpenMode::read_only});
    ASSERT_TRUE(ledger.has_value()) << ledger.error().text;
    std::uint64_t sum = 0;
    const auto all = (*ledger)->sums({});
    for (const TransferSum& one : *all) sum += one.volume.bytes.value();
    EXPECT_EQ(sum, carried);
    EXPECT_EQ(support::run(support::octroi(ledger_, {"audit"})).status, 0);
}

}  // namespace
}  // namespace octroi
