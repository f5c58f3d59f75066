// SPDX-License-Identifier: GPL-3.0-or-later
// The end of counting in the kernel: what nobody has read yet goes to the ledger first.
#include <bpf/bpf.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "routed_network.hpp"

namespace octroi::ebpf_test {
namespace {

class EbpfDetach : public testing::Test {
protected:
    void SetUp() override {
        if (!network.missing().empty()) GTEST_SKIP() << network.missing();
        network.count_in(network.host(), host_v4);
    }
    void expect_all_counted() const {
        const auto booked = network.booked("identity", host_v4);
        EXPECT_EQ(booked.sent, network.counted_in(network.host(), "sent"));
        EXPECT_EQ(booked.received, network.counted_in(network.host(), "received"));
    }
    // With more flows and far ends than one reading hands over at a time.
    void send_to_many() const {
        RoutedNetwork::must(
            {"ip", "-n", network.server(), "route", "add", "local", "10.78.128.0/17", "dev", "lo"});
        RoutedNetwork::must(
            {"ip", "-n", network.router(), "route", "add", "10.78.128.0/17", "via", server_v4});
        RoutedNetwork::must(support::in_netns(
            network.host(), {"python3", "-c",
                             "import socket\n"
                             "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                             "for n in range(6000): s.sendto(b'x' * (n % 500), "
                             "(f'10.78.{128 + n // 200}.{n % 200}', 9))\n"}));
    }

    RoutedNetwork network{false};
};

TEST_F(EbpfDetach, TheRestIsPosted) {
    network.configure("", R"("10.78.1.0/24", "10.78.128.0/17")");
    network.start();
    (void)network.stop();
    send_to_many();
    network.talk(network.host(), server_v4, 7000, network.server(), 7000, 20);
    const Ended ended = network.command({"run", "--detach-kernel"});
    EXPECT_EQ(ended.status, 0) << ended.err;
    EXPECT_TRUE(network.pin_folder().empty());
    EXPECT_FALSE(network.has_programs());
    EXPECT_GT(network.counted_in(network.host(), "sent").packets, 6000U);
    expect_all_counted();
    EXPECT_EQ(network.command({"audit"}).status, 0);
    EXPECT_NE(network.command({"meters", "--losses"}).out.find("No losses"), std::string::npos);
    const Ended again = network.command({"run", "--detach-kernel"});
    EXPECT_EQ(again.status, 0) << again.err;
    EXPECT_NE(again.err.find("no meter has left anything"), std::string::npos) << again.err;
}

TEST_F(EbpfDetach, NothingIsDetachedWithoutTheLedger) {
    network.start();
    (void)network.stop();
    network.talk(network.host(), server_v4, 7000, network.server(), 7000, 20);
    const Folder other;
    const std::string config = network.config();
    const auto detach = [&](const std::string& ledger, Arguments more) {
        Arguments arguments{"--config", config, "run", "--detach-kernel"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return support::run(
            support::in_netns(network.router(), support::octroi(ledger, arguments)));
    };
    const Ended absent = detach(other / "none.db", {});
    EXPECT_EQ(absent.status, 1);
    EXPECT_NE(absent.err.find("nothing was removed"), std::string::npos) << absent.err;
    EXPECT_NE(absent.err.find("--drop-counts"), std::string::npos) << absent.err;
    const std::string fresh = other / "fresh.db";
    EXPECT_EQ(support::run(support::octroi(fresh, {"account", "add", "a"})).status, 0);
    const Ended unknown = detach(fresh, {});
    EXPECT_EQ(unknown.status, 1);
    EXPECT_NE(unknown.err.find("has none of its counts"), std::string::npos) << unknown.err;
    EXPECT_TRUE(network.has_programs());
    network.start();  // it goes on
    network.talk(network.host(), server_v4, 7000, network.server(), 7000, 20);
    (void)network.stop();
    expect_all_counted();
    EXPECT_EQ(detach(other / "none.db", {"--drop-counts"}).status, 0);
    EXPECT_FALSE(network.has_programs());
    EXPECT_TRUE(network.pin_folder().empty());
}

// Nobody has configured the meter, so nothing stays; its last counts are posted.
TEST_F(EbpfDetach, ARunWithoutConfigurationPostsItsRest) {
    Process run(support::in_netns(
        network.router(),
        {"unshare", "-m", "--propagation", "private", "sh", "-c",
         "mount -t bpf bpf /sys/fs/bpf; exec \"$0\" --ledger " + network.ledger() + " run",
         support::octroi("", {}).front()}));
    ASSERT_TRUE(support::wait_until(
        [&] {
            return run.err_so_far().find("Ctrl-C") != std::string::npos &&
                   support::run(support::octroi(network.ledger(), {"meters"})).out.find("ebpf") !=
                       std::string::npos;
        },
        std::chrono::seconds(90)))
        << run.err_so_far();
    support::pass(std::chrono::seconds(2));
    network.talk(network.host(), server_v4, 7000, network.server(), 7000, 20);
    run.signal(SIGINT);
    const Ended ended = run.wait();
    EXPECT_EQ(ended.status, 0) << ended.err;
    expect_all_counted();
    EXPECT_EQ(ended.err.find("stay in the kernel"), std::string::npos) << ended.err;
}

// A namespace that is made again has another cookie, so nobody finds the maps of the earlier one.
TEST_F(EbpfDetach, MapsOfNamespacesThatAreGoneAreRemoved) {
    const auto add = [&](const std::string& folder) {
        const std::string path = network.pins() + "/" + folder;
        std::filesystem::create_directories(path);
        const Fd map(bpf_map_create(BPF_MAP_TYPE_ARRAY, "others", 4, 16, 1, nullptr));
        EXPECT_EQ(bpf_obj_pin(map.get(), (path + "/others").c_str()), 0);
        return path;
    };
    const std::string gone = add("edge-netns-fffffffffffffff0-v5");
    const std::string of_another_meter = add("edge2-netns-fffffffffffffff0-v5");
    network.start();
    const Ended counting = network.command({"run", "--detach-kernel", "--drop-counts"});
    EXPECT_EQ(counting.status, 1) << "a daemon counts";
    (void)network.stop();
    const Ended ended = network.command({"run", "--detach-kernel"});
    EXPECT_EQ(ended.status, 0) << ended.err;
    EXPECT_FALSE(std::filesystem::exists(gone));
    EXPECT_TRUE(std::filesystem::exists(of_another_meter));
    std::filesystem::remove_all(of_another_meter);
}

// Another program has removed ours: the next run records a loss.
TEST_F(EbpfDetach, WhatPassesWithoutProgramsIsALoss) {
    network.start();
    (void)network.stop();
    const std::string folder = network.pin_folder();
    ASSERT_FALSE(folder.empty());
    std::vector<std::filesystem::path> links;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().filename().string().starts_with("link_")) links.push_back(entry.path());
    for (const auto& link : links) std::filesystem::remove(link);
    for (const char* name : {"lan", "wan"})
        (void)support::run(
            support::in_netns(network.router(), {"tc", "qdisc", "del", "dev", name, "clsact"}));
    EXPECT_FALSE(network.has_programs());
    network.start();
    EXPECT_TRUE(network.has_programs());
    (void)network.stop();
    const Ended losses = network.command({"meters", "--losses"});
    EXPECT_NE(losses.out.find("not-running"), std::string::npos) << losses.out;
}

// An older layout.
TEST_F(EbpfDetach, MapsOfAnOlderProgramAreRefused) {
    const std::string older = network.pins() + "/edge-v2";
    std::filesystem::create_directories(older);
    const Fd map(bpf_map_create(BPF_MAP_TYPE_HASH, "interfaces", 4, 4, 8, nullptr));
    ASSERT_EQ(bpf_obj_pin(map.get(), (older + "/interfaces").c_str()), 0);
    const Ended refused = network.command({"run", "--for", "1s"});
    EXPECT_EQ(refused.status, 1);
    EXPECT_NE(refused.err.find("an older octroi count"), std::string::npos) << refused.err;
    EXPECT_EQ(network.command({"run", "--detach-kernel", "--drop-counts"}).status, 0);
    EXPECT_FALSE(std::filesystem::exists(older));
}

}  // namespace
}  // namespace octroi::ebpf_test
