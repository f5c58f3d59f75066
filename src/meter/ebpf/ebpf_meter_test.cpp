// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/ebpf/ebpf_meter.hpp"

#include <gtest/gtest.h>

#include "host/file.hpp"
#include "meter/ebpf/testing/meter_fixture.hpp"

namespace octroi::ebpf {
namespace {

using testing::EbpfMeterTest;
using testing::key_of_host;
using testing::some_tables;

// Null: none.
const Name* name_of(const EbpfMeter& meter, NameRef ref) {
    return ref == no_name ? nullptr : &meter.names().rows()[ref - 1];
}

TEST_F(EbpfMeterTest, HandsOverIncreasesByName) {
    const auto meter = open();
    pull(*meter);
    kernel.count(key_of_host(5), 1000, 10);
    pull(*meter);
    kernel.count(key_of_host(5), 500, 5);
    pull(*meter);
    ASSERT_EQ(volumes.all.size(), 2U);
    const auto names = meter->names().rows();
    const Name& local = names[volumes.all[0].local - 1];
    EXPECT_EQ(local.text, "10.0.0.5/32");
    EXPECT_EQ(names[local.within - 1].text, "lan");
    EXPECT_EQ(volumes.all[0].direction, CountedDirection::out);
    EXPECT_EQ(volumes.all[1].bytes, 500U);
    commit(*meter);
    EXPECT_EQ(observed, 1500U);
    EXPECT_EQ(kernel.attached.size(), 2U);
}

TEST_F(EbpfMeterTest, WhatWasCountedBeforeTheFirstReadingIsNotItsTraffic) {
    auto meter = open();
    kernel.count(key_of_host(5), 1000, 10);
    pull(*meter);
    kernel.count(key_of_host(6), 70, 1);
    pull(*meter);
    EXPECT_EQ(volumes.bytes(), 70U);
}

TEST_F(EbpfMeterTest, GoesOnFromTheLastCommitAfterAKill) {
    auto meter = open();
    pull(*meter);
    kernel.count(key_of_host(5), 1000, 10);
    pull(*meter);
    commit(*meter);
    kernel.count(key_of_host(5), 200, 2);
    pull(*meter);  // not committed
    const std::uint64_t handed_over = volumes.bytes();
    EXPECT_EQ(handed_over, 1200U);
    meter.reset();
    kernel.count(key_of_host(5), 30, 1);
    meter = open();
    pull(*meter);
    EXPECT_EQ(volumes.bytes() - handed_over, 230U);
    commit(*meter);
    EXPECT_TRUE(losses.empty());
}

TEST_F(EbpfMeterTest, CountsOfAnotherBootAreWholeAndTheRestIsALoss) {
    auto meter = open();
    pull(*meter);
    kernel.count(key_of_host(5), 1000, 10);
    pull(*meter);
    commit(*meter);
    meter.reset();
    kernel = {};
    machine.boot = "boot-2";
    meter = open();
    kernel.count(key_of_host(5), 50, 1);
    pull(*meter);
    EXPECT_EQ(volumes.bytes(), 1050U);
    commit(*meter);
    ASSERT_EQ(losses.size(), 1U);
    EXPECT_EQ(losses[0].reason, LossReason::counter_reset);
}

TEST_F(EbpfMeterTest, AFullMapIsReplacedAndReadToItsEnd) {
    options.keys_max = 16;
    auto meter = open();
    pull(*meter);
    commit(*meter);
    for (std::uint32_t host = 0; host < 14; ++host) kernel.count(key_of_host(host), 100, 1);
    const std::uint32_t full = kernel.ids.now;
    pull(*meter);
    kernel.maps[full].begin()->second.bytes += 7;
    kernel.count(key_of_host(1), 20, 1);
    meter.reset();  // a kill, before the commit
    volumes.all.clear();
    meter = open();
    pull(*meter);
    commit(*meter);
    EXPECT_EQ(volumes.bytes(), 1427U);
    EXPECT_EQ(kernel.ids.before, 0U);
    kernel.count(key_of_host(1), 5, 1);
    pull(*meter);
    commit(*meter);
    EXPECT_EQ(volumes.bytes(), 1432U);
    EXPECT_TRUE(losses.empty());
    meter.reset();
    meter = open();
    pull(*meter);
    commit(*meter);
    EXPECT_EQ(volumes.bytes(), 1432U);
    EXPECT_TRUE(losses.empty());
}

TEST_F(EbpfMeterTest, ManyIncreasesAreHandedOverInParts) {
    auto meter = open();
    pull(*meter);
    commit(*meter);
    for (std::uint32_t host = 0; host < 5000; ++host) kernel.count(key_of_host(host), 100, 1);
    machine.wait({}, options.poll);
    ASSERT_EQ(*meter->pull(volumes, Duration::milliseconds(1)), Pull::more);
    commit(*meter);  // within a reading
    meter.reset();
    meter = open();
    pull(*meter);
    EXPECT_EQ(volumes.bytes(), 500'000U);
    commit(*meter);
    EXPECT_EQ(observed, 500'000U);
}

TEST_F(EbpfMeterTest, AnImpossibleIncreaseIsExcluded) {
    options.link_bits_per_second = 1'000'000'000;
    auto meter = open();
    pull(*meter);
    kernel.count(key_of_host(5), 50'000'000'000, 40'000'000);
    pull(*meter);
    EXPECT_EQ(volumes.bytes(), 0U);
    EXPECT_EQ(volumes.bytes(ReadingKind::implausible), 50'000'000'000U);
}

TEST_F(EbpfMeterTest, TheOverflowHasNoNames) {
    auto meter = open();
    pull(*meter);
    kernel.others[OCTROI_OVERFLOW_OUT] = {900, 9};
    kernel.others[OCTROI_ARP] = {84, 2};
    pull(*meter);
    ASSERT_EQ(volumes.all.size(), 2U);
    EXPECT_EQ(volumes.all[0].local, no_name);
    EXPECT_EQ(volumes.all[0].direction, CountedDirection::out);
    EXPECT_EQ(volumes.all[1].kind, ReadingKind::non_ip);
}

TEST_F(EbpfMeterTest, TablesThatHadNoMemoryAreTriedAgain) {
    auto meter = open();
    pull(*meter);
    const auto before = kernel.arrays["local_v4"];
    kernel.has_no_memory = true;
    SourceTables tables = *some_tables();
    tables.local = {{*parse_prefix("192.0.2.0/24"), false}};
    meter->use_tables(std::make_shared<const SourceTables>(tables));
    kernel.count(key_of_host(5), 1000, 10);
    pull(*meter);
    EXPECT_EQ(volumes.bytes(), 1000U) << "counting goes on with the old tables";
    EXPECT_EQ(kernel.arrays["local_v4"], before);
    kernel.has_no_memory = false;
    pull(*meter);
    EXPECT_NE(kernel.arrays["local_v4"], before);
}

// What comes in at a VLAN device has come in at the interface below.
TEST_F(EbpfMeterTest, TheProgramsLearnOfInterfacesThatAppear) {
    options.interfaces = {"l*"};
    auto meter = open();
    pull(*meter);
    ASSERT_EQ(kernel.attached.size(), 1U);
    Interface vlan = machine.present.front();
    vlan.name = "vlan10";
    vlan.index = 7;
    vlan.lower = 1;
    Interface lan2 = machine.present.front();
    lan2.name = "lan2";
    lan2.index = 8;
    machine.present.push_back(vlan);
    machine.present.push_back(lan2);
    pull(*meter, 2);
    ASSERT_EQ(kernel.attached.size(), 2U);
    EXPECT_EQ(kernel.attached.at(1).interface, 8);
    std::map<std::string, bool> covered;
    for (const EbpfInterface& i : kernel.interfaces) covered[i.name] = i.covered;
    EXPECT_EQ(covered, (std::map<std::string, bool>{
                           {"lan", true}, {"lan2", true}, {"vlan10", true}, {"wan", false}}));
}

// The kernel may give the index of an interface that has gone to another one.
TEST_F(EbpfMeterTest, CountsOfAnInterfaceThatIsGoneKeepItsName) {
    auto meter = open();
    pull(*meter);
    commit(*meter);
    kernel.count(key_of_host(5), 1000, 10);
    meter.reset();
    machine.present.front().name = "lan9";  // with the index of "lan"
    meter = open();
    pull(*meter);
    ASSERT_EQ(volumes.all.size(), 1U);
    const Name* local = name_of(*meter, volumes.all[0].local);
    ASSERT_NE(local, nullptr);
    const Name* within = name_of(*meter, local->within);
    ASSERT_NE(within, nullptr);
    EXPECT_EQ(within->text, "lan");
}

TEST_F(EbpfMeterTest, LooksBehindNatIfTheMachineRoutes) {
    options.tracks = true;
    auto meter = open();
    pull(*meter);
    EXPECT_EQ(kernel.settings.behind_nat, 0U);
    EXPECT_EQ(kernel.attached.at(0).ingress, "ingress_eth_ct");
    EXPECT_EQ(kernel.attached.at(0).egress, "egress_eth_ct");
    machine.present.front().forwards_v6 = true;
    pull(*meter);
    EXPECT_EQ(kernel.settings.behind_nat, 1U);
}

// The programs are detached: nothing is attached again, and the meter ends.
TEST_F(EbpfMeterTest, HandsOverTheRestAndEnds) {
    auto meter = open();
    pull(*meter);
    commit(*meter);
    meter.reset();
    kernel.attached.clear();
    for (std::uint32_t host = 0; host < 3000; ++host) kernel.count(key_of_host(host), 10, 1);
    options.only_rest = true;
    meter = open();
    Result<Pull> pulled = Pull::more;
    int pulls = 0;
    for (; pulled && *pulled == Pull::more; ++pulls)
        pulled = meter->pull(volumes, Duration::milliseconds(100));
    ASSERT_TRUE(pulled.has_value());
    EXPECT_EQ(*pulled, Pull::end);
    EXPECT_EQ(pulls, 3);
    commit(*meter);
    EXPECT_EQ(volumes.bytes(), 30'000U);
    EXPECT_EQ(observed, 30'000U);
    EXPECT_TRUE(kernel.attached.empty());
    EXPECT_EQ(kernel.ids.before, 0U);
}

TEST_F(EbpfMeterTest, ALedgerThatDoesNotKnowTheMeterGetsNoRest) {
    options.only_rest = true;
    auto folder = OwnFolder::open(folder_.file("state"));
    const auto meter = EbpfMeter::open(options, std::make_unique<testing::FakeMaps>(kernel),
                                       *std::move(folder), machine, {});
    ASSERT_FALSE(meter.has_value());
    EXPECT_EQ(meter.error().code, ErrorCode::not_found);
}

// A backup of the ledger is put back: its cursor names a file that has been written again.
TEST_F(EbpfMeterTest, AStateThatIsNotThatOfTheCursorIsRefused) {
    auto meter = open();
    pull(*meter);
    kernel.count(key_of_host(5), 1000, 10);
    pull(*meter);
    commit(*meter);
    const std::string file = folder_.file("state") + "/" + cursors_.front().position;
    const auto content = read_own_file(file, 1U << 20U);
    ASSERT_TRUE(content.has_value());
    std::string other = *content;
    other.back() = static_cast<char>(other.back() ^ 1);
    ASSERT_TRUE(replace_file(file, other).has_value());
    meter.reset();
    meter = open();
    EXPECT_NE(meter->warning().find("not the one that the ledger's cursor names"),
              std::string::npos)
        << meter->warning();
    pull(*meter);
    commit(*meter);
    EXPECT_EQ(volumes.bytes(), 1000U);
    EXPECT_EQ(losses.size(), 1U);
}

// Programs remember what they decided by the old tables until they get their settings.
TEST_F(EbpfMeterTest, NewTablesAreFollowedByTheSettings) {
    auto meter = open();
    pull(*meter);
    EXPECT_EQ(kernel.settings_set, 1);
    pull(*meter);
    EXPECT_EQ(kernel.settings_set, 1);
    meter->use_tables(some_tables());
    pull(*meter);
    EXPECT_EQ(kernel.settings_set, 2);
    machine.present.front().addresses = {
        {*parse_address("10.3.0.1"), *parse_prefix("10.3.0.0/16")}};
    pull(*meter);
    EXPECT_EQ(kernel.settings_set, 3);
}

octroi_key key_of_socket(unsigned by, std::uint64_t id) {
    octroi_key key{};
    key.family = 4;
    key.local_length = 1;
    std::memcpy(&key.local[0], &id, sizeof id);
    key.way = static_cast<__u8>(by << 1U);
    return key;
}

TEST_F(EbpfMeterTest, CountsByUser) {
    options.by = CountBy::user;
    auto meter = open();
    pull(*meter);
    EXPECT_EQ(kernel.at_sockets,
              std::pair(std::string("receive_by_uid"), std::string("send_by_uid")));
    EXPECT_TRUE(kernel.attached.empty());
    kernel.count(key_of_socket(OCTROI_BY_UID, 1000), 500, 5);
    pull(*meter);
    ASSERT_EQ(volumes.all.size(), 1U);
    EXPECT_EQ(volumes.all[0].direction, CountedDirection::in);
    const Name* name = name_of(*meter, volumes.all[0].local);
    ASSERT_NE(name, nullptr);
    EXPECT_EQ(name->kind, NameKind::uid);
    EXPECT_EQ(name->text, "1000");
}

// A binding of a slice applies to its services. A group that has ended keeps its name; one that was
// never seen, and the root, have none.
TEST_F(EbpfMeterTest, CountsByControlGroup) {
    options.by = CountBy::control_group;
    kernel.control_groups = {{1, "/"}, {7, "/a.slice/web.service"}};
    auto meter = open();
    pull(*meter);
    kernel.control_groups.erase(7);
    for (const std::uint64_t id : {1U, 7U, 8U})
        kernel.count(key_of_socket(OCTROI_BY_CGROUP, id), id, 1);
    pull(*meter);
    ASSERT_EQ(volumes.all.size(), 3U);
    for (const CountedVolume& volume : volumes.all) {
        const Name* name = name_of(*meter, volume.local);
        if (volume.bytes != 7) {
            EXPECT_EQ(name, nullptr);
            continue;
        }
        ASSERT_NE(name, nullptr);
        EXPECT_EQ(name->kind, NameKind::cgroup);
        EXPECT_EQ(name->text, "/a.slice/web.service");
        const Name* above = name_of(*meter, name->within);
        ASSERT_NE(above, nullptr);
        EXPECT_EQ(above->text, "/a.slice");
        EXPECT_EQ(above->within, no_name);
    }
}

}  // namespace
}  // namespace octroi::ebpf
