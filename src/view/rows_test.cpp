// SPDX-License-Identifier: GPL-3.0-or-later
#include "record/reading_rows.hpp"

#include <gtest/gtest.h>

#include <set>

#include "support/golden.hpp"
#include "view/reference.hpp"
#include "view/row_stream.hpp"

namespace octroi {
namespace {

Reading tcp() {
    Reading r;
    r.first = UtcTime{1'763'726'400'123'456'789};
    r.last = UtcTime{1'763'726'401'000'000'001};
    r.bytes = 1500;
    r.packets = 3;
    r.src = parse_address("192.0.2.1").value();
    r.dst = parse_address("198.51.100.7").value();
    r.proto = 6;
    r.sport = 51234;
    r.dport = 443;
    r.tcp_flags = 27;
    r.tos = 0;
    return r;
}

std::string ndjson(const Reading& reading, const RowContext& context = {}) {
    std::string out;
    RowStream stream(reading_columns(), MachineFormat::ndjson,
                     [&](std::string_view text) -> Status {
                         out += text;
                         return {};
                     });
    std::vector<Cell> cells;
    reading_cells(reading, context, cells);
    EXPECT_TRUE(stream.row(cells));
    EXPECT_TRUE(stream.finish());
    return out;
}

TEST(Rows, TcpToTheNanosecond) {
    EXPECT_EQ(ndjson(tcp()),
              R"({"src":"192.0.2.1","sport":51234,"dst":"198.51.100.7","dport":443,"proto":6,)"
              R"("packets":3,"bytes":1500,"first":"2025-11-21T12:00:00.123456789Z",)"
              R"("last":"2025-11-21T12:00:01.000000001Z","tcp_flags":27,"tos":0})"
              "\n");
}

TEST(Rows, PrecisionIsTheSources) {
    EXPECT_NE(ndjson(tcp(), {{}, 6}).find(R"("first":"2025-11-21T12:00:00.123456Z")"),
              std::string::npos);
    EXPECT_NE(ndjson(tcp(), {{}, 0}).find(R"("first":"2025-11-21T12:00:00Z")"), std::string::npos);
}

TEST(Rows, IcmpHasNoPortsAndTcpNoIcmp) {
    Reading r = tcp();
    r.proto = 58;
    r.icmp_type = 128;
    const std::string row = ndjson(r);
    EXPECT_EQ(row.find("port"), std::string::npos);
    EXPECT_EQ(row.find("tcp_flags"), std::string::npos);
    EXPECT_NE(row.find(R"("icmp_type":128,"icmp_code":0)"), std::string::npos);
    EXPECT_EQ(ndjson(tcp()).find("icmp"), std::string::npos);
}

TEST(Rows, OrphanFragmentsHaveNoPorts) {
    Reading r = tcp();
    r.sport = r.dport = 0;
    r.fragment = FragmentState::orphan;
    const std::string row = ndjson(r);
    EXPECT_EQ(row.find("port"), std::string::npos);
    EXPECT_EQ(row.find("tcp_flags"), std::string::npos);
    EXPECT_NE(row.find(R"("proto":6)"), std::string::npos);
    EXPECT_NE(row.find(R"("fragment":"orphan")"), std::string::npos);
}

TEST(Rows, EverythingAtOnce) {
    const std::vector<Name> names{{NameKind::interface, "eth0"}, {NameKind::interface, "eth1"}};
    Reading r = tcp();
    r.vlan = 12;
    r.inner_vlan = 34;
    r.src_mac = parse_mac("00:30:ca:b8:d9:bc").value();
    r.dst_mac = parse_mac("00:30:ca:b8:d9:bd").value();
    r.interface = 2;
    r.direction = Direction::out;
    r.fragment = FragmentState::resolved;
    const std::string row = ndjson(r, {names, 9});
    EXPECT_NE(
        row.find(R"("fragment":"resolved","vlan":12,"inner_vlan":34,"src_mac":"00:30:ca:b8:d9:bc",)"
                 R"("dst_mac":"00:30:ca:b8:d9:bd","out_if":"eth1","direction":"out"})"),
        std::string::npos);
    r.direction = Direction::in;
    EXPECT_NE(ndjson(r, {names, 9}).find(R"("in_if":"eth1","direction":"in"})"), std::string::npos);
    r.interface = 3;  // a number that the meter never gave
    EXPECT_EQ(ndjson(r, {names, 9}).find("in_if"), std::string::npos);
}

TEST(Rows, FramesWithoutIpAreNoFlows) {
    Reading r;
    r.kind = ReadingKind::non_ip;
    r.set_ethertype(0x0806);
    r.bytes = 60;
    r.packets = 1;
    EXPECT_FALSE(is_flow_row(r));
    EXPECT_EQ(ndjson(r, {{}, 0}), R"({"kind":"non-ip","ethertype":2054,"packets":1,"bytes":60,)"
                                  R"("first":"1970-01-01T00:00:00Z","last":"1970-01-01T00:00:00Z"})"
                                  "\n");
    EXPECT_TRUE(is_flow_row(tcp()));
}

TEST(Rows, NamesAreUnique) {
    std::set<std::string> keys;
    for (const Column& column : reading_columns()) EXPECT_TRUE(keys.insert(column.key).second);
    for (const char* promised : {"src", "dst", "sport", "dport", "proto", "bytes", "packets",
                                 "first", "last", "tcp_flags", "icmp_type", "icmp_code", "tos",
                                 "vlan", "src_mac", "dst_mac", "in_if", "out_if", "direction"})
        EXPECT_TRUE(keys.contains(promised)) << promised;
}

TEST(RowsDocs, Golden) {
    const std::array chapters{RowChapter{"Flows", "A row is a flow.", reading_fields()}};
    support::expect_golden("view/rows.md", rows_markdown(chapters));
    constexpr std::array counters{CounterInfo{"capture_frames_total", "Frames seen."},
                                  CounterInfo{"capture_bytes_total", "Octets on the wire."}};
    const std::array components{CounterChapter{"capture", "One for each meter.", counters},
                                CounterChapter{"fragments", "", std::span(counters).first(1)}};
    support::expect_golden("view/counters.md", counters_markdown(components));
}

}  // namespace
}  // namespace octroi
