// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/capture/file_meter.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <tuple>

#include "wire/packet/testing/build.hpp"
#include "wire/pcap/testing/writer.hpp"

namespace octroi::capture {
namespace {

namespace fs = std::filesystem;
using packet::build::Frame;

constexpr std::int64_t second = 1'000'000'000;
constexpr UtcTime start{1'700'000'100 * second - 5 * second};  // 5 s before a bucket begins
constexpr std::size_t pcap_header = 24;

class Readings final : public FlowSink {
public:
    void accept(std::span<const Reading> readings) override {
        all.insert(all.end(), readings.begin(), readings.end());
    }
    std::vector<Reading> all;
};

Volume sum_of(std::span<const Reading> readings) {
    Volume sum;
    for (const Reading& r : readings)
        sum += Volume{Bytes{r.bytes}, Packets{r.packets}, Flows{r.flows}};
    return sum;
}

// The content of one commit.
struct Commit {
    std::vector<Reading> readings;
    Checkpoint checkpoint;
};

struct Import {
    std::vector<Commit> commits;
    std::string warning;
    std::string doubt;
    bool already_complete = false;
    std::uint64_t resumed_at = 0;

    [[nodiscard]] Volume observed() const {
        Volume sum;
        for (const Commit& c : commits) sum += c.checkpoint.observed;
        return sum;
    }
    [[nodiscard]] std::vector<Loss> losses() const {
        std::vector<Loss> all;
        for (const Commit& c : commits)
            all.insert(all.end(), c.checkpoint.losses.begin(), c.checkpoint.losses.end());
        return all;
    }
    // Into a ledger's cursors.
    void commit_to(std::vector<Cursor>& ledger) const {
        for (const Commit& c : commits) {
            for (const Cursor& cursor : c.checkpoint.cursors) {
                const auto same = [&](const Cursor& k) { return k.source == cursor.source; };
                const auto old = std::ranges::find_if(ledger, same);
                EXPECT_EQ(cursor.version, old == ledger.end() ? 1 : old->version + 1);
                if (old == ledger.end())
                    ledger.push_back(cursor);
                else
                    *old = cursor;
            }
        }
    }
};

FileMeterOptions small_steps() {
    FileMeterOptions options;
    options.checkpoint_packets = 100;
    return options;
}

Result<Import> import(const std::string& path, const std::vector<Cursor>& known,
                      const FileMeterOptions& options = small_steps()) {
    TRY_ASSIGN(const auto meter, FileMeter::open(path, options, known));
    Import out;
    out.already_complete = meter->already_complete();
    out.resumed_at = meter->resumed_at();
    out.doubt = meter->doubt();
    for (bool end = false; !end;) {
        Readings sink;
        for (;;) {
            TRY_ASSIGN(const Pull pull, meter->pull(sink, Duration::seconds(1)));
            end = pull == Pull::end;
            if (pull == Pull::checkpoint || end) break;
        }
        TRY_ASSIGN(auto checkpoint, meter->checkpoint(sink));
        EXPECT_EQ(sum_of(sink.all), checkpoint.observed);
        for (const Reading& r : sink.all) EXPECT_EQ(bucket_start(r.first), bucket_start(r.last));
        if (!checkpoint.cursors.empty()) out.commits.push_back({sink.all, std::move(checkpoint)});
    }
    out.warning = meter->warning();
    return out;
}

// Imports a file into a ledger, and checks what every good import must satisfy.
Import must_import(const std::string& path, std::vector<Cursor>& ledger,
                   const FileMeterOptions& options = small_steps()) {
    auto result = import(path, ledger, options);
    EXPECT_TRUE(result.has_value()) << (result.has_value() ? "" : result.error().text);
    if (!result.has_value()) return {};
    result->commit_to(ledger);
    return *std::move(result);
}

class FileMeterTest : public ::testing::Test {
protected:
    FileMeterTest() {
        std::string name = (fs::temp_directory_path() / "octroi-capture-XXXXXX").string();
        EXPECT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    ~FileMeterTest() override { fs::remove_all(folder_); }

    std::string write(const std::string& name, std::string_view content) {
        const fs::path path = folder_ / name;
        std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
        return path.string();
    }
    fs::path folder_;
};

Address address(std::uint64_t n) {
    return Address::v4(0x0a000000U + static_cast<std::uint32_t>(n));
}

// A frame of a random mix: both versions, fragments with a first one that came before, late, or
// never, VLANs, frames without IP, and damaged headers.
std::string random_frame(std::mt19937_64& random) {
    const Mac a{{2, 0, 0, 0, 0, 1}};
    const Mac b{{2, 0, 0, 0, 0, 2}};
    Frame frame;
    frame.ethernet(a, b);
    if (random() % 5 == 0) frame.vlan(static_cast<std::uint16_t>(1 + random() % 3));
    const Address src = address(random() % 20);
    const Address dst = address(100 + random() % 3);
    const auto port = static_cast<std::uint16_t>(1000 + random() % 5);
    const auto id = static_cast<std::uint16_t>(random() % 30);
    const std::size_t size = random() % 200;
    switch (random() % 10) {
        case 0:
            return frame.type(0x0806).payload(28 + size).octets();
        case 1:
            return frame.type(0x0800).raw("\x42").payload(size).octets();
        case 2:
            return frame.ipv4({.src = src, .dst = dst, .id = id, .more_fragments = true})
                .udp(port, 53)
                .payload(64)
                .octets();
        case 3:
        case 4:
            return frame.ipv4({.src = src, .dst = dst, .id = id, .fragment_offset = 9})
                .protocol(17)
                .payload(size)
                .octets();
        case 5:
            return frame.ipv4({.src = src, .dst = dst}).icmp(8, 0).payload(size).octets();
        case 6: {
            Address from = Address::v6(std::array<std::uint8_t, 16>{0x20, 1, 0xd, 0xb8}.data());
            from.octets[15] = static_cast<std::uint8_t>(random() % 4);
            return frame.ipv6({.src = from, .dst = from}).tcp(port, 443, 2).payload(size).octets();
        }
        default:
            return frame.ipv4({.src = src, .dst = dst}).tcp(port, 80, 16).payload(size).octets();
    }
}

std::string random_capture(std::uint64_t seed, std::size_t frames, std::int64_t apart_ns) {
    std::mt19937_64 random(seed);
    std::string out;
    pcap::PcapWriter writer(out, {.nanoseconds = true});
    for (std::size_t i = 0; i < frames; ++i)
        writer.frame(start + Duration{static_cast<std::int64_t>(i) * apart_ns},
                     random_frame(random));
    return out;
}

bool same(const Reading& a, const Reading& b) {
    const auto tie = [](const Reading& r) {
        return std::tie(r.first, r.last, r.bytes, r.packets, r.flows, r.src, r.dst, r.src_mac,
                        r.dst_mac, r.sport, r.dport, r.vlan, r.inner_vlan, r.proto);
    };
    const auto more = [](const Reading& r) {
        return std::tuple(r.tcp_flags, r.tos, r.icmp_type, r.icmp_code, ReadingKind{r.kind},
                          Direction{r.direction}, FragmentState{r.fragment}, r.interface,
                          r.flow_slot, bool{r.fresh});
    };
    return tie(a) == tie(b) && more(a) == more(b);
}

bool same(const Commit& a, const Commit& b) {
    return std::ranges::equal(a.readings, b.readings,
                              [](const Reading& x, const Reading& y) { return same(x, y); }) &&
           a.checkpoint.observed == b.checkpoint.observed &&
           a.checkpoint.cursors == b.checkpoint.cursors &&
           a.checkpoint.losses == b.checkpoint.losses;
}

TEST_F(FileMeterTest, ContinuesFromAnyCheckpointLikeAnUndisturbedImport) {
    // A frame every 20 ms: ends of buckets, idle timeouts and timeouts of fragments all occur.
    const std::string path = write("a.pcap", random_capture(1, 3050, 20'000'000));
    std::vector<Cursor> none;
    FileMeterOptions options = small_steps();
    options.aggregator.flows.inactive = Duration::seconds(3);
    const auto whole = import(path, none, options);
    ASSERT_TRUE(whole.has_value());
    ASSERT_EQ(whole->commits.size(), 31U);
    EXPECT_EQ(whole->observed().packets.value(), 3050U);
    for (std::size_t done = 1; done < whole->commits.size(); ++done) {
        options.seed = done;  // has no influence
        const auto rest = import(path, whole->commits[done - 1].checkpoint.cursors, options);
        ASSERT_TRUE(rest.has_value());
        EXPECT_EQ(rest->resumed_at, done * 100);
        ASSERT_EQ(rest->commits.size(), whole->commits.size() - done);
        for (std::size_t i = 0; i < rest->commits.size(); ++i)
            EXPECT_TRUE(same(rest->commits[i], whole->commits[done + i])) << done << " + " << i;
    }
}

TEST_F(FileMeterTest, ReadsAFileOnceWhateverItsName) {
    const std::string content = random_capture(2, 1000, 1'000'000);
    std::vector<Cursor> ledger;
    const Import first = must_import(write("a.pcap", content), ledger);
    EXPECT_FALSE(first.already_complete);
    ASSERT_EQ(ledger.size(), 1U);
    EXPECT_EQ(ledger[0].source.rfind("file:", 0), 0U);
    EXPECT_NE(ledger[0].note.find("a.pcap"), std::string::npos);
    EXPECT_NE(ledger[0].note.find("1 000 packets"), std::string::npos);
    for (const char* name : {"a.pcap", "b.pcap"}) {
        const Import again = must_import(write(name, content), ledger);
        EXPECT_TRUE(again.already_complete);
        EXPECT_TRUE(again.commits.empty());
    }
    EXPECT_EQ(ledger.size(), 1U);
}

TEST_F(FileMeterTest, ReadsAFileOnceCompressedOrFromStandardInput) {
    const std::string content = random_capture(3, 2000, 1'000'000);
    std::vector<Cursor> ledger;
    const std::string plain = write("a.pcap", content);
    const std::string packed = (folder_ / "a.pcap.gz").string();
    const gzFile gz = gzopen(packed.c_str(), "wb");
    ASSERT_NE(gz, nullptr);
    gzwrite(gz, content.data(), static_cast<unsigned>(content.size()));
    gzclose(gz);
    EXPECT_EQ(must_import(packed, ledger).observed().packets.value(), 2000U);
    EXPECT_TRUE(must_import(plain, ledger).already_complete);
    EXPECT_TRUE(must_import(packed, ledger).already_complete);
    const int saved = ::dup(STDIN_FILENO);
    for (int i = 0; i < 2; ++i) {
        const int fd = ::open(plain.c_str(), O_RDONLY | O_CLOEXEC);
        ::dup2(fd, STDIN_FILENO);
        ::close(fd);
        const Import again = must_import("-", ledger);
        EXPECT_EQ(again.already_complete, true);
        EXPECT_EQ(again.observed().packets.value(), 0U);
    }
    ::dup2(saved, STDIN_FILENO);
    ::close(saved);
}

TEST_F(FileMeterTest, ContinuesInAFileThatHasGrown) {
    const std::string content = random_capture(4, 3000, 1'000'000);
    // Shorter than the head that identifies a file, in the middle of a record, and longer.
    std::vector<Cursor> ledger;
    Volume sum;
    std::size_t truncated = 0;
    for (const std::size_t size : {std::size_t{24}, std::size_t{5000}, std::size_t{70'000},
                                   std::size_t{70'001}, content.size()}) {
        const Import part = must_import(write("a.pcap", content.substr(0, size)), ledger);
        sum += part.observed();
        for (const Loss& loss : part.losses()) {
            EXPECT_EQ(loss.reason, LossReason::truncated);
            ++truncated;
        }
        // The ledger has no cursor of a file with a header only.
        EXPECT_EQ(must_import(write("b.pcap", content.substr(0, size)), ledger).already_complete,
                  size > pcap_header);
    }
    EXPECT_EQ(ledger.size(), 1U);
    EXPECT_EQ(sum.packets.value(), 3000U);
    EXPECT_GE(truncated, 2U);
}

TEST_F(FileMeterTest, AnEarlierCopyOfAGrownFileIsKnown) {
    const std::string content = random_capture(5, 3000, 1'000'000);
    std::vector<Cursor> ledger;
    must_import(write("a.pcap", content), ledger);
    EXPECT_TRUE(
        must_import(write("old.pcap", content.substr(0, 150'000)), ledger).already_complete);
}

// Also a copy that is shorter than the head in the longer file's name.
TEST_F(FileMeterTest, AShortEarlierCopyIsKnownToo) {
    const std::string content = random_capture(5, 300, 1'000'000);
    ASSERT_LT(content.size(), file::Stream::head_length);
    std::vector<Cursor> ledger;
    must_import(write("a.pcap", content), ledger);
    for (const std::size_t size : {std::size_t{500}, content.size() / 2, content.size() - 1}) {
        const Import copy = must_import(write("old.pcap", content.substr(0, size)), ledger);
        EXPECT_TRUE(copy.already_complete) << size;
    }
    // Another capture of the same machine, which has only the file header in common.
    const std::string other = random_capture(6, 50, 2'000'000);
    EXPECT_EQ(must_import(write("other.pcap", other), ledger).observed().packets.value(), 50U);
    EXPECT_EQ(ledger.size(), 2U);
}

// A capture that is cut within its first frame has the same beginning as others.
TEST_F(FileMeterTest, ACaptureCutInItsFirstFrameIsNoOtherFile) {
    const std::string content = random_capture(5, 300, 1'000'000);
    const std::string shorter = random_capture(6, 50, 1'000'000);
    std::vector<Cursor> ledger;
    must_import(write("cut.pcap", content.substr(0, pcap_header + 4)), ledger);
    EXPECT_EQ(must_import(write("a.pcap", content), ledger).observed().packets.value(), 300U);
    EXPECT_EQ(must_import(write("b.pcap", shorter), ledger).observed().packets.value(), 50U);
}

// Attribution reads the names before the readings: no reading may come before its name.
TEST_F(FileMeterTest, InterfacesAreNamedBeforeTheirReadingsCome) {
    std::string content;
    pcap::PcapngWriter writer(content);
    std::mt19937_64 random(1);
    for (std::uint32_t interface = 0; interface < 3; ++interface) {
        writer.interface({.name = std::string("up") + std::to_string(interface)});
        for (std::uint32_t i = 0; i < 500; ++i) {
            const UtcTime time = start + Duration{(interface * 500 + i) * 20'000'000};
            writer.frame(interface, time, random_frame(random));
        }
    }
    FileMeterOptions options;
    options.aggregator.flows.flow_limit = 64;  // readings come early
    const auto meter = *FileMeter::open(write("a.pcapng", content), options, {});
    std::uint64_t readings = 0;
    for (Pull pull = Pull::more; pull != Pull::end;) {
        const std::size_t named = meter->names().rows().size();
        Readings sink;
        pull = *meter->pull(sink, Duration::seconds(1));
        for (const Reading& r : sink.all) EXPECT_LE(r.interface, named);
        readings += sink.all.size();
    }
    EXPECT_GT(readings, 500U);
    EXPECT_EQ(meter->names().rows().size(), 3U);
    EXPECT_EQ(meter->totals().frames, 1500U);
}

TEST_F(FileMeterTest, AFileThatBeginsTheSameAndDiffersIsAnother) {
    const std::string content = random_capture(6, 3000, 1'000'000);
    ASSERT_GT(content.size(), 300'000U);
    std::vector<Cursor> ledger;
    must_import(write("a.pcap", content), ledger);
    std::string other = content;
    other.back() = static_cast<char>(~other.back());
    EXPECT_EQ(must_import(write("b.pcap", other), ledger).observed().packets.value(), 3000U);
    ASSERT_EQ(ledger.size(), 2U);
    EXPECT_EQ(ledger[1].source, ledger[0].source + ".2");
    EXPECT_TRUE(must_import(write("c.pcap", other), ledger).already_complete);
    EXPECT_TRUE(must_import(write("d.pcap", content), ledger).already_complete);
}

// No frame is left out, whichever file is longer, and the common part of both is named.
TEST_F(FileMeterTest, AShorterFileThatBeginsTheSameAndGoesOnOtherwiseIsAnother) {
    for (const std::size_t common : {std::size_t{20}, std::size_t{1000}}) {
        const std::string begin = random_capture(6, common, 1'000'000);
        const std::string longer = begin + random_capture(7, 2000, 2'000'000).substr(pcap_header);
        const std::string shorter = begin + random_capture(8, 500, 2'000'000).substr(pcap_header);
        std::vector<Cursor> ledger;
        EXPECT_EQ(must_import(write("a.pcap", longer), ledger).doubt, "");
        const Import other = must_import(write("b.pcap", shorter), ledger);
        EXPECT_EQ(other.observed().packets.value(), 500U + common);
        // Without the first 64 KiB in common there is no doubt.
        EXPECT_EQ(other.doubt.find("begins like a.pcap") != std::string::npos, common == 1000)
            << other.doubt;
        EXPECT_TRUE(must_import(write("c.pcap", shorter), ledger).already_complete);
        // An earlier copy: nothing is added, and what could not be compared is said.
        const Import copy =
            must_import(write("d.pcap", longer.substr(0, longer.size() - 99)), ledger);
        EXPECT_TRUE(copy.already_complete);
        EXPECT_NE(copy.doubt.find("could not be compared"), std::string::npos) << copy.doubt;
    }
}

TEST_F(FileMeterTest, ARepairedFileGoesOnBehindTheDamage) {
    const std::string good = random_capture(7, 500, 1'000'000);
    const std::string rest = random_capture(8, 10, 2'000'000).substr(pcap_header);
    std::vector<Cursor> ledger;
    const std::string damaged = good + std::string(16, '\xff') + rest.substr(16);
    EXPECT_EQ(must_import(write("a.pcap", damaged), ledger).observed().packets.value(), 500U);
    EXPECT_TRUE(must_import(write("a.pcap", damaged), ledger).already_complete);
    EXPECT_EQ(must_import(write("a.pcap", good + rest), ledger).observed().packets.value(), 10U);
    EXPECT_TRUE(must_import(write("a.pcap", good + rest), ledger).already_complete);
    EXPECT_EQ(ledger.size(), 1U);
}

// A capture without frames has the same beginning as every other one of its machine.
TEST_F(FileMeterTest, AnEmptyCaptureIsNoOtherFile) {
    const std::string longer = random_capture(5, 300, 1'000'000);
    const std::string shorter = random_capture(6, 50, 1'000'000);
    std::vector<Cursor> ledger;
    const auto empty = import(write("empty.pcap", longer.substr(0, pcap_header)), ledger);
    ASSERT_TRUE(empty.has_value());
    EXPECT_TRUE(empty->commits.empty());
    empty->commit_to(ledger);
    for (const auto& [content, frames] : {std::pair(longer, 300U), std::pair(shorter, 50U)}) {
        const auto other = import(write("other.pcap", content), ledger);
        ASSERT_TRUE(other.has_value());
        EXPECT_FALSE(other->already_complete);
        EXPECT_EQ(other->observed().packets.value(), frames);
        other->commit_to(ledger);
    }
}

TEST_F(FileMeterTest, DamageIsALossAndTheRestCounts) {
    std::string content = random_capture(7, 500, 1'000'000);
    const std::size_t good = content.size();
    content += std::string(16, '\xff') + random_capture(8, 10, 1);
    std::vector<Cursor> ledger;
    const std::string path = write("a.pcap", content);
    const Import part = must_import(path, ledger);
    EXPECT_EQ(part.observed().packets.value(), 500U);
    ASSERT_EQ(part.losses().size(), 1U);
    EXPECT_EQ(part.losses()[0].reason, LossReason::corrupt);
    EXPECT_NE(part.warning.find(std::to_string(good)), std::string::npos) << part.warning;
    EXPECT_TRUE(must_import(path, ledger).already_complete);
}

TEST_F(FileMeterTest, RefusesFilesThatAreNoCaptures) {
    for (const std::string& content :
         {std::string(), std::string("GET / HTTP/1.1\r\n"), std::string(200'000, 'x'),
          random_capture(9, 1, 1).substr(0, pcap_header - 1)}) {
        const auto result = import(write("a", content), {});
        ASSERT_FALSE(result.has_value());
        EXPECT_EQ(result.error().code, ErrorCode::corrupt);
        EXPECT_NE(result.error().text.find("not a packet capture"), std::string::npos);
    }
    const auto absent = import((folder_ / "absent").string(), {});
    ASSERT_FALSE(absent.has_value());
    EXPECT_EQ(absent.error().code, ErrorCode::not_found);
}

// Neither an IP header nor a record of the file sets a volume alone.
TEST_F(FileMeterTest, ALengthBeyondTheFrameIsNoTraffic) {
    std::string forged = Frame()
                             .ethernet(Mac{}, Mac{})
                             .ipv4({.src = Address::v4(1), .dst = Address::v4(2)})
                             .udp(1, 2)
                             .payload(32)
                             .octets();
    forged[16] = forged[17] = '\xff';
    const std::string arp = Frame().ethernet(Mac{}, Mac{}).type(0x0806).payload(28).octets();
    std::string content;
    pcap::PcapWriter writer(content);
    writer.frame(start, forged);
    writer.frame(start, arp, 0xffff'ffff);
    const auto result = import(write("a.pcap", content), {});
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->observed(), (Volume{Bytes{74 + 42}, Packets{2}, Flows{0}}));
    for (const Reading& r : result->commits.at(0).readings)
        EXPECT_EQ(r.kind, r.bytes == 74 ? ReadingKind::malformed : ReadingKind::non_ip);
}

// The file is named by the sentence itself, so callers do not name it again.
TEST_F(FileMeterTest, AWarningNamesTheFileOnce) {
    std::string content = random_capture(9, 1, 3);
    const std::string path = write("cut.pcap", content.substr(0, content.size() - 1));
    const auto result = import(path, {});
    ASSERT_TRUE(result.has_value());
    EXPECT_TRUE(result->warning.starts_with(path)) << result->warning;
    EXPECT_EQ(result->warning.find(path, 1), std::string::npos) << result->warning;
}

TEST_F(FileMeterTest, RefusesALinkTypeThatItCannotReadAndNamesIt) {
    std::string content;
    pcap::PcapWriter writer(content, {.link = packet::LinkType{147}});
    writer.frame(start, std::string(60, 'x'));
    const auto result = import(write("a.pcap", content), {});
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::unsupported);
    EXPECT_NE(result.error().text.find("147"), std::string::npos);
}

TEST_F(FileMeterTest, InterfacesAndTheirDropsAreReported) {
    std::string content;
    pcap::PcapngWriter writer(content);
    std::mt19937_64 random(10);
    writer.interface({.name = "eth0"});
    writer.interface({.name = "eth1"});
    for (int i = 0; i < 250; ++i)
        writer.frame(static_cast<std::uint32_t>(i % 2), start + Duration{i}, random_frame(random));
    writer.statistics(1, 17);
    std::vector<Cursor> ledger;
    const std::string path = write("a.pcapng", content);
    const Import whole = must_import(path, ledger);
    ASSERT_EQ(whole.losses().size(), 1U);
    EXPECT_EQ(whole.losses()[0].reason, LossReason::kernel_drop);
    EXPECT_EQ(whole.losses()[0].packets, 17U);
    EXPECT_EQ(whole.losses()[0].bytes_bound, 17U * 65'535);
    std::array<std::uint64_t, 3> per_interface{};
    for (const Commit& c : whole.commits)
        for (const Reading& r : c.readings) per_interface.at(r.interface) += r.packets;
    EXPECT_EQ(per_interface, (std::array<std::uint64_t, 3>{0, 125, 125}));
}

TEST_F(FileMeterTest, ABlockThatCannotBeDecodedIsALoss) {
    std::string content;
    pcap::PcapngWriter writer(content);
    std::mt19937_64 random(10);
    writer.interface({.name = "eth0"});
    for (int i = 0; i < 250; ++i) {
        writer.frame(0, start + Duration{i}, random_frame(random));
        if (i % 50 == 0) writer.block(6, std::string(8, 'x'));  // an enhanced packet, too short
    }
    std::vector<Cursor> ledger;
    const Import whole = must_import(write("a.pcapng", content), ledger);
    EXPECT_EQ(whole.observed().packets.value(), 250U);
    std::uint64_t packets = 0;
    for (const Loss& loss : whole.losses()) {
        EXPECT_EQ(loss.reason, LossReason::corrupt);
        EXPECT_EQ(loss.bytes_bound, loss.packets.value_or(0) * 65'535);
        packets += loss.packets.value_or(0);
    }
    EXPECT_EQ(packets, 5U);
}

TEST_F(FileMeterTest, FragmentsHaveTheServiceOfTheirFirstOneOrOneOfTheirOwn) {
    std::string content;
    pcap::PcapWriter writer(content);
    const Mac mac{{2, 0, 0, 0, 0, 1}};
    const auto fragment = [&](std::uint16_t offset, bool more, std::uint16_t id) {
        Frame f;
        f.ethernet(mac, mac).ipv4({.src = address(1),
                                   .dst = address(2),
                                   .id = id,
                                   .fragment_offset = offset,
                                   .more_fragments = more});
        return offset == 0 ? f.udp(4000, 53).payload(72).octets()
                           : f.protocol(17).payload(80).octets();
    };
    writer.frame(start, fragment(0, true, 7));
    writer.frame(start + Duration{1000}, fragment(10, false, 7));
    writer.frame(start + Duration{2000}, fragment(10, false, 8));
    const std::string path = write("a.pcap", content);
    for (const FragmentPolicy policy : {FragmentPolicy::resolve, FragmentPolicy::separate}) {
        FileMeterOptions options = small_steps();
        options.aggregator.fragments = policy;
        const auto whole = import(path, {}, options);
        ASSERT_TRUE(whole.has_value());
        std::uint64_t orphans = 0;
        for (const Reading& r : whole->commits.at(0).readings) {
            const bool orphan = r.fragment == FragmentState::orphan;
            EXPECT_EQ(r.dport, orphan ? 0 : 53);
            orphans += orphan ? r.packets : 0;
        }
        EXPECT_EQ(orphans, policy == FragmentPolicy::resolve ? 1U : 2U);
        EXPECT_EQ(whole->observed().bytes.value(), 300U);
    }
}

TEST_F(FileMeterTest, EveryCounterHasItsName) {
    const std::string path = write("a.pcap", random_capture(11, 300, 1'000'000));
    auto meter = FileMeter::open(path, {}, {});
    ASSERT_TRUE(meter.has_value());
    Readings sink;
    for (Pull pull = Pull::more; pull != Pull::end;) {
        const auto next = (*meter)->pull(sink, Duration::seconds(1));
        ASSERT_TRUE(next.has_value());
        pull = *next;
    }
    const auto values = (*meter)->counters();
    ASSERT_EQ(values.size(), capture_counters.size());
    for (std::size_t i = 0; i < values.size(); ++i)
        EXPECT_EQ(values[i].name, capture_counters[i].name);
    const PacketTotals& t = (*meter)->totals();
    EXPECT_EQ(t.frames, 300U);
    EXPECT_EQ(t.ip_packets + t.non_ip + t.malformed, t.frames);
    EXPECT_EQ(t.v4_packets + t.v6_packets, t.ip_packets);
    EXPECT_EQ(t.v4_bytes + t.v6_bytes, t.ip_bytes);
    EXPECT_GT(t.fragments, t.orphans);
    EXPECT_GT(t.orphans, 0U);
    EXPECT_GT(t.non_ip, 0U);
    EXPECT_GT(t.malformed, 0U);
}

}  // namespace
}  // namespace octroi::capture
