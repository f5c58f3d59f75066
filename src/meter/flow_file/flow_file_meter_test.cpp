// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/flow_file/flow_file_meter.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "host/testing/folder.hpp"
#include "wire/packet/testing/frames.hpp"
#include "wire/pcap/testing/writer.hpp"
#include "wire/sflow/testing/datagram.hpp"

namespace octroi::flow_file {
namespace {

using namespace packet::testing_frames;
using octroi::testing::Folder;

constexpr UtcTime start = UtcTime::from_seconds(1'700'000'000);
constexpr std::uint16_t with_sampler = 300;

std::string words(std::initializer_list<std::uint32_t> values) {
    ByteWriter w;
    for (const std::uint32_t value : values) w.be32(value);
    return w.drain();
}

std::string set(std::uint16_t id, const std::string& content) {
    ByteWriter w;
    w.be16(id);
    w.be16(static_cast<std::uint16_t>(4 + content.size()));
    w.raw(content);
    return w.drain();
}

// A NetFlow v9 exporter: source, destination, bytes, packets, sampler (1 octet).
class Exporter {
public:
    std::string message(std::uint16_t count, const std::string& sets) {
        ByteWriter w;
        w.be16(9);
        w.be16(count);
        w.be32(60'000);
        w.be32(1'700'000'000);
        w.be32(sequence_++);
        w.be32(0);
        w.raw(sets);
        return w.drain();
    }
    std::string template_message() {
        ByteWriter w;
        w.be16(with_sampler);
        w.be16(5);
        for (const int value : {8, 4, 12, 4, 1, 4, 2, 4, 48, 1})
            w.be16(static_cast<std::uint16_t>(value));
        return message(1, set(0, w.drain()));
    }
    // Records of `bytes` octets, the first from 10.0.0.<host>.
    std::string data(std::uint32_t host, std::uint32_t bytes, std::uint16_t records = 3) {
        std::string content;
        for (std::uint32_t i = 0; i < records; ++i)
            content += words({0x0a00'0000 + host + i, 0xc633'6401, bytes, 1}) + std::string("\x07");
        content.resize((content.size() + 3) / 4 * 4, '\0');
        return message(records, set(with_sampler, content));
    }
    // Options data: sampler 7 counts 1 packet of 10.
    std::string sampling() {
        ByteWriter shape;
        for (const int value : {301, 4, 12, 1, 4, 48, 1, 49, 1, 50, 4, 0})
            shape.be16(static_cast<std::uint16_t>(value));
        const std::string content = words({1}) + std::string("\x07\x02", 2) + words({10});
        return message(2, set(1, shape.drain()) + set(301, content + std::string(2, '\0')));
    }
    // A NAT event (RFC 8158): the mapping of 10.0.0.<outside> is created or deleted.
    std::string binding(std::uint8_t event, std::uint32_t outside, std::uint32_t inside) {
        ByteWriter shape;
        for (const int value : {303, 3, 230, 1, 225, 4, 8, 4})
            shape.be16(static_cast<std::uint16_t>(value));
        ByteWriter content;
        content.u8(event);
        content.be32(0x0a00'0000 + outside);
        content.be32(inside);
        content.raw(std::string_view("\0\0", 2));
        return message(2, set(0, shape.drain()) + set(303, content.drain() + '\0'));
    }

private:
    std::uint32_t sequence_ = 1;
};

std::string capture_of(const std::vector<std::string>& messages) {
    std::string file;
    pcap::PcapWriter writer(file);
    for (std::size_t i = 0; i < messages.size(); ++i)
        writer.frame(start + Duration::milliseconds(static_cast<std::int64_t>(i)),
                     ethernet().ipv4(v4_header()).udp(50'000, 2055).raw(messages[i]).octets());
    return file;
}

class Readings final : public FlowSink {
public:
    void accept(std::span<const Reading> readings) override {
        for (const Reading& r : readings)
            lines.push_back(to_string(r.src) + " " + std::to_string(r.bytes) + " " +
                            std::to_string(r.packets));
    }
    std::vector<std::string> lines;
};

struct Imported {
    std::vector<std::string> lines;
    std::vector<Checkpoint> checkpoints;
    std::string warning;
};

class FlowFileMeterTest : public ::testing::Test {
protected:
    std::string write(const std::string& content, const std::string& name = "file") {
        const std::string path = folder_.file(name);
        std::ofstream(path, std::ios::binary) << content;
        return path;
    }
    static Result<std::unique_ptr<FlowFileMeter>> open(const std::string& path,
                                                       std::span<const Cursor> known = {}) {
        FlowFileMeterOptions options;
        options.checkpoint_frames = 4;
        return FlowFileMeter::open(path, options, known);
    }
    // Up to this number of checkpoints; readings behind the last one are dropped, as by a kill.
    static Imported run(FlowFileMeter& meter, std::size_t checkpoints = SIZE_MAX) {
        Imported run;
        Readings sink;
        while (run.checkpoints.size() < checkpoints) {
            const auto pull = meter.pull(sink, Duration::seconds(1));
            EXPECT_TRUE(pull.has_value()) << pull.error().text;
            if (!pull || *pull == Pull::more) continue;
            run.checkpoints.push_back(*meter.checkpoint(sink));
            run.lines = sink.lines;
            if (*pull == Pull::end) break;
        }
        run.warning = meter.warning();
        return run;
    }
    Imported whole(const std::string& path) {
        auto meter = open(path);
        EXPECT_TRUE(meter.has_value()) << meter.error().text;
        return run(**meter);
    }
    Folder folder_;
};

std::vector<std::string> messages_of_a_day() {
    Exporter exporter;
    std::vector<std::string> messages = {exporter.data(1, 100), exporter.template_message()};
    for (std::uint32_t i = 0; i < 17; ++i) messages.push_back(exporter.data(10 * i, 200 + i));
    messages.push_back(exporter.sampling());
    return messages;
}

// Nothing of the file is in the ledger, and it is not taken for imported.
TEST_F(FlowFileMeterTest, RefusesAFileWithoutExportsThatCanBeRead) {
    const auto refusal = [&](const std::string& datagram) {
        auto meter = open(write(capture_of({datagram}), "other"));
        EXPECT_TRUE(meter.has_value());
        Readings sink;
        for (;;) {
            const auto pull = (*meter)->pull(sink, Duration::seconds(1));
            if (!pull) return pull.error().text.substr(pull.error().text.rfind('/') + 1);
            if (*pull == Pull::end) return std::string("read");
        }
    };
    EXPECT_EQ(refusal("a packet of another protocol"), "other: no NetFlow, IPFIX or sFlow in it");
    EXPECT_EQ(
        refusal(std::string("\0\0\0\4\0\0\0\1", 8) + std::string(20, '\1')),
        "other: nothing in it can be read: sFlow version 4 (1 datagram). Octroi reads NetFlow "
        "v1, v5, v7 and v9, IPFIX and sFlow version 5");
}

TEST_F(FlowFileMeterTest, AFileOfTemplatesIsRead) {
    Exporter exporter;
    const std::string exports = write(capture_of({exporter.template_message()}), "exports");
    ::testing::internal::CaptureStderr();
    EXPECT_TRUE(whole(exports).lines.empty());
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(FlowFileMeterTest, RecordsAreScaledByRatesLaterInTheFile) {
    const Imported all = whole(write(capture_of(messages_of_a_day())));
    ASSERT_EQ(all.lines.size(), 18U * 3);
    EXPECT_EQ(all.lines.front(), "10.0.0.1 1000 10");
    std::uint64_t bytes = 0;
    for (const Checkpoint& checkpoint : all.checkpoints) bytes += checkpoint.observed.bytes.value();
    EXPECT_EQ(bytes, 3U * 10 * (100 + 17 * 200 + 136));
    EXPECT_EQ(all.checkpoints.size(), 6U);
    EXPECT_EQ(all.checkpoints.back().cursors.front().version, 6U);
    for (const Checkpoint& checkpoint : all.checkpoints) EXPECT_TRUE(checkpoint.losses.empty());
}

TEST_F(FlowFileMeterTest, ContinuesFromAnyCheckpointAsIfUndisturbed) {
    const std::string path = write(capture_of(messages_of_a_day()));
    const Imported all = whole(path);
    for (std::size_t count = 1; count < all.checkpoints.size(); ++count) {
        auto killed = open(path);
        ASSERT_TRUE(killed.has_value());
        Imported first = run(**killed, count);
        ASSERT_EQ(first.checkpoints.size(), count);
        auto meter = open(path, first.checkpoints.back().cursors);
        ASSERT_TRUE(meter.has_value());
        EXPECT_EQ((*meter)->resumed_at(), 4 * count);
        const Imported rest = run(**meter);
        first.lines.insert(first.lines.end(), rest.lines.begin(), rest.lines.end());
        EXPECT_EQ(first.lines, all.lines) << "after checkpoint " << count;
    }
}

TEST_F(FlowFileMeterTest, MappingsAreReportedOnceAndHoldBehindAnyCheckpoint) {
    Exporter exporter;
    std::vector<std::string> messages = {exporter.template_message(), exporter.data(50, 1),
                                         exporter.binding(14, 50, 0xc0a80007)};
    for (std::uint32_t i = 0; i < 10; ++i) messages.push_back(exporter.data(50, 100 + i, 1));
    messages.push_back(exporter.binding(14, 51, 0xc0a80008));
    messages.push_back(exporter.data(51, 300, 1));
    messages.push_back(exporter.binding(15, 50, 0xc0a80007));
    const auto reported = [](const Imported& run) {
        std::vector<Translation> all;
        for (const Checkpoint& checkpoint : run.checkpoints)
            all.insert(all.end(), checkpoint.translations.begin(), checkpoint.translations.end());
        return all;
    };
    const std::string path = write(capture_of(messages));
    const Imported all = whole(path);
    EXPECT_EQ(all.lines.front(), "10.0.0.50 1 1") << "before it was bound";
    EXPECT_EQ(std::ranges::count(all.lines, "192.168.0.7 105 1"), 1);
    EXPECT_EQ(all.lines.back(), "192.168.0.8 300 1");
    ASSERT_EQ(reported(all).size(), 3U) << "two beginnings and an end";
    for (std::size_t count = 1; count < all.checkpoints.size(); ++count) {
        auto killed = open(path);
        ASSERT_TRUE(killed.has_value());
        Imported first = run(**killed, count);
        auto meter = open(path, first.checkpoints.back().cursors);
        ASSERT_TRUE(meter.has_value());
        const Imported rest = run(**meter);
        first.lines.insert(first.lines.end(), rest.lines.begin(), rest.lines.end());
        first.checkpoints.insert(first.checkpoints.end(), rest.checkpoints.begin(),
                                 rest.checkpoints.end());
        EXPECT_EQ(first.lines, all.lines) << "after checkpoint " << count;
        EXPECT_EQ(reported(first), reported(all)) << "after checkpoint " << count;
    }
}

TEST_F(FlowFileMeterTest, TheSameFileAndAGrownOne) {
    const std::vector<std::string> messages = messages_of_a_day();
    const std::string content = capture_of(messages);
    const std::string path = write(content);
    const Imported all = whole(path);
    const auto& cursors = all.checkpoints.back().cursors;
    auto again = open(write(content, "another name"), cursors);
    ASSERT_TRUE(again.has_value());
    EXPECT_TRUE((*again)->already_complete());
    EXPECT_FALSE((*again)->known_as().empty());

    const std::size_t half_length = capture_of({messages.begin(), messages.begin() + 9}).size();
    const Imported half = whole(write(content.substr(0, half_length + 5), "half"));
    EXPECT_FALSE(half.warning.empty());
    auto grown = open(path, half.checkpoints.back().cursors);
    ASSERT_TRUE(grown.has_value());
    EXPECT_EQ((*grown)->resumed_at(), 9U);
    // Records before the options data are not scaled; nothing is booked twice.
    EXPECT_EQ(run(**grown).lines.size() + half.lines.size(), all.lines.size());
}

TEST_F(FlowFileMeterTest, MissingPartsAreLosses) {
    Exporter exporter;
    std::vector<std::string> messages = {exporter.template_message(), exporter.data(1, 100)};
    exporter.data(2, 100);
    messages.push_back(exporter.data(3, 100));
    messages.push_back(exporter.message(1, set(999, words({1, 2, 3}))));
    const std::string content = capture_of(messages);
    const Imported run = whole(write(content.substr(0, content.size() - 1) + "xy"));
    std::vector<LossReason> reasons;
    for (const Checkpoint& checkpoint : run.checkpoints)
        for (const Loss& loss : checkpoint.losses) reasons.push_back(loss.reason);
    EXPECT_TRUE(std::ranges::count(reasons, LossReason::export_gap) == 1);
    EXPECT_TRUE(std::ranges::count(reasons, LossReason::no_template) == 1);
    EXPECT_TRUE(std::ranges::count(reasons, LossReason::truncated) == 1);
}

TEST_F(FlowFileMeterTest, MessagesWithoutACapture) {
    std::string content;
    for (const std::string& message : messages_of_a_day()) content += message;
    EXPECT_EQ(whole(write(content)).lines.size(), 18U * 3);
    // sFlow messages have no time: the ledger would date them 1970.
    sflow::testing::Datagram datagram(v4_a);
    datagram.flow_sample({}, {sflow::testing::sampled_ipv4(100, 17, v4_a, v4_b, 1, 2)});
    auto meter = open(write(datagram.octets()));
    ASSERT_TRUE(meter.has_value());
    Readings sink;
    EXPECT_EQ((*meter)->pull(sink, Duration::seconds(1)).error().code, ErrorCode::unsupported);
}

// Looks the names up at the moment when the readings are handed over.
class NamedReadings final : public FlowSink {
public:
    explicit NamedReadings(const Meter& meter) : meter_(meter) {}
    void accept(std::span<const Reading> readings) override {
        const std::span<const Name> names = meter_.names().rows();
        for (const Reading& r : readings)
            interfaces.push_back(names[r.interface - 1].text + " " +
                                 names[r.out_interface - 1].text);
    }
    std::vector<std::string> interfaces;

private:
    const Meter& meter_;
};

TEST_F(FlowFileMeterTest, InterfacesHaveNamesWhenTheirReadingsAreHandedOver) {
    sflow::testing::Datagram datagram(v4_a);
    datagram.flow_sample({}, {sflow::testing::sampled_ipv4(100, 17, v4_a, v4_b, 1, 2)});
    auto meter = open(write(capture_of({datagram.octets()})));
    ASSERT_TRUE(meter.has_value());
    NamedReadings sink(**meter);
    while (*(*meter)->pull(sink, Duration::seconds(1)) != Pull::end) {
    }
    EXPECT_EQ(sink.interfaces, std::vector<std::string>{"192.0.2.1#3 192.0.2.1#4"});
}

}  // namespace
}  // namespace octroi::flow_file
