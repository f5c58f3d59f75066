// SPDX-License-Identifier: GPL-3.0-or-later
// Promise 2 (exactly once) for flow files: an import that is killed at any moment and started again
// counts every record once, although its decoders start again each time.

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "ledger_content.hpp"
#include "support/process.hpp"
#include "wire/packet/testing/build.hpp"
#include "wire/pcap/testing/writer.hpp"

namespace octroi {
namespace {

using support::Ended;
using support::Folder;
using support::octroi;
using support::Process;

constexpr std::int64_t begin_s = 1'700'000'000;

struct Sent {
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
    std::uint64_t records = 0;
};

// A v9 exporter that sends its template once, in its second message, and its sampling rate at the
// end. So no record can be counted without data from other places of the file.
class Exporter {
public:
    static constexpr std::uint32_t sampling = 100;

    std::string announce() {
        ByteWriter w;
        for (const int value : {0, 28, 300, 5, 8, 4, 12, 4, 1, 4, 2, 4, 11, 2})
            w.be16(static_cast<std::uint16_t>(value));
        return message(w.drain(), 1);
    }
    std::string announce_sampling() {
        // Scope: system. Elements 34 (interval) and 35 (algorithm).
        ByteWriter w;
        for (const int value : {1, 24, 301, 4, 8, 1, 4, 34, 4, 35, 1, 0, 301, 16})
            w.be16(static_cast<std::uint16_t>(value));
        w.be32(1);
        w.be32(sampling);
        w.u8(2);
        w.raw(std::string(3, '\0'));
        return message(w.drain(), 2);
    }
    std::string data(std::mt19937_64& random, std::uint32_t records, Sent& sent) {
        ByteWriter w;
        const std::uint32_t octets = 4 + records * 18;
        const std::uint32_t padding = (4 - octets % 4) % 4;
        w.be16(300);
        w.be16(static_cast<std::uint16_t>(octets + padding));
        for (std::uint32_t i = 0; i < records; ++i) {
            const auto bytes = static_cast<std::uint32_t>(40 + random() % 100'000);
            w.be32(0x0a00'0000U + static_cast<std::uint32_t>(random() % 500));
            w.be32(0xc633'6400U + static_cast<std::uint32_t>(random() % 250));
            w.be32(bytes);
            w.be32(1 + bytes / 1500);
            w.be16(static_cast<std::uint16_t>(random() % 4 == 0 ? 443 : random() % 65536));
            sent.bytes += bytes;
            sent.packets += 1 + bytes / 1500;
        }
        sent.records += records;
        w.raw(std::string(padding, '\0'));
        return message(w.drain(), records);
    }

private:
    std::string message(const std::string& sets, std::uint32_t count) {
        ByteWriter w;
        w.be16(9);
        w.be16(static_cast<std::uint16_t>(count));
        w.be32(60'000);
        w.be32(static_cast<std::uint32_t>(begin_s));
        w.be32(sequence_++);
        w.be32(7);
        w.raw(sets);
        return w.drain();
    }
    std::uint32_t sequence_ = 1;
};

Sent write_exports(const std::string& path, std::uint32_t messages) {
    std::mt19937_64 random(7);
    Sent sent;
    Exporter exporter;
    std::string file;
    pcap::PcapWriter writer(file);
    UtcTime now = UtcTime::from_seconds(begin_s);
    const auto put = [&](const std::string& message) {
        now = now + Duration::milliseconds(10);
        writer.frame(now,
                     packet::build::Frame()
                         .ethernet({{2, 0, 0, 0, 0, 1}}, {{2, 0, 0, 0, 0, 2}})
                         .ipv4({.src = Address::v4(0xc000'0201U), .dst = Address::v4(0xc000'0202U)})
                         .udp(50'000, 2055)
                         .raw(message)
                         .octets());
    };
    put(exporter.data(random, 25, sent));
    put(exporter.announce());
    for (std::uint32_t i = 0; i < messages; ++i) put(exporter.data(random, 25, sent));
    put(exporter.announce_sampling());
    std::ofstream(path, std::ios::binary) << file;
    return sent;
}

support::Arguments import(const std::string& ledger, const std::string& file) {
    return octroi(ledger, {"import", "flow", "--checkpoint", "300", file});
}

TEST(ImportFlow, TheLedgerHasCountedAndScaledVolumes) {
    const Folder folder;
    const std::string file = folder / "exports.pcap";
    const std::string ledger = folder / "ledger.db";
    const Sent sent = write_exports(file, 100);
    const Ended ended = support::run(import(ledger, file));
    ASSERT_EQ(ended.status, 0) << ended.err;
    const Ended usage = support::run(octroi(ledger, {"usage", "--by", "meter", "--json"}));
    ASSERT_EQ(usage.status, 0) << usage.err;
    const nlohmann::json row = nlohmann::json::parse(usage.out).at("rows").at(0);
    EXPECT_EQ(row.at("total_bytes"), sent.bytes * Exporter::sampling);
    EXPECT_EQ(row.at("total_packets"), sent.packets * Exporter::sampling);
    EXPECT_EQ(row.at("counted_bytes"), sent.bytes);
    EXPECT_EQ(row.at("counted_packets"), sent.packets);
    // 1.96 * sqrt(packets * 100 * 99) and slightly more; most packets have the full size.
    const double deviations = 1.96 * std::sqrt(static_cast<double>(sent.packets) * 9900);
    EXPECT_GE(row.at("error_packets").get<double>(), deviations);
    EXPECT_LE(row.at("error_packets").get<double>(), deviations * 1.05);
    EXPECT_LE(row.at("error_bytes").get<double>(), deviations * 1.05 * 1500);
    const Ended table = support::run(octroi(ledger, {"usage", "--by", "meter"}));
    EXPECT_NE(table.out.find("±"), std::string::npos) << table.out;
    EXPECT_EQ(support::run(octroi(ledger, {"audit"})).status, 0);
}

TEST(ImportFlow, CountsEveryRecordOnceAfterThirtyKills) {
    const Folder folder;
    const std::string file = folder / "exports.pcap";
    const std::string undisturbed = folder / "undisturbed.db";
    const Sent sent = write_exports(file, 4000);
    const Ended ended = support::run(import(undisturbed, file));
    ASSERT_EQ(ended.status, 0) << ended.err;
    const Volume whole = volume(undisturbed);
    EXPECT_EQ(whole.bytes.value(), sent.bytes * Exporter::sampling);
    EXPECT_EQ(whole.packets.value(), sent.packets * Exporter::sampling);
    EXPECT_EQ(whole.flows.value(), sent.records);
    const auto expected = transfers(undisturbed);

    const std::string ledger = folder / "killed.db";
    std::mt19937_64 random(20261121);
    for (int runs = 0, killed = 0; killed < 30; ++runs) {
        ASSERT_LT(runs, 2000) << "the import always ends before the kill";
        Process process(import(ledger, file));
        support::pass(std::chrono::microseconds(random() % 150'000));
        process.signal(SIGKILL);
        const Ended end = process.wait();
        if (end.status == 128 + SIGKILL) {
            ++killed;
            continue;
        }
        // The import ended before the kill: start again with an empty ledger.
        ASSERT_EQ(end.status, 0) << end.err;
        EXPECT_EQ(transfers(ledger), expected);
        for (const char* tail : {"", "-wal", "-shm", ".lock"})
            std::filesystem::remove(ledger + tail);
    }
    const Ended last = support::run(import(ledger, file));
    ASSERT_EQ(last.status, 0) << last.err;
    EXPECT_EQ(transfers(ledger), expected);
    expect_holds(ledger);
    const Ended again = support::run(import(ledger, file));
    EXPECT_EQ(again.status, 0);
    EXPECT_NE(again.err.find("already imported"), std::string::npos) << again.err;
    EXPECT_EQ(transfers(ledger), expected);
}

}  // namespace
}  // namespace octroi
