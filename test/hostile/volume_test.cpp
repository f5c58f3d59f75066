// SPDX-License-Identifier: GPL-3.0-or-later
// One sender cannot use up what all share, and no sum ends the answers of a ledger.

#include "attack.hpp"
#include "ledger/testing/batches.hpp"
#include "store/sqlite/sqlite_ledger.hpp"
#include "wire/packet/testing/build.hpp"
#include "wire/sflow/testing/datagram.hpp"

namespace octroi::hostile {
namespace {

using namespace ipfix::testing;

class OneSender : public Attack {};
class LargeSums : public Attack {};

// 65,535 octets of IP, of which the sampler shows the first ones.
std::string sample_of_a_large_packet() {
    packet::build::Ipv4 header;
    header.src = *parse_address("198.51.100.7");
    header.dst = *parse_address("203.0.113.7");
    constexpr std::size_t headers = 20 + 8;
    return packet::build::Frame()
        .ethernet({{2, 0, 0, 0, 0, 1}}, {{2, 0, 0, 0, 0, 2}})
        .ipv4(header)
        .udp(1, 53)
        .payload(65'535 - headers)
        .octets()
        .substr(0, 128);
}

// A commit has a limit for each sender, whatever agents the sender names.
TEST_F(OneSender, ThatNamesManyAgentsStopsNobodyElse) {
    RunningDaemon daemon(patient("exporters = [\"127.0.0.0/24\"]\n"));
    PacedSender attacker(daemon.socket().descriptor(), loopback(66), daemon.socket().port());
    const std::string frame = sample_of_a_large_packet();
    // About 2^40 octets for each sample, 2^46 for each agent and 2^49 for the sender.
    for (std::uint32_t agent = 100; agent < 108; ++agent) {
        sflow::testing::Datagram datagram(Address::v4(loopback(agent)));
        for (std::uint32_t sample = 1; sample <= 64; ++sample)
            datagram.flow_sample({.sequence = sample, .rate = 1U << 24U},
                                 {sflow::testing::raw_header(frame, 1, 65'549)});
        ASSERT_TRUE(attacker.send(datagram.octets()));
    }
    for (int i = 0; i < 50; ++i) daemon.send();
    ASSERT_EQ(daemon.stop().status, 0);
    auto figures = used(daemon, "account");
    EXPECT_EQ(figures["@unattributed"], daemon.sent().bytes);
    EXPECT_GT(figures["@excluded/implausible"], 0U) << "the sender reached its limit";
    EXPECT_EQ(losses(daemon), (std::map<std::string, int>{}));
}

// 33 invented exporters, each with a record of 128 TiB: what all may have in one commit.
TEST_F(OneSender, ThatInventsExportersStopsNobodyElse) {
    RunningDaemon daemon(patient());
    for (std::uint32_t exporter = 0; exporter < 33; ++exporter) {
        PacedSender attacker(daemon.socket().descriptor(), loopback(0x100 + exporter),
                             daemon.socket().port());
        ASSERT_TRUE(
            attacker.send(message({templates({{256, flow_fields}}),
                                   data(256, flow_of(99, std::uint64_t{1} << 47U, 1, 1) +
                                                 flow_of(99, std::uint64_t{1} << 47U, 1, 1800))})));
    }
    for (int i = 0; i < 50; ++i) daemon.send();
    ASSERT_EQ(daemon.stop().status, 0);
    auto figures = used(daemon, "identity");
    std::uint64_t honest = 0;
    for (const auto& [identity, bytes] : figures)
        if (identity != "10.0.0.99") honest += bytes;
    EXPECT_EQ(honest, daemon.sent().bytes);
    EXPECT_EQ(losses(daemon), (std::map<std::string, int>{}));
}

// Sums of forged counters exceed 63 and 64 bits. Whatever is asked, and each later import, works.
TEST_F(LargeSums, EndNeitherQuestionsNorImports) {
    const support::Folder folder;
    const std::string path = folder / "ledger.db";
    constexpr std::uint64_t most_of_a_batch = (std::uint64_t{1} << 62U) - 1;
    {
        auto ledger = SqliteLedger::open(path, {.mode = OpenMode::create});
        ASSERT_TRUE(ledger) << ledger.error().text;
        for (std::uint64_t number = 1; number <= 5; ++number) {
            const Batch batch = testing::BatchBuilder(number)
                                    .transfer(static_cast<int>(number), testing::account("a"),
                                              testing::outside("world"), "web", most_of_a_batch)
                                    .build();
            const auto done = (*ledger)->commit(batch);
            ASSERT_TRUE(done) << done.error().text;
        }
    }
    const auto ask = [&](support::Arguments arguments) {
        return support::run(support::octroi(path, std::move(arguments)));
    };
    const json usage = parsed(ask(
        {"--json", "usage", "--by", "account", "--since", "2026-11-01", "--until", "2026-11-02"}));
    // The sum is more than 64 bits hold, and not one modulo 2^64.
    EXPECT_EQ(used(usage, "account")["a"], UINT64_MAX);
    EXPECT_EQ(ask({"meters"}).status, 0);
    EXPECT_EQ(ask({"audit"}).status, 0);
    EXPECT_EQ(ask({"ledger"}).status, 0);
    const std::string flows = folder / "flows.ipfix";
    std::ofstream(flows, std::ios::binary)
        << message({templates({{256, flow_fields}}), data(256, flow_of(1, 1000))});
    const Ended imported = ask({"import", "flow", "--local", "10.0.0.0/8", flows});
    EXPECT_EQ(imported.status, 0) << imported.err;
}

}  // namespace
}  // namespace octroi::hostile
