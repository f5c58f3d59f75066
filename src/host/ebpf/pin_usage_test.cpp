// SPDX-License-Identifier: GPL-3.0-or-later
// A program at the loopback interface of a new network namespace, with a pinned map.
#include "host/ebpf/pin_usage.hpp"

#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "host/ebpf/bpffs.hpp"
#include "host/ebpf/tc_filters.hpp"
#include "host/ebpf/tcx_links.hpp"
#include "host/file.hpp"
#include "host/testing/folder.hpp"

namespace octroi {
namespace {

constexpr int loopback = 1;

class PinUsage : public ::testing::Test {
protected:
    // Runs it on a thread with a network and mounts of its own, where the folder has a pinned map.
    void run_alone(const std::function<void()>& job) {
        if (::geteuid() != 0) GTEST_SKIP() << "needs root";
        const std::string bpffs = folder.file("bpf");
        std::filesystem::create_directory(bpffs);
        pins = bpffs + "/octroi/edge";
        bool is_possible = false;
        std::jthread([&] {
            if (::unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_FS) != 0) return;
            if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return;
            if (::mount("bpf", bpffs.c_str(), "bpf", 0, nullptr) != 0) return;
            std::filesystem::create_directories(pins);
            others = Fd(bpf_map_create(BPF_MAP_TYPE_ARRAY, "others", 4, 16, 1, nullptr));
            if (bpf_obj_pin(others.get(), (pins + "/others").c_str()) != 0) return;
            is_possible = true;
            job();
        }).join();
        if (!is_possible) GTEST_SKIP() << "no network namespaces or no maps here";
    }
    // One that uses the map, and lets each packet pass.
    [[nodiscard]] Fd new_program() const {
        const std::array<bpf_insn, 4> code{
            bpf_insn{.code = BPF_LD | BPF_DW | BPF_IMM,
                     .dst_reg = 1,
                     .src_reg = BPF_PSEUDO_MAP_FD,
                     .off = 0,
                     .imm = others.get()},
            bpf_insn{.code = 0, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
            bpf_insn{.code = BPF_ALU64 | BPF_MOV | BPF_K,
                     .dst_reg = 0,
                     .src_reg = 0,
                     .off = 0,
                     .imm = -1},
            bpf_insn{.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
        return Fd(bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "uses", "GPL", code.data(), code.size(),
                                nullptr));
    }
    // The kernel frees a program some time after its last user has gone.
    [[nodiscard]] bool are_removed_soon() const {
        for (int tries = 0; tries < 100; ++tries) {
            const auto removed = remove_unused_pins(pins);
            EXPECT_TRUE(removed.has_value()) << removed.error().text;
            if (removed.value_or(true)) return !std::filesystem::exists(pins);
            ::usleep(50'000);
        }
        return false;
    }

    testing::Folder folder;
    std::string pins;
    Fd others;
};

TEST_F(PinUsage, TheMapsOfAFilterStayAsLongAsItCounts) {
    run_alone([&] {
        ASSERT_TRUE(add_clsact(loopback).has_value());
        const TcFilter filter{loopback, TcHook::ingress, 7};
        ASSERT_TRUE(attach_program(filter, new_program().get()).has_value());
        EXPECT_FALSE(remove_unused_pins(pins).value_or(true));
        EXPECT_TRUE(std::filesystem::exists(pins));
        ASSERT_TRUE(detach_program(filter).value_or(false));
        EXPECT_TRUE(are_removed_soon());
    });
}

// A link keeps its program when the interface is gone.
TEST_F(PinUsage, TheMapsOfALinkStayAsLongAsItsInterface) {
    run_alone([&] {
        const TcxLink link{loopback, TcHook::ingress, pins + "/link_1_ingress"};
        const auto attached = attach_tcx(link, new_program().get());
        ASSERT_TRUE(attached.has_value()) << attached.error().text;
        if (!*attached) return;  // no links of TCX in this kernel
        EXPECT_FALSE(remove_unused_pins(pins).value_or(true));
        ASSERT_EQ(bpf_link_detach(Fd(bpf_obj_get(link.pin.c_str())).get()), 0);
        EXPECT_TRUE(remove_unused_pins(pins).value_or(false));
        EXPECT_FALSE(std::filesystem::exists(pins));
    });
}

TEST_F(PinUsage, ALockedFolderStays) {
    run_alone([&] {
        {
            const auto lock = lock_pin_folder(pins);
            ASSERT_TRUE(lock.has_value());
            EXPECT_FALSE(remove_unused_pins(pins).value_or(true));
        }
        EXPECT_TRUE(remove_unused_pins(pins).value_or(false));
        EXPECT_FALSE(remove_unused_pins(pins).has_value()) << "it is gone";
    });
}

}  // namespace
}  // namespace octroi
