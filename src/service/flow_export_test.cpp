// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/flow_export.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "host/testing/folder.hpp"

namespace octroi {
namespace {

constexpr UtcTime exported_at = UtcTime::from_seconds(1'790'000'000);

Reading through(NameRef interface) {
    Reading reading;
    reading.src = Address::v4(0x0a000001U);
    reading.dst = Address::v4(0xc6336401U);
    reading.bytes = 1000;
    reading.packets = 1;
    reading.first = reading.last = exported_at - Duration::seconds(1);
    reading.interface = interface;
    return reading;
}

std::vector<std::string> ipfix_messages(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string octets{std::istreambuf_iterator<char>(file), {}};
    std::vector<std::string> messages;
    for (std::size_t at = 0; at + 4 <= octets.size();) {
        const auto high = static_cast<unsigned char>(octets[at + 2]);
        const auto low = static_cast<unsigned char>(octets[at + 3]);
        messages.push_back(octets.substr(at, (std::size_t{high} << 8U) + low));
        at += std::max<std::size_t>(messages.back().size(), 16);
    }
    return messages;
}

TEST(FlowExportTest, NoMessageHoldsRecordsOfTwoNamesOfANumber) {
    const testing::Folder folder;
    const std::string path = folder.file("flows");
    const SystemClock clock;
    auto target = FlowExport::open({.to = *parse_export_target("file:" + path)}, clock);
    ASSERT_TRUE(target) << target.error().text;
    NameTable names;
    const NameRef row = names.append(NameKind::interface, "first-port");
    const Reading reading = through(row);
    (*target)->accept({&reading, 1}, names, exported_at);
    (*target)->accept({&reading, 1}, names, exported_at);
    names.rename(row, "second-port");
    (*target)->accept({&reading, 1}, names, exported_at);
    ASSERT_TRUE((*target)->finish(exported_at));
    EXPECT_EQ((*target)->counts().encoded.records, 3U);
    const std::vector<std::string> messages = ipfix_messages(path);
    ASSERT_EQ(messages.size(), 2U);
    EXPECT_TRUE(messages[0].contains("first-port"));
    EXPECT_FALSE(messages[0].contains("second-port"));
    EXPECT_TRUE(messages[1].contains("second-port"));
    EXPECT_LT(messages[1].size(), messages[0].size()) << "one record, not two";
}

}  // namespace
}  // namespace octroi
