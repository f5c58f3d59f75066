// SPDX-License-Identifier: GPL-3.0-or-later
// The programs of the kernel with frames that a test makes (BPF_PROG_TEST_RUN): tags of VLANs,
// PPPoE, extension headers of IPv6.

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "host/ebpf/maps.hpp"
#include "meter/ebpf/kernel_tables.hpp"
#include "meter/ebpf/layout.h"
#include "support/process.hpp"

namespace octroi {

extern const std::span<const std::byte> octroi_bpf_object;

namespace ebpf_test {
namespace {

using Octets = std::basic_string<unsigned char>;

Octets be16(unsigned value) {
    return {static_cast<unsigned char>(value >> 8U), static_cast<unsigned char>(value)};
}

Octets udp(std::size_t payload) {
    return be16(4000) + be16(53) + be16(static_cast<unsigned>(8 + payload)) + be16(0) +
           Octets(payload, 'x');
}

Octets ip_v4(const Octets& content) {
    return Octets{0x45, 0} + be16(static_cast<unsigned>(20 + content.size())) + be16(1) + be16(0) +
           Octets{64, 17, 0, 0} + Octets{192, 0, 2, 1} + Octets{198, 51, 100, 1} + content;
}

// next: the type of the first header in the content.
Octets ip_v6(unsigned char next, const Octets& content) {
    return Octets{0x60, 0, 0, 0} + be16(static_cast<unsigned>(content.size())) + Octets{next, 64} +
           Octets{0x20, 1, 0xd, 0xb8} + Octets(11, 0) + Octets{1} + Octets{0x20, 1, 0xd, 0xb8} +
           Octets(11, 0) + Octets{2} + content;
}

// A hop-by-hop, routing or destination header of so many groups of 8 octets.
Octets extension(unsigned char next, unsigned char groups) {
    return Octets{next, static_cast<unsigned char>(groups - 1)} + Octets(groups * 8U - 2U, 0);
}

Octets tag(unsigned next_type) { return be16(7) + be16(next_type); }

Octets pppoe(unsigned protocol, const Octets& content) {
    return Octets{0x11, 0} + be16(9) + be16(static_cast<unsigned>(content.size() + 2)) +
           be16(protocol) + content;
}

struct Counted {
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
    unsigned family = 0;
    std::string service;
};

class Headers : public testing::Test {
protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "needs root";
        std::filesystem::create_directory(bpffs);
        if (::mount("bpf", bpffs.c_str(), "bpf", 0, nullptr) != 0) GTEST_SKIP() << "no bpffs here";
        is_mounted = true;
        auto opened = open_ebpf({.object = octroi_bpf_object,
                                 .programs = {"ingress_eth"},
                                 .bpffs = bpffs,
                                 .folder = "octroi/headers"});
        ASSERT_TRUE(opened.has_value()) << opened.error().text;
        maps = *std::move(opened);
        auto named = ebpf::Labels::open(*maps);
        ASSERT_TRUE(named.has_value());
        labels.emplace(*std::move(named));
        set_services(53);
        ASSERT_TRUE(maps->count_in_new_map(1000).has_value());
    }
    // The UDP port of the service dns.
    void set_services(std::size_t port) {
        SourceServices services;
        services.names = {"other", "dns", "fragment"};
        services.of_rank = {1};
        services.fragment = 2;
        for (auto& ports : services.ports) ports.assign(65536, SourceServices::no_rank);
        services.ports[1][port] = 0;
        const auto entries = ebpf::service_entries(services, *labels);
        ASSERT_TRUE(entries.has_value());
        ASSERT_TRUE(maps->set_array("services", *entries).has_value());
    }
    void TearDown() override {
        maps.reset();
        if (is_mounted) (void)::umount2(bpffs.c_str(), MNT_DETACH);
    }

    // The newest program of that name: this test has just loaded it.
    static int program() {
        int found = -1;
        for (std::uint32_t id = 0; bpf_prog_get_next_id(id, &id) == 0;) {
            const int fd = bpf_prog_get_fd_by_id(id);
            bpf_prog_info info{};
            std::uint32_t size = sizeof info;
            if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) != 0 ||
                std::strcmp(&info.name[0], "ingress_eth") != 0) {
                ::close(fd);
                continue;
            }
            ::close(found);
            found = fd;
        }
        return found;
    }
    // A frame of that type passes two times: the second one may be of a flow that is known.
    void pass(unsigned type, const Octets& content) const {
        Octets frame = Octets(12, 2) + be16(type) + content;
        const Fd passed(program());
        bpf_test_run_opts options{};
        options.sz = sizeof options;
        options.data_in = frame.data();
        options.data_size_in = static_cast<std::uint32_t>(frame.size());
        options.repeat = 2;
        ASSERT_EQ(bpf_prog_test_run_opts(passed.get(), &options), 0);
        EXPECT_EQ(static_cast<int>(options.retval), -1);  // TC_ACT_UNSPEC
    }
    // The sum of all keys.
    [[nodiscard]] Counted counted() const {
        Counted all;
        const auto ids = maps->counting();
        if (!ids) return all;
        const auto rows = maps->read(ids->now);
        if (!rows) return all;
        for (std::size_t i = 0; i < rows->counts.size(); ++i) {
            octroi_key key{};
            std::memcpy(&key, rows->key(i).data(), sizeof key);
            all.bytes += rows->counts[i].bytes;
            all.packets += rows->counts[i].packets;
            all.family = key.family;
            all.service = labels->text(key.service);
        }
        return all;
    }
    void expect_counted(std::size_t bytes, unsigned family, const std::string& service) const {
        const Counted all = counted();
        EXPECT_EQ(all.packets, 2U);
        EXPECT_EQ(all.bytes, 2 * bytes);
        EXPECT_EQ(all.family, family);
        EXPECT_EQ(all.service, service);
    }
    [[nodiscard]] std::uint64_t packets_of(const std::string& service) const {
        std::uint64_t packets = 0;
        const auto ids = maps->counting();
        const auto rows = maps->read(ids ? ids->now : 0);
        if (!rows) return packets;
        for (std::size_t i = 0; i < rows->counts.size(); ++i) {
            octroi_key key{};
            std::memcpy(&key, rows->key(i).data(), sizeof key);
            if (labels->text(key.service) == service) packets += rows->counts[i].packets;
        }
        return packets;
    }
    [[nodiscard]] EbpfCount other(octroi_other which) const {
        const auto others = maps->read_others();
        return others ? others->at(which) : EbpfCount{};
    }

    // Slots of the array that counts.
    [[nodiscard]] std::uint64_t slots_given_away() const {
        const Fd counts(bpf_obj_get((bpffs + "/octroi/headers/counts").c_str()));
        std::uint64_t most = 0;
        for (std::uint32_t pair = 0; pair < 2; ++pair) {
            std::uint32_t id = 0;
            if (bpf_map_lookup_elem(counts.get(), &pair, &id) != 0) continue;
            const Fd array(bpf_map_get_fd_by_id(id));
            const std::uint32_t head = 0;
            EbpfCount given;
            if (bpf_map_lookup_elem(array.get(), &head, &given) == 0)
                most = std::max(most, given.bytes);
        }
        return most;
    }

    support::Folder folder;
    std::string bpffs = folder / "bpf";
    bool is_mounted = false;
    std::unique_ptr<EbpfMaps> maps;
    std::optional<ebpf::Labels> labels;
};

// A kernel without bpf_skb_ct_lookup refuses a program that may call it.
TEST_F(Headers, TheFormWithoutTrackingCallsNoFunctionsOfTheKernel) {
    const Fd loaded(program());
    bpf_prog_info info{};
    std::uint32_t size = sizeof info;
    ASSERT_EQ(bpf_obj_get_info_by_fd(loaded.get(), &info, &size), 0);
    std::vector<bpf_insn> instructions(info.xlated_prog_len / sizeof(bpf_insn));
    ASSERT_GT(instructions.size(), 1000U);
    info = {};
    info.xlated_prog_insns = reinterpret_cast<std::uintptr_t>(instructions.data());
    info.xlated_prog_len = static_cast<std::uint32_t>(instructions.size() * sizeof(bpf_insn));
    size = sizeof info;
    ASSERT_EQ(bpf_obj_get_info_by_fd(loaded.get(), &info, &size), 0);
    for (const bpf_insn& i : instructions)
        EXPECT_FALSE(i.code == (BPF_JMP | BPF_CALL) && i.src_reg == BPF_PSEUDO_KFUNC_CALL);
}

TEST_F(Headers, PlainPackets) {
    pass(0x0800, ip_v4(udp(30)));
    expect_counted(58, 4, "dns");
}

TEST_F(Headers, TwoTags) {
    pass(0x88A8, tag(0x8100) + tag(0x0800) + ip_v4(udp(30)));
    expect_counted(58, 4, "dns");
}

TEST_F(Headers, ThreeTagsAreAnotherProtocol) {
    pass(0x88A8, tag(0x8100) + tag(0x8100) + tag(0x0800) + ip_v4(udp(30)));
    EXPECT_EQ(counted().packets, 0U);
    EXPECT_EQ(other(OCTROI_OTHER_ETHERTYPE), (EbpfCount{2 * (14 + 12 + 58), 2}));
}

TEST_F(Headers, PppoeWithIpV4) {
    pass(0x8864, pppoe(0x0021, ip_v4(udp(30))));
    expect_counted(58, 4, "dns");
}

TEST_F(Headers, PppoeWithIpV6InATag) {
    pass(0x8100, tag(0x8864) + pppoe(0x0057, ip_v6(17, udp(30))));
    expect_counted(78, 6, "dns");
}

TEST_F(Headers, PppoeWithoutIp) {
    pass(0x8864, pppoe(0xC021, Octets(20, 0)));
    EXPECT_EQ(counted().packets, 0U);
    EXPECT_EQ(other(OCTROI_OTHER_ETHERTYPE), (EbpfCount{2 * (14 + 8 + 20), 2}));
}

TEST_F(Headers, ExtensionsOfIpV6) {
    // Hop-by-hop, routing, destination options, then UDP.
    pass(0x86DD, ip_v6(0, extension(43, 1) + extension(60, 3) + extension(17, 2) + udp(30)));
    expect_counted(40 + 48 + 38, 6, "dns");
}

TEST_F(Headers, FirstAndLaterFragmentsOfIpV6) {
    const Octets first = Octets{17, 0} + be16(0x0001) + Octets{0, 0, 0, 1} + udp(8);
    pass(0x86DD, ip_v6(44, first));
    expect_counted(40 + 8 + 16, 6, "dns");
    const Octets later = Octets{17, 0} + be16(0x0010) + Octets{0, 0, 0, 1} + udp(8);
    pass(0x86DD, ip_v6(44, later));
    EXPECT_EQ(counted().packets, 4U);
    EXPECT_EQ(counted().bytes, 4U * 64U);
}

TEST_F(Headers, LengthsBeyondTheFrame) {
    Octets long_v4 = ip_v4(udp(30));
    long_v4[2] = 4;
    pass(0x0800, ip_v4(udp(30)));  // the flow is known
    pass(0x0800, long_v4);
    Octets long_v6 = ip_v6(17, udp(30));
    long_v6[4] = 4;
    pass(0x86DD, long_v6);
    EXPECT_EQ(counted().packets, 2U);
    EXPECT_EQ(other(OCTROI_MALFORMED), (EbpfCount{2 * (72 + 92), 4}));
}

// Flows that are known get what new tables say; a new map of counts gets all that follows.
TEST_F(Headers, KnownFlowsUseNewTablesAndMaps) {
    const octroi_settings settings{};
    const auto as_octets = std::as_bytes(std::span(&settings, 1));
    for (const auto& [type, packet] :
         {std::pair{0x0800U, ip_v4(udp(30))}, std::pair{0x86DDU, ip_v6(17, udp(30))}}) {
        set_services(53);
        ASSERT_TRUE(maps->set_settings(as_octets).has_value());
        pass(type, packet);
        EXPECT_EQ(packets_of("dns"), 2U);
        EXPECT_EQ(packets_of("other"), 0U);
        set_services(54);
        ASSERT_TRUE(maps->set_settings(as_octets).has_value());
        pass(type, packet);
        EXPECT_EQ(packets_of("dns"), 2U);
        EXPECT_EQ(packets_of("other"), 2U);
        const auto before = maps->counting();
        ASSERT_TRUE(maps->count_in_new_map(1000).has_value());
        EXPECT_EQ(maps->counting()->before, before->now);
        pass(type, packet);
        EXPECT_EQ(packets_of("dns"), 0U);
        EXPECT_EQ(packets_of("other"), 2U);
        ASSERT_TRUE(maps->drop_map_before().has_value());
        ASSERT_TRUE(maps->count_in_new_map(1000).has_value());
        ASSERT_TRUE(maps->drop_map_before().has_value());
    }
}

// A key that has no space takes no slot, and counts without names.
TEST_F(Headers, AFullMapGivesNoSlotsAway) {
    constexpr std::uint32_t keys_max = 16;
    const auto local = ebpf::local_prefixes({{*parse_prefix("192.0.2.0/24"), true}}, {});
    ASSERT_TRUE(ebpf::put_prefixes(*maps, "local_v4", "local_v6", local).has_value());
    ASSERT_TRUE(maps->count_in_new_map(keys_max).has_value());
    ASSERT_TRUE(maps->drop_map_before().has_value());
    for (unsigned char host = 1; host <= 200; ++host) {
        Octets packet = ip_v4(udp(30));
        packet[15] = host;
        pass(0x0800, packet);
    }
    const Counted named = counted();
    EXPECT_EQ(named.packets, 2 * keys_max);
    EXPECT_EQ(named.packets + other(OCTROI_OVERFLOW_OUT).packets, 400U);
    EXPECT_EQ(named.bytes + other(OCTROI_OVERFLOW_OUT).bytes, 400U * 58U);
    EXPECT_LE(slots_given_away(),
              keys_max + 4U * static_cast<unsigned>(libbpf_num_possible_cpus() + 1));
    // Another map has space for all again.
    ASSERT_TRUE(maps->count_in_new_map(1000).has_value());
    for (unsigned char host = 1; host <= 200; ++host) {
        Octets packet = ip_v4(udp(30));
        packet[15] = host;
        pass(0x0800, packet);
    }
    EXPECT_EQ(counted().packets, 400U);
}

}  // namespace
}  // namespace ebpf_test
}  // namespace octroi
