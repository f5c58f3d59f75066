// SPDX-License-Identifier: GPL-3.0-or-later
// Links of TCX and filters of tc at the loopback interface of a new network namespace.
#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "host/ebpf/tc_filters.hpp"
#include "host/ebpf/tcx_links.hpp"
#include "host/file.hpp"
#include "host/testing/folder.hpp"

namespace octroi {
namespace {

// A program that lets each packet pass to the next program.
Fd new_program() {
    const std::array<bpf_insn, 2> code{
        bpf_insn{
            .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = -1},
        bpf_insn{.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
    return Fd(
        bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "pass", "GPL", code.data(), code.size(), nullptr));
}

// Runs it on a thread with a network and mounts of its own. False: that is not possible here.
bool run_alone(const std::function<void()>& job) {
    bool is_possible = false;
    std::jthread([&] {
        if (::unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_FS) != 0) return;
        if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return;
        is_possible = true;
        job();
    }).join();
    return is_possible;
}

constexpr int loopback = 1;

TEST(TcFilters, AreReplacedAndRemovedWithTheirDiscipline) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    const bool ran = run_alone([] {
        const Fd first = new_program();
        const Fd second = new_program();
        ASSERT_GE(second.get(), 0);
        const auto added = add_clsact(loopback);
        ASSERT_TRUE(added.has_value()) << added.error().text;
        EXPECT_TRUE(*added);
        EXPECT_FALSE(add_clsact(loopback).value_or(true));
        for (const TcHook hook : {TcHook::ingress, TcHook::egress}) {
            const TcFilter filter{loopback, hook, 7};
            EXPECT_EQ(program_at(filter), 0U);
            ASSERT_TRUE(attach_program(filter, first.get()).has_value());
            const std::uint32_t before = program_at(filter);
            ASSERT_TRUE(attach_program(filter, second.get()).has_value());
            EXPECT_NE(program_at(filter), 0U);
            EXPECT_NE(program_at(filter), before);
            EXPECT_FALSE(remove_unused_clsact(loopback).value_or(true));
            EXPECT_TRUE(detach_program(filter).value_or(false));
            EXPECT_FALSE(detach_program(filter).value_or(true));
        }
        EXPECT_TRUE(remove_unused_clsact(loopback).value_or(false));
        EXPECT_TRUE(add_clsact(loopback).value_or(false));
    });
    if (!ran) GTEST_SKIP() << "no network namespaces here";
}

TEST(TcxLinks, StayWithTheirPinAndAreReplacedAtOnce) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    const testing::Folder folder;
    const std::string bpffs = folder.file("bpf");
    std::filesystem::create_directory(bpffs);
    bool is_supported = true;
    const bool ran = run_alone([&] {
        ASSERT_EQ(::mount("bpf", bpffs.c_str(), "bpf", 0, nullptr), 0);
        const Fd first = new_program();
        const Fd second = new_program();
        for (const TcHook hook : {TcHook::ingress, TcHook::egress}) {
            const TcxLink link{loopback, hook, bpffs + "/link"};
            EXPECT_FALSE(is_attached_tcx(link));
            const auto attached = attach_tcx(link, first.get());
            ASSERT_TRUE(attached.has_value()) << attached.error().text;
            if (!*attached) {
                is_supported = false;
                return;
            }
            EXPECT_TRUE(is_attached_tcx(link));
            EXPECT_FALSE(is_attached_tcx({loopback + 1, hook, link.pin}));
            EXPECT_TRUE(attach_tcx(link, second.get()).value_or(false));
            EXPECT_TRUE(detach_tcx(link).value_or(false));
            EXPECT_FALSE(detach_tcx(link).value_or(true));
            EXPECT_FALSE(std::filesystem::exists(link.pin));
        }
        EXPECT_FALSE(attach_tcx({99, TcHook::ingress, bpffs + "/none"}, first.get()).has_value());
    });
    if (!ran) GTEST_SKIP() << "no network namespaces here";
    if (!is_supported) GTEST_SKIP() << "no links of TCX in this kernel";
}

}  // namespace
}  // namespace octroi
