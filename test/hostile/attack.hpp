// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What the tests of attacks have in common: a network of their own, messages with records of one
// size, and the figures that the program states. README.md lists the attacks.

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>

#include <ctime>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "support/paced_sender.hpp"
#include "support/process.hpp"
#include "support/running_daemon.hpp"
#include "wire/ipfix/testing/messages.hpp"

namespace octroi::hostile {

using nlohmann::json;
using support::Ended;
using support::PacedSender;
using support::RunningDaemon;
using support::Sections;

// Addresses in 127.0.0.0/8: that of the exporter of RunningDaemon is 127.0.0.2.
constexpr std::uint32_t loopback(std::uint32_t host) { return 0x7f000000U + host; }

// Each test program has a network namespace, where it may have one: nobody else sends to it.
class Attack : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        if (::unshare(CLONE_NEWNET) == 0) (void)support::run({"ip", "link", "set", "lo", "up"});
    }
};

// A daemon that commits when it stops.
inline Sections patient(const std::string& meter_options = "") {
    return {{"ledger", "commit_interval = \"60s\"\n"},
            {"attribute", "local = [\"10.0.0.0/8\"]\n"},
            {"meters", RunningDaemon::flows_meter + meter_options}};
}

// Whether the daemon has taken all datagrams from the kernel: they are in its journal.
inline bool has_received_all(const RunningDaemon& daemon) {
    std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
    socklen_t length = sizeof memory;
    return ::getsockopt(daemon.socket().descriptor(), SOL_SOCKET, SO_MEMINFO, memory.data(),
                        &length) == 0 &&
           memory[SK_MEMINFO_RMEM_ALLOC] == 0;
}

// As kill -9, when all datagrams are in the journal.
inline void kill(RunningDaemon& daemon) {
    EXPECT_TRUE(
        support::wait_until([&] { return has_received_all(daemon); }, RunningDaemon::patience));
    daemon.process().signal(SIGKILL);
    (void)daemon.process().wait();
}

// ---- Messages

inline const ipfix::testing::Fields flow_fields{{8, 4},  {12, 4}, {1, 8},   {2, 8},  {7, 2},
                                                {11, 2}, {4, 1},  {152, 8}, {153, 8}};

inline std::uint32_t now_seconds() { return static_cast<std::uint32_t>(::time(nullptr)); }

// TCP from 10.0.0.host to 192.0.2.1:443, of so many seconds until now.
inline std::string flow_of(std::uint32_t host, std::uint64_t bytes, std::uint64_t packets = 1,
                           std::uint32_t seconds = 1) {
    const std::uint64_t now_ms = std::uint64_t{now_seconds()} * 1000;
    return ipfix::testing::values()
        .u32(0x0a000000U + host)
        .u32(0xc0000201U)
        .u64(bytes)
        .u64(packets)
        .u16(1024)
        .u16(443)
        .u8(6)
        .u64(now_ms - std::uint64_t{seconds} * 1000)
        .u64(now_ms);
}

inline std::string message(std::initializer_list<std::string> sets, std::uint32_t sequence = 0) {
    return ipfix::testing::ipfix_message(0, sets, sequence, now_seconds());
}

inline std::string repeated(const std::string& text, int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += text;
    return out;
}

// ---- Figures

inline json parsed(const Ended& ended) {
    EXPECT_EQ(ended.status, 0) << ended.err;
    json answer = json::parse(ended.out, nullptr, false);
    EXPECT_FALSE(answer.is_discarded()) << ended.out;
    return answer;
}

// The column of `octroi usage --by KEY`, by key. Names that are empty are left out.
inline std::map<std::string, std::uint64_t> used(const json& usage, const std::string& key,
                                                 const std::string& column = "total_bytes") {
    std::map<std::string, std::uint64_t> figures;
    for (const json& row : usage.value("rows", json::array()))
        if (const std::string name = row.value(key, ""); !name.empty())
            figures[name] += row.value(column, std::uint64_t{0});
    return figures;
}
inline std::map<std::string, std::uint64_t> used(const RunningDaemon& daemon,
                                                 const std::string& key) {
    return used(parsed(daemon.command({"--json", "usage", "--by", key, "--role", "all"})), key);
}

// The reasons of `octroi meters --losses`, each with its number of rows.
inline std::map<std::string, int> losses(const RunningDaemon& daemon) {
    std::map<std::string, int> reasons;
    for (const json& row : parsed(daemon.command({"--json", "meters", "--losses"})))
        ++reasons[row.value("reason", "")];
    return reasons;
}

// Processor time of the processes that have ended, in seconds. Unlike the time of the clock it does
// not depend on what else the machine does.
inline double seconds_of_children() {
    rusage used{};
    ::getrusage(RUSAGE_CHILDREN, &used);
    return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

}  // namespace octroi::hostile
