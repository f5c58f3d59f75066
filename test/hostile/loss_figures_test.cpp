// SPDX-License-Identifier: GPL-3.0-or-later
// Losses of different units are not added up, and a number in a file cannot make them, or the
// import, fail.

#include "attack.hpp"
#include "wire/packet/testing/build.hpp"
#include "wire/pcap/testing/writer.hpp"

namespace octroi::hostile {
namespace {

using namespace ipfix::testing;

class LossFigures : public Attack {};

json rows_of_losses(const RunningDaemon& daemon) {
    return parsed(daemon.command({"--json", "meters", "--losses"}));
}

// A gap of 100 records (v5) and one of 1 message (v9) are not 101 packets.
TEST_F(LossFigures, OfDifferentUnitsAreNotAddedUp) {
    RunningDaemon daemon(patient());
    const auto sender = [&](std::uint32_t host) {
        return PacedSender(daemon.socket().descriptor(), loopback(host), daemon.socket().port());
    };
    // A gap is a loss when no message within the window has filled it.
    constexpr std::uint32_t messages = 70;
    PacedSender v5 = sender(10);
    for (std::uint32_t i = 0; i < messages; ++i)
        ASSERT_TRUE(v5.send(v5_message({.sequence = i == 0 ? 0 : 100 + i, .seconds = now_seconds()},
                                       {v5_record(1000, 1)})));
    PacedSender v9 = sender(11);
    const Fields fields{{8, 4}, {12, 4}, {1, 4}, {2, 4}};
    for (std::uint32_t i = 0; i < messages; ++i)
        ASSERT_TRUE(v9.send(
            v9_message(1,
                       {v9_templates({{256, fields}}),
                        data(256, values().u32(0x0a000009).u32(0xc0000201).u32(1000).u32(1))},
                       i == 0 ? 0 : 1 + i, 1'000'000 + i, now_seconds())));
    ASSERT_EQ(daemon.stop().status, 0);
    std::map<std::string, std::uint64_t> counts;
    for (const json& row : rows_of_losses(daemon)) {
        EXPECT_TRUE(row.value("packets", json()).is_null()) << row;
        counts[row.value("source", "")] += row.value("count", std::uint64_t{0});
    }
    EXPECT_EQ(counts,
              (std::map<std::string, std::uint64_t>{{"127.0.0.10", 100}, {"127.0.0.11", 1}}));
    const json meters = parsed(daemon.command({"--json", "meters"}));
    EXPECT_EQ(meters.at(0).value("lost_packets", std::uint64_t{0}), 0U) << meters;
}

// The capture states 2^64 - 1 drops: a loss of unknown size, and the packets count.
TEST_F(LossFigures, AnImpossibleNumberOfDropsEndsNoImport) {
    const support::Folder folder;
    const std::string ledger = folder / "ledger.db";
    const std::string capture = folder / "a.pcapng";
    std::string content;
    pcap::PcapngWriter writer(content);
    writer.interface({.name = "eth0"});
    writer.frame(0, UtcTime::from_seconds(1'790'000'000),
                 packet::build::Frame()
                     .ethernet({{2, 0, 0, 0, 0, 1}}, {{2, 0, 0, 0, 0, 2}})
                     .ipv4({.src = Address::v4(0x0a000001U), .dst = Address::v4(0xcb007101U)})
                     .udp(1, 53)
                     .payload(1000 - 28)
                     .octets());
    writer.statistics(0, UINT64_MAX);
    std::ofstream(capture, std::ios::binary) << content;
    const auto ask = [&](support::Arguments arguments) {
        return support::run(support::octroi(ledger, std::move(arguments)));
    };
    const Ended imported = ask({"import", "packets", "--local", "10.0.0.0/8", capture});
    EXPECT_EQ(imported.status, 0) << imported.err;
    const json usage = parsed(ask({"--json", "usage", "--by", "identity"}));
    EXPECT_EQ(used(usage, "identity")["10.0.0.1"], 1000U);
    const json losses = parsed(ask({"--json", "meters", "--losses"}));
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].value("reason", ""), "kernel-drop");
    EXPECT_TRUE(losses[0].value("packets", json()).is_null());
}

}  // namespace
}  // namespace octroi::hostile
