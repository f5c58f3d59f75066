// SPDX-License-Identifier: GPL-3.0-or-later
// Input that cannot be metered: the log of a running daemon names the reason, and a flood of such
// input writes few lines and does not disturb metering.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>

#include "host/log_limit.hpp"
#include "host/streams.hpp"
#include "host/testing/tls_identity.hpp"
#include "support/paced_sender.hpp"
#include "support/running_daemon.hpp"
#include "wire/ipfix/testing/messages.hpp"

namespace octroi::logging {
namespace {

using nlohmann::json;
using support::RunningDaemon;
using Clock = std::chrono::steady_clock;

std::size_t lines_with(const std::string& log, const std::string& text) {
    std::istringstream in(log);
    std::size_t count = 0;
    for (std::string line; std::getline(in, line);) count += line.find(text) != std::string::npos;
    return count;
}

// The counters of `octroi meters --counters` as "name" or "name label".
std::map<std::string, std::uint64_t> counters(const RunningDaemon& daemon) {
    const support::Ended ended = daemon.command({"--json", "meters", "--counters"});
    EXPECT_EQ(ended.status, 0) << ended.err;
    std::map<std::string, std::uint64_t> all;
    const json answer = json::parse(ended.out, nullptr, false);
    for (const json& row : answer) {
        const std::string labels = row.value("labels", "");
        all[row["counter"].get<std::string>() + (labels.empty() ? "" : " " + labels)] =
            row["value"];
    }
    return all;
}

support::Sections sections(const std::string& meter_lines) {
    return {{"ledger", "commit_interval = \"1s\"\n"},
            {"attribute", "local = [\"10.0.0.0/8\"]\n"},
            {"meters", RunningDaemon::flows_meter + meter_lines}};
}

// One kind of bad datagram.
struct Bad {
    std::string kind;     // of its log messages
    std::string in_log;   // a part of their text
    std::string counter;  // that counts it
    std::uint32_t host;   // of the sender in 127.0.0.0/8
    std::function<std::string(std::uint32_t)> datagram;
};

std::string sflow_datagram(std::uint32_t number) {
    // Version 5, an IPv4 agent, sub agent 0, sequence number, uptime, no samples.
    return ipfix::testing::values().u32(5).u32(1).u32(0xc0000209).u32(0).u32(number).u32(1).u32(0);
}

// A set without a template, or one with an impossible length.
std::string ipfix_datagram(std::uint32_t number, bool is_malformed) {
    using namespace ipfix::testing;
    if (!is_malformed) return ipfix_message(9, {set(300, values().u32(number).zeros(56))});
    return ipfix_message(
        9, {templates({{256, {{8, 4}, {1, 8}}}}), values().u16(300 + number % 60'000).u16(2)});
}

std::vector<Bad> all_bad() {
    return {
        {"unknown_protocol", "127.0.0.10 is no complete NetFlow, IPFIX or sFlow",
         "collector_unknown_total", 10,
         [](std::uint32_t i) { return "<34>Oct 11 su: " + std::to_string(i); }},
        {"refused_sender", "127.0.1.1 refused: `exporters` does not contain",
         "collector_refused_total", 257, [](std::uint32_t i) { return std::to_string(i); }},
        {"refused_sender", "does not contain the agent address", "collector_refused_total", 12,
         sflow_datagram},
        {"malformed_message", "127.0.0.13 is malformed", "collector_malformed_total", 13,
         [](std::uint32_t i) { return ipfix_datagram(i, true); }},
        {"missing_template", "of 127.0.0.14 dropped: no template arrived",
         "collector_given_up_total", 14, [](std::uint32_t i) { return ipfix_datagram(i, false); }}};
}

// How many lines of a kind may be there after this time, without the summaries.
std::size_t lines_max(Clock::time_point begin) {
    const auto minutes = std::chrono::floor<std::chrono::minutes>(Clock::now() - begin).count();
    return LineLimit::lines * (1 + static_cast<std::size_t>(minutes));
}

TEST(Flood, OfBadDatagramsWritesFewLinesAndDisturbsNoMetering) {
    constexpr std::uint32_t of_each = 40'000;
    const auto begin = Clock::now();
    RunningDaemon daemon(sections("exporters = [\"127.0.0.0/24\"]\n"));
    const int socket = daemon.socket().descriptor();
    const auto bad = all_bad();
    std::vector<support::PacedSender> senders;
    for (const Bad& each : bad)
        senders.emplace_back(socket, INADDR_LOOPBACK - 1 + each.host, daemon.socket().port());
    for (std::uint32_t i = 0; i < of_each; ++i) {
        for (std::size_t k = 0; k < bad.size(); ++k)
            ASSERT_TRUE(senders[k].send(bad[k].datagram(i)));
        if (i % 200 == 0) daemon.send();
    }
    // All are refused and counted, and the good ones are in the ledger.
    std::map<std::string, std::uint64_t> counts;
    EXPECT_TRUE(support::wait_until(
        [&] {
            counts = counters(daemon);
            // Datagrams of senders that are not allowed are not passed to the decoder.
            return counts["collector_datagrams_total"] == 4 * of_each + daemon.sent().datagrams &&
                   counts["collector_refused_total"] == 2 * of_each &&
                   counts["committed_bytes_total"] >= daemon.sent().bytes;
        },
        std::chrono::seconds(60)));
    EXPECT_EQ(counts["committed_bytes_total"], daemon.sent().bytes);
    EXPECT_EQ(counts["committed_packets_total"], daemon.sent().packets);
    EXPECT_EQ(counts["collector_decoded_total"], daemon.sent().records);
    EXPECT_EQ(counts["losses_total reason=socket-drop"], 0U);
    EXPECT_EQ(counts["collector_unknown_total"], of_each);
    EXPECT_EQ(counts["collector_refused_total"], 2 * of_each);
    EXPECT_EQ(counts["collector_malformed_total"], of_each);
    EXPECT_EQ(counts["collector_waiting_total"], of_each);
    // Up to 1 MiB of data sets waits for a template.
    EXPECT_GT(counts["collector_given_up_total"], of_each / 2);
    std::map<std::string, std::uint64_t> of_kind;
    for (const Bad& each : bad) of_kind[each.kind] = counts[each.counter];
    for (const auto& [kind, total] : of_kind) {
        EXPECT_EQ(counts["log_limited_messages_total kind=" + kind], total);
        EXPECT_GE(counts["log_suppressed_messages_total kind=" + kind], total - lines_max(begin));
    }
    const support::Ended ended = daemon.stop();
    EXPECT_EQ(ended.status, 0);
    for (const Bad& each : bad) {
        EXPECT_GE(lines_with(ended.err, each.in_log), 1U) << each.in_log;
        EXPECT_LE(lines_with(ended.err, each.in_log), lines_max(begin)) << each.in_log;
        const std::size_t summaries =
            lines_with(ended.err, "more messages of the kind " + each.kind);
        EXPECT_GE(summaries, 1U);
        EXPECT_LE(summaries, lines_max(begin) / LineLimit::lines);
    }
    EXPECT_LE(lines_with(ended.err, " warning: "),
              of_kind.size() * (lines_max(begin) + lines_max(begin) / LineLimit::lines));
}

// A free TCP port of 127.0.0.1. Another program may open it before the daemon does: then the daemon
// does not start.
std::uint16_t free_port() {
    const auto listener = listen_tcp(Address::v4(INADDR_LOOPBACK), 0);
    EXPECT_TRUE(listener.has_value());
    return (*listener)->port();
}

// Connects, sends the text, and waits until the other side closes.
void send_and_wait(std::uint16_t port, std::string_view text) {
    const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    // The other side may have closed already.
    static_cast<void>(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL));
    std::array<char, 256> answer{};
    while (::recv(socket.get(), answer.data(), answer.size(), 0) > 0) {
    }
}

TEST(Flood, OfBadConnectionsWritesFewLines) {
    const support::Folder folder;
    octroi::testing::write_identity(folder / "own.pem", folder / "own.key");
    const std::uint16_t tcp = free_port();
    const std::uint16_t tls = free_port();
    const auto begin = Clock::now();
    RunningDaemon daemon(sections("listen = [\"tcp/127.0.0.1:" + std::to_string(tcp) +
                                  "\", \"tls/127.0.0.1:" + std::to_string(tls) +
                                  "\"]\ntls_certificate = \"" + folder / "own.pem" +
                                  "\"\ntls_key = \"" + folder / "own.key" + "\"\n"));
    for (int i = 0; i < 50; ++i) {
        send_and_wait(tcp, "GET / HTTP/1.1\r\n\r\n");
        send_and_wait(tls, "GET / HTTP/1.1\r\n\r\n");
        if (i % 10 == 0) daemon.send();
    }
    daemon.expect_used("meter", "flows");
    EXPECT_TRUE(support::wait_until(
        [&] { return counters(daemon)["collector_connections_failed_total"] == 50; },
        RunningDaemon::patience));
    auto counts = counters(daemon);
    EXPECT_EQ(counts["collector_connections_refused_total"], 50U);
    EXPECT_EQ(counts["log_limited_messages_total kind=refused_connection"], 50U);
    EXPECT_EQ(counts["log_limited_messages_total kind=failed_connection"], 50U);
    const support::Ended ended = daemon.stop();
    const std::size_t refused = lines_with(ended.err, "refused: it sent something else than IPFIX");
    const std::size_t failed = lines_with(ended.err, "the TLS handshake with 127.0.0.1 failed: ");
    EXPECT_GE(refused, 1U) << ended.err;
    EXPECT_LE(refused, lines_max(begin));
    EXPECT_GE(failed, 1U) << ended.err;
    EXPECT_LE(failed, lines_max(begin));
}

}  // namespace
}  // namespace octroi::logging
