// SPDX-License-Identifier: GPL-3.0-or-later
// Programs at the loopback interface of a new network namespace.
#include "host/ebpf/attachments.hpp"

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
#include <vector>

#include "host/file.hpp"
#include "host/testing/folder.hpp"

namespace octroi {
namespace {

constexpr int loopback = 1;
constexpr int no_program = -1;

class EbpfAttachmentsTest : public ::testing::Test {
protected:
    // Runs it on a thread with a network and mounts of its own.
    void run_alone(const std::function<void()>& job) {
        if (::geteuid() != 0) GTEST_SKIP() << "needs root";
        std::filesystem::create_directory(bpffs);
        bool is_possible = false;
        std::jthread([&] {
            if (::unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_FS) != 0) return;
            if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return;
            if (::mount("bpf", bpffs.c_str(), "bpf", 0, nullptr) != 0) return;
            program = new_program();
            interfaces = Fd(bpf_map_create(BPF_MAP_TYPE_HASH, "interfaces", 4, 4, 8, nullptr));
            if (program.get() < 0 || interfaces.get() < 0) return;
            std::filesystem::create_directory(bpffs + "/edge");
            is_possible = true;
            job();
        }).join();
        if (!is_possible) GTEST_SKIP() << "no network namespaces or no programs here";
    }
    // A program that lets each packet pass to the next program.
    static Fd new_program() {
        const std::array<bpf_insn, 2> code{
            bpf_insn{.code = BPF_ALU64 | BPF_MOV | BPF_K,
                     .dst_reg = 0,
                     .src_reg = 0,
                     .off = 0,
                     .imm = -1},
            bpf_insn{.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
        return Fd(bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "pass", "GPL", code.data(), code.size(),
                                nullptr));
    }
    [[nodiscard]] EbpfAttachments new_process() const { return EbpfAttachments(bpffs + "/edge"); }
    // The programs are named "pass"; another name has none.
    [[nodiscard]] EbpfAttachOutcome attach(EbpfAttachments& at,
                                           std::span<const EbpfAttachment> wanted) const {
        auto outcome = at.attach(wanted, interfaces.get(), [&](const std::string& name) {
            return name == "pass" ? program.get() : no_program;
        });
        EXPECT_TRUE(outcome.has_value()) << outcome.error().text;
        return outcome ? *std::move(outcome) : EbpfAttachOutcome();
    }

    const std::vector<EbpfAttachment> both{{loopback, "pass", "pass"}};
    testing::Folder folder;
    std::string bpffs = folder.file("bpf");
    Fd program;
    Fd interfaces;
};

TEST_F(EbpfAttachmentsTest, ReportsProgramsThatWereAway) {
    run_alone([&] {
        EbpfAttachments first = new_process();
        EXPECT_TRUE(attach(first, both).reattached.empty()) << "new";
        EbpfAttachments second = new_process();
        EXPECT_TRUE(attach(second, both).reattached.empty()) << "they stay for the next process";
        ASSERT_TRUE(second.detach_all(interfaces.get()).has_value());
        EXPECT_EQ(attach(second, both).reattached, std::vector<int>{loopback});
        EXPECT_TRUE(attach(second, both).reattached.empty());
        ASSERT_TRUE(second.detach_all(interfaces.get()).has_value());
        EbpfAttachments third = new_process();
        EXPECT_EQ(attach(third, both).reattached, std::vector<int>{loopback});
        // An interface that is not wanted any more is not listed.
        EXPECT_TRUE(attach(third, {}).reattached.empty());
        EXPECT_TRUE(attach(third, both).reattached.empty());
        ASSERT_TRUE(third.detach_all(interfaces.get()).has_value());
    });
}

// A program in one direction only would count half.
TEST_F(EbpfAttachmentsTest, AnInterfaceThatFailsHasNoProgramsAndIsReportedWhenItSucceeds) {
    run_alone([&] {
        EbpfAttachments process = new_process();
        const std::vector<EbpfAttachment> half{{loopback, "pass", "absent"}};
        const EbpfAttachOutcome failed = attach(process, half);
        ASSERT_EQ(failed.failed.size(), 1U);
        EXPECT_EQ(failed.failed.front().interface, loopback);
        EXPECT_FALSE(failed.failed.front().error.text.empty());
        const auto removed = process.detach_all(interfaces.get());
        ASSERT_TRUE(removed.has_value());
        EXPECT_TRUE(removed->empty()) << removed->front();
        const EbpfAttachOutcome attached = attach(process, both);
        EXPECT_TRUE(attached.failed.empty());
        EXPECT_EQ(attached.reattached, std::vector<int>{loopback});
        ASSERT_TRUE(process.detach_all(interfaces.get()).has_value());
    });
}

}  // namespace
}  // namespace octroi
