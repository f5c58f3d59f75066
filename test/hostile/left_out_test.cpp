// SPDX-License-Identifier: GPL-3.0-or-later
// Nothing is left out in silence: neither a capture that looks like another one, nor what a ledger
// or a journal held that somebody removed or damaged.

#include <filesystem>

#include "attack.hpp"
#include "wire/packet/testing/build.hpp"
#include "wire/pcap/testing/writer.hpp"

namespace octroi::hostile {
namespace {

class LookAlike : public Attack {};
class LedgerGone : public Attack {};
class JournalDamaged : public Attack {};

// A capture of packets of 1000 octets from 10.0.0.host: of host 1, then of another one.
std::string capture_of(int of_host_1, std::uint32_t host, int of_other_host) {
    std::string content;
    pcap::PcapWriter writer(content);
    UtcTime at = UtcTime::from_seconds(1'790'000'000);
    const auto add = [&](std::uint32_t source, int count) {
        for (int i = 0; i < count; ++i, at = at + Duration::milliseconds(10))
            writer.frame(at, packet::build::Frame()
                                 .ethernet({{2, 0, 0, 0, 0, 1}}, {{2, 0, 0, 0, 0, 2}})
                                 .ipv4({.src = Address::v4(0x0a000000U + source),
                                        .dst = Address::v4(0xcb007101U)})
                                 .udp(1, 53)
                                 .payload(1000 - 28)
                                 .octets());
    };
    add(1, of_host_1);
    add(host, of_other_host);
    return content;
}

class CaptureLedger {
public:
    Ended import(const std::string& name, const std::string& content) {
        const std::string path = folder_ / name;
        std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
        return support::run(
            support::octroi(ledger_, {"import", "packets", "--local", "10.0.0.0/8", path}));
    }
    [[nodiscard]] std::map<std::string, std::uint64_t> figures() const {
        return used(
            parsed(support::run(support::octroi(ledger_, {"--json", "usage", "--by", "identity"}))),
            "identity");
    }

private:
    support::Folder folder_;
    std::string ledger_ = folder_ / "ledger.db";
};

using Figures = std::map<std::string, std::uint64_t>;

// 100 packets are more than what a file is recognised by at first.
TEST_F(LookAlike, AShorterCaptureThatBeginsLikeAnotherIsBooked) {
    CaptureLedger ledger;
    EXPECT_EQ(ledger.import("a.pcap", capture_of(100, 2, 200)).status, 0);
    const Ended second = ledger.import("b.pcap", capture_of(100, 3, 100));
    EXPECT_EQ(second.status, 0) << second.err;
    EXPECT_NE(second.err.find("counts as another capture"), std::string::npos) << second.err;
    EXPECT_EQ(ledger.figures(),
              (Figures{{"10.0.0.1", 200'000}, {"10.0.0.2", 200'000}, {"10.0.0.3", 100'000}}));
}

TEST_F(LookAlike, ARepairedCaptureGoesOn) {
    CaptureLedger ledger;
    const std::string whole = capture_of(100, 2, 200);
    std::string damaged = whole;
    constexpr std::size_t record = 16 + 14 + 1000;
    damaged.replace(24 + 150 * record + 8, 8, std::string(8, '\xff'));
    EXPECT_EQ(ledger.import("a.pcap", damaged).status, 1);
    EXPECT_EQ(ledger.figures(), (Figures{{"10.0.0.1", 100'000}, {"10.0.0.2", 50'000}}));
    EXPECT_EQ(ledger.import("a.pcap", whole).status, 0);
    EXPECT_EQ(ledger.figures(), (Figures{{"10.0.0.1", 100'000}, {"10.0.0.2", 200'000}}));
}

// The parts of a ledger on the disk while a daemon writes to it.
void rename_ledger(const std::string& from, const std::string& to) {
    for (const char* part : {"", "-wal", "-shm"})
        if (std::filesystem::exists(from + part)) std::filesystem::rename(from + part, to + part);
}

// The daemon ends with an error, and keeps the journal: with the ledger back in its place, all is
// booked.
void expect_noticed(bool is_replaced) {
    RunningDaemon daemon(patient());
    daemon.send();
    ASSERT_EQ(daemon.stop().status, 0);
    daemon.start();
    const std::string aside = daemon.path("aside.db");
    rename_ledger(daemon.ledger(), aside);
    if (is_replaced) std::filesystem::copy_file(aside, daemon.ledger());
    daemon.send();
    const Ended ended = daemon.stop();
    EXPECT_NE(ended.status, 0);
    EXPECT_NE(ended.err.find("was removed or replaced"), std::string::npos) << ended.err;
    for (const char* part : {"", "-wal", "-shm"}) std::filesystem::remove(daemon.ledger() + part);
    rename_ledger(aside, daemon.ledger());
    daemon.start();
    ASSERT_EQ(daemon.stop().status, 0);
    EXPECT_EQ(used(daemon, "account")["@unattributed"], daemon.sent().bytes);
    EXPECT_EQ(losses(daemon), (std::map<std::string, int>{}));
}

TEST_F(LedgerGone, IsNoticedAndNothingIsLost) { expect_noticed(false); }
TEST_F(LedgerGone, IsNoticedIfAnotherOneHasItsName) { expect_noticed(true); }

enum class Damage { removed, cut, overwritten };

TEST_F(JournalDamaged, IsALossWhateverTheDamage) {
    for (const Damage damage : {Damage::removed, Damage::cut, Damage::overwritten}) {
        RunningDaemon daemon(patient());
        daemon.send();
        kill(daemon);
        const std::string segment = daemon.path("journal/flows/000000.journal");
        ASSERT_TRUE(std::filesystem::exists(segment));
        if (damage == Damage::removed)
            std::filesystem::remove(segment);
        else if (damage == Damage::cut)
            std::filesystem::resize_file(segment, 5000);
        else
            std::fstream(segment, std::ios::in | std::ios::out | std::ios::binary)
                << std::string(16, '\0');
        daemon.start();
        daemon.send();
        const Ended ended = daemon.stop();
        EXPECT_EQ(ended.status, 0) << ended.err;
        EXPECT_NE(ended.err.find("missing or damaged"), std::string::npos) << ended.err;
        EXPECT_EQ(losses(daemon)["corrupt"], 1) << static_cast<int>(damage);
        EXPECT_GT(used(daemon, "account")["@unattributed"], 0U);
    }
}

}  // namespace
}  // namespace octroi::hostile
