// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/flow_file/datagram_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "wire/packet/testing/frames.hpp"
#include "wire/pcap/testing/writer.hpp"

namespace octroi::flow_file {
namespace {

namespace fs = std::filesystem;
using namespace packet::testing_frames;

constexpr UtcTime start{1'700'000'000'000'000'000};

// An IPFIX message without sets, identified by its length.
std::string message(std::uint16_t length) {
    ByteWriter w;
    w.be16(10);
    w.be16(length);
    w.be32(1'600'000'000);
    w.raw(std::string(length - 8U, 'm'));
    return w.drain();
}

class Seen final : public DatagramSink {
public:
    void datagram(const exporter::Datagram& d) override { keep("udp", d); }
    void message(const exporter::Datagram& d) override { keep("tcp", d); }
    void session_ended(const Address& /*from*/, std::uint16_t /*session*/) override {}
    std::vector<std::string> all;
    std::vector<UtcTime> times;

private:
    void keep(const std::string& how, const exporter::Datagram& d) {
        all.push_back(how + " " + to_string(d.from) + " " + std::to_string(d.octets.size()));
        times.push_back(d.received);
    }
};

class DatagramFileTest : public ::testing::Test {
protected:
    DatagramFileTest()
        : folder_(fs::temp_directory_path() / ("octroi-datagrams-" + std::to_string(getpid()))) {
        fs::create_directories(folder_);
    }
    ~DatagramFileTest() override { fs::remove_all(folder_); }

    std::string write(const std::string& content) {
        const fs::path path = folder_ / "file";
        std::ofstream(path, std::ios::binary) << content;
        return path;
    }
    static void read_all(DatagramFile& file, Seen& seen) {
        for (bool more = true; more;) {
            const auto went = file.read(seen);
            ASSERT_TRUE(went.has_value());
            more = *went;
        }
    }
    fs::path folder_;
};

std::string capture() {
    std::string file;
    pcap::PcapngWriter writer(file);
    writer.interface({});
    writer.interface({.link = packet::LinkType::raw});
    const auto udp = [](Frame frame, std::size_t length) {
        return frame.udp(50'000, 2055)
            .raw(message(static_cast<std::uint16_t>(length)))
            .padded_to(60)
            .octets();
    };
    writer.frame(0, start, udp(ethernet().vlan(5).ipv4(v4_header()), 16));
    writer.frame(1, start + Duration{1}, udp(Frame().ipv6(v6_header()), 17));
    writer.frame(0, start, ethernet().type(0x0806).payload(46).octets());
    // In two fragments.
    const std::string large = Frame().udp(1, 2).raw(message(2000)).octets();
    std::string whole = large;
    whole[4] = static_cast<char>(2008 >> 8);
    whole[5] = static_cast<char>(2008 & 0xff);
    auto first = v4_header();
    first.id = 4;
    first.more_fragments = true;
    auto second = v4_header();
    second.id = 4;
    second.fragment_offset = 100;
    writer.frame(1, start, Frame().ipv4(second).protocol(17).raw(whole.substr(800)).octets());
    writer.frame(1, start + Duration{2},
                 Frame().ipv4(first).protocol(17).raw(whole.substr(0, 800)).octets());
    // Over TCP.
    writer.frame(0, start,
                 ethernet()
                     .ipv4(v4_header())
                     .tcp(40'000, 4739, 0x18)
                     .raw(message(300) + message(301))
                     .octets());
    return file;
}

TEST_F(DatagramFileTest, PayloadsOfACapture) {
    auto file = DatagramFile::open(write(capture()));
    ASSERT_TRUE(file.has_value()) << file.error().text;
    const std::vector<std::string> expected = {"udp 192.0.2.1 16", "udp 2001:db8::1 17",
                                               "udp 192.0.2.1 2000", "tcp 192.0.2.1 300",
                                               "tcp 192.0.2.1 301"};
    for (int pass = 0; pass < 2; ++pass) {
        Seen seen;
        read_all(**file, seen);
        EXPECT_EQ(seen.all, expected);
        EXPECT_EQ(seen.times[1], start + Duration{1});
        EXPECT_EQ((*file)->frames(), 6U);
        EXPECT_EQ((*file)->incomplete_datagrams(), 0U);
        EXPECT_EQ((*file)->warning(), "");
        ASSERT_TRUE((*file)->rewind().has_value());
    }
}

TEST_F(DatagramFileTest, StopsBehindTheGivenFrame) {
    auto file = DatagramFile::open(write(capture()));
    ASSERT_TRUE(file.has_value());
    Seen seen;
    for (std::uint64_t up_to = 1; up_to <= 6; ++up_to) {
        while ((*file)->frames() < up_to) ASSERT_TRUE(*(*file)->read(seen, up_to));
        EXPECT_EQ((*file)->frames(), up_to);
        EXPECT_TRUE(*(*file)->read(seen, up_to));
        EXPECT_EQ((*file)->frames(), up_to);
    }
    EXPECT_EQ(seen.all.size(), 5U);
}

TEST_F(DatagramFileTest, MessagesOneBehindTheOther) {
    auto file = DatagramFile::open(write(message(16) + message(65'000) + message(40)));
    ASSERT_TRUE(file.has_value()) << file.error().text;
    EXPECT_FALSE((*file)->is_capture());
    Seen seen;
    read_all(**file, seen);
    EXPECT_EQ(seen.all, (std::vector<std::string>{"udp  16", "udp  65000", "udp  40"}));
    EXPECT_EQ(seen.times[0], UtcTime::from_seconds(1'600'000'000));
    EXPECT_EQ((*file)->warning(), "");
}

TEST_F(DatagramFileTest, AnIncompleteFileGivesAWarning) {
    auto cut = DatagramFile::open(write(message(16) + message(40).substr(0, 30)));
    ASSERT_TRUE(cut.has_value());
    Seen seen;
    read_all(**cut, seen);
    EXPECT_EQ(seen.all.size(), 1U);
    EXPECT_NE((*cut)->warning().find("ends in the middle of a message"), std::string::npos);
    EXPECT_FALSE((*cut)->damaged());
    auto odd = DatagramFile::open(write(message(16) + "something else entirely"));
    ASSERT_TRUE(odd.has_value());
    read_all(**odd, seen);
    EXPECT_TRUE((*odd)->damaged());
    const std::string whole = capture();
    auto half = DatagramFile::open(write(whole.substr(0, whole.size() - 40)));
    ASSERT_TRUE(half.has_value());
    read_all(**half, seen);
    EXPECT_NE((*half)->warning().find("in the middle of a record"), std::string::npos);
}

TEST_F(DatagramFileTest, AnythingElseIsRefused) {
    for (const std::string& content : {std::string(), std::string("hello"), std::string(100, '\0')})
        EXPECT_EQ(DatagramFile::open(write(content)).error().code, ErrorCode::corrupt);
    std::string file;
    const pcap::PcapWriter usb(file, {.link = packet::LinkType{189}});
    EXPECT_EQ(DatagramFile::open(write(file)).error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace octroi::flow_file
