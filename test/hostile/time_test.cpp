// SPDX-License-Identifier: GPL-3.0-or-later
// Work grows with the input, not with its square. Processor time is measured, so that other
// programs on the machine do not matter; the bounds are some ten times the usual time.

#include "attack.hpp"
#include "support/traffic.hpp"
#include "wire/packet/testing/build.hpp"
#include "wire/pcap/testing/writer.hpp"
#include "wire/sflow/testing/datagram.hpp"

namespace octroi::hostile {
namespace {

using namespace ipfix::testing;

class TimeUnderAttack : public Attack {};

// natEvent with an inside, an outside and a far end, and a time.
const Fields nat_fields{{8, 4},  {225, 4}, {12, 4},  {7, 2},  {227, 2},
                        {11, 2}, {4, 1},   {230, 1}, {323, 8}};

// A session of that inside address is created. The outside end and the far end are always the same.
std::string nat_event(std::uint32_t inside, std::uint64_t at_ms) {
    constexpr std::uint8_t session_created = 4;
    return values()
        .u32(inside)
        .u32(0xc000024d)
        .u32(0x30000000)
        .u16(5000)
        .u16(40'000)
        .u16(443)
        .u8(6)
        .u8(session_created)
        .u64(at_ms);
}

// Each mapping ends the one before, at the same moment: all have one key but for the inside end.
TEST_F(TimeUnderAttack, ForgedTranslationsDoNotHoldTheLedger) {
    RunningDaemon daemon(patient());
    PacedSender attacker(daemon.socket().descriptor(), loopback(66), daemon.socket().port());
    constexpr std::uint32_t translations = 12'000;
    constexpr std::uint32_t of_a_datagram = 1500;
    const std::uint64_t at_ms = std::uint64_t{now_seconds()} * 1000 - 5000;
    for (std::uint32_t base = 0; base < translations; base += of_a_datagram) {
        std::string events;
        for (std::uint32_t i = base; i < base + of_a_datagram; ++i)
            events += nat_event(0x0a010000U + i, at_ms);
        ASSERT_TRUE(attacker.wait_for_place());
        ASSERT_TRUE(attacker.send(message({templates({{300, nat_fields}}), data(300, events)})));
    }
    daemon.send();
    const double before = seconds_of_children();
    ASSERT_EQ(daemon.stop().status, 0);
    EXPECT_LT(seconds_of_children() - before, 8.0);
    EXPECT_EQ(used(daemon, "account")["@unattributed"], daemon.sent().bytes);
}

// A capture of sFlow datagrams without samples. sub_agents: each names another one.
void write_sflow(const std::string& path, bool sub_agents) {
    std::string content;
    pcap::PcapWriter writer(content);
    const UtcTime begin = UtcTime::from_seconds(1'790'000'000);
    constexpr std::uint32_t datagrams = 200'000;
    for (std::uint32_t i = 0; i < datagrams; ++i) {
        sflow::testing::Datagram datagram(Address::v4(0xc0000201U));
        datagram.sub_agent = sub_agents ? i : 0;
        datagram.sequence = sub_agents ? 1 : i;
        writer.frame(begin + Duration::milliseconds(i),
                     packet::build::Frame()
                         .ethernet({{2, 0, 0, 0, 0, 1}}, {{2, 0, 0, 0, 0, 2}})
                         .ipv4({.src = Address::v4(0xc0000201U), .dst = Address::v4(0xc0000202U)})
                         .udp(50'000, 6343)
                         .raw(datagram.octets())
                         .octets());
    }
    std::ofstream(path, std::ios::binary) << content;
}

// The streams of an exporter are limited: a new one replaces the longest silent one, without a
// search.
TEST_F(TimeUnderAttack, SubAgentsWithoutEndAreNoSearch) {
    const support::Folder folder;
    const auto seconds = [&](bool sub_agents) {
        const std::string path = folder / "a.pcap";
        write_sflow(path, sub_agents);
        const double before = seconds_of_children();
        const Ended ended =
            support::run(support::octroi(folder / "ledger.db", {"inspect", "flow", path}));
        EXPECT_EQ(ended.status, 0) << ended.err;
        return seconds_of_children() - before;
    };
    EXPECT_LT(seconds(true), 6 * seconds(false) + 0.2);
}

TEST_F(TimeUnderAttack, AnAuditOfManyBatchesIsNoSquare) {
    const support::Folder folder;
    const std::string ledger = folder / "ledger.db";
    const std::string capture = folder / "a.pcap";
    (void)support::write_traffic(capture, {.packets = 4000});
    const Ended imported =
        support::run(support::octroi(ledger, {"import", "packets", "--checkpoint", "5", capture}));
    ASSERT_EQ(imported.status, 0) << imported.err;
    const double before = seconds_of_children();
    ASSERT_EQ(support::run(support::octroi(ledger, {"audit"})).status, 0);
    EXPECT_LT(seconds_of_children() - before, 3.0);
}

}  // namespace
}  // namespace octroi::hostile
