// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/leases/leases_meter.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "host/testing/folder.hpp"
#include "record/testing/identity_sink.hpp"

namespace octroi::dhcp {
namespace {

using octroi::testing::event_texts;
using octroi::testing::Folder;
using octroi::testing::IdentitySink;
using Texts = std::vector<std::string>;

// Some minutes ahead, so that files have settled.
class LaterClock final : public Clock {
public:
    [[nodiscard]] UtcTime now() const override { return SystemClock().now() + ahead; }
    [[nodiscard]] Duration uptime() const override { return up; }
    Duration up = Duration::seconds(100);
    Duration ahead = Duration::minutes(5);
};

class LeasesMeterTest : public ::testing::Test {
protected:
    void open(const std::string& name) {
        options_.files = {folder_.file(name)};
        meter_ = std::make_unique<LeasesMeter>(options_, std::span<const Cursor>(), clock_);
    }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(folder_.file(name), std::ios::binary) << text;
    }
    void append(const std::string& name, const std::string& text) const {
        std::ofstream(folder_.file(name), std::ios::binary | std::ios::app) << text;
    }
    // A poll, until everything was read: holders of addresses, without the times.
    Texts poll() {
        clock_.up = clock_.up + options_.poll;
        Result<Pull> pulled = Pull::more;
        for (int i = 0; i < 10'000 && pulled.value() == Pull::more; ++i)
            pulled = meter_->pull(sink_, Duration::seconds(5));
        EXPECT_EQ(pulled.value(), Pull::idle);
        Texts texts;
        for (const IdentityEvent& event : sink_.drain())
            texts.push_back(event.held.value + " > " +
                            (event.is_held() ? event.holder.value : "nobody"));
        return texts;
    }
    [[nodiscard]] std::uint64_t counter(std::string_view name) const {
        for (const CounterValue& value : meter_->counters())
            if (value.name == name) return value.value;
        ADD_FAILURE() << name;
        return 0;
    }

    const Folder folder_;
    LaterClock clock_;
    LeasesMeterOptions options_;
    IdentitySink sink_;
    std::unique_ptr<LeasesMeter> meter_;
};

std::string dhcpd_lease(int host, int mac, const std::string& rest = "binding state active;") {
    return "lease 10.0.0." + std::to_string(host) +
           " {\n starts epoch 1700000000;\n ends epoch 1999999999;\n " + rest +
           "\n hardware ethernet 02:00:00:00:00:0" + std::to_string(mac) + ";\n}\n";
}

TEST_F(LeasesMeterTest, ReadsWhatDhcpdAppends) {
    open("dhcpd.leases");
    EXPECT_EQ(poll(), Texts{});  // there is no file yet
    EXPECT_EQ(counter("leases_files_unreadable"), 1U);
    write("dhcpd.leases", "authoring-byte-order little-endian;\n" + dhcpd_lease(1, 1));
    EXPECT_EQ(poll(), Texts{"10.0.0.1/32 > 02:00:00:00:00:01"});
    EXPECT_EQ(counter("leases_files_unreadable"), 0U);
    const std::string next = dhcpd_lease(1, 2);
    append("dhcpd.leases", next.substr(0, 20));
    EXPECT_EQ(poll(), Texts{});
    append("dhcpd.leases", next.substr(20));
    EXPECT_EQ(poll(), Texts{"10.0.0.1/32 > 02:00:00:00:00:02"});
    EXPECT_EQ(poll(), Texts{});
    EXPECT_EQ(counter("leases_records_total"), 2U);
}

TEST_F(LeasesMeterTest, ANewFileOfDhcpdRepeatsNothing) {
    open("dhcpd.leases");
    write("dhcpd.leases", dhcpd_lease(1, 1) + dhcpd_lease(2, 2) + dhcpd_lease(1, 3));
    EXPECT_EQ(poll().size(), 3U);
    write("dhcpd.leases.4711",
          "server-duid \"\\000\";\n" + dhcpd_lease(1, 3) + dhcpd_lease(2, 2) + dhcpd_lease(3, 4));
    std::filesystem::rename(folder_.file("dhcpd.leases"), folder_.file("dhcpd.leases~"));
    std::filesystem::rename(folder_.file("dhcpd.leases.4711"), folder_.file("dhcpd.leases"));
    EXPECT_EQ(poll(), Texts{"10.0.0.3/32 > 02:00:00:00:00:04"});
    append("dhcpd.leases", dhcpd_lease(4, 5));
    EXPECT_EQ(poll(), Texts{"10.0.0.4/32 > 02:00:00:00:00:05"});
}

std::string kea_row(int host, int mac, const std::string& lifetime = "100000") {
    return "10.0.0." + std::to_string(host) + ",02:00:00:00:00:0" + std::to_string(mac) + ",," +
           lifetime + ",1700100000,1,0,0,,0,\n";
}
const std::string kea_head =
    "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,"
    "user_context\n";

TEST_F(LeasesMeterTest, ReadsTheFilesBesideThoseOfKea) {
    open("kea-leases4.csv");
    write("kea-leases4.csv.2", kea_head + kea_row(1, 1) + kea_row(2, 2));
    write("kea-leases4.csv.1", kea_head + kea_row(1, 3));
    write("kea-leases4.csv", kea_head + kea_row(2, 2, "0"));
    EXPECT_EQ(poll(), (Texts{"10.0.0.1/32 > 02:00:00:00:00:01", "10.0.0.2/32 > 02:00:00:00:00:02",
                             "10.0.0.1/32 > 02:00:00:00:00:03", "10.0.0.2/32 > nobody"}));
    append("kea-leases4.csv", kea_row(3, 4));
    EXPECT_EQ(poll(), Texts{"10.0.0.3/32 > 02:00:00:00:00:04"});
    // The cleanup begins: a row that was appended just before it is in the file that was moved.
    append("kea-leases4.csv", kea_row(4, 5));
    std::filesystem::remove(folder_.file("kea-leases4.csv.2"));
    std::filesystem::rename(folder_.file("kea-leases4.csv"), folder_.file("kea-leases4.csv.1"));
    write("kea-leases4.csv", kea_head + kea_row(5, 6));
    const Texts after = poll();
    EXPECT_TRUE(std::ranges::count(after, "10.0.0.4/32 > 02:00:00:00:00:05")) << after.size();
    EXPECT_TRUE(std::ranges::count(after, "10.0.0.5/32 > 02:00:00:00:00:06"));
}

// A row with the lifetime 0 has no time: the next lease of the address ends the one before.
TEST_F(LeasesMeterTest, ADeletedRowBeforeAnotherLeaseOfKeaStatesNothing) {
    open("kea-leases4.csv");
    write("kea-leases4.csv", kea_head + kea_row(1, 1) + kea_row(1, 1, "0") + kea_row(1, 2) +
                                 kea_row(2, 3) + kea_row(2, 3, "0"));
    EXPECT_EQ(poll(), (Texts{"10.0.0.1/32 > 02:00:00:00:00:01", "10.0.0.1/32 > 02:00:00:00:00:02",
                             "10.0.0.2/32 > 02:00:00:00:00:03", "10.0.0.2/32 > nobody"}));
}

TEST_F(LeasesMeterTest, AFileOfDnsmasqHasAllPresentLeases) {
    open("dnsmasq.leases");
    write("dnsmasq.leases",
          "1999999999 02:00:00:00:00:01 10.0.0.1 a *\n"
          "1999999999 02:00:00:00:00:02 10.0.0.2 b *\n");
    EXPECT_EQ(poll(),
              (Texts{"10.0.0.1/32 > 02:00:00:00:00:01", "10.0.0.2/32 > 02:00:00:00:00:02"}));
    write("dnsmasq.leases", "1999999999 02:00:00:00:00:02 10.0.0.2 b *\n");
    EXPECT_EQ(poll(), Texts{"10.0.0.1/32 > nobody"});
    EXPECT_EQ(poll(), Texts{});
}

TEST_F(LeasesMeterTest, AnEmptyFileOfDnsmasqHasNoLease) {
    open("dnsmasq.leases");
    write("dnsmasq.leases", "1999999999 02:00:00:00:00:01 10.0.0.1 a *\n");
    EXPECT_EQ(poll().size(), 1U);
    write("dnsmasq.leases", "");
    EXPECT_EQ(poll(), Texts{"10.0.0.1/32 > nobody"});
}

// A file that was written within the last second may not be whole.
TEST_F(LeasesMeterTest, AFileOfDnsmasqMustHaveSettled) {
    clock_.ahead = Duration{};
    open("dnsmasq.leases");
    write("dnsmasq.leases", "1999999999 02:00:00:00:00:01 10.0.0.1 a *\n");
    EXPECT_EQ(poll(), Texts{});
    clock_.ahead = Duration::seconds(2);
    EXPECT_EQ(poll().size(), 1U);
}

TEST_F(LeasesMeterTest, AnEmptyFileIsReadWhenItHasLeases) {
    open("any.leases");
    write("any.leases", "");
    EXPECT_EQ(poll(), Texts{});
    EXPECT_EQ(counter("leases_files_unreadable"), 0U);
    append("any.leases", dhcpd_lease(1, 1));
    EXPECT_EQ(poll(), Texts{"10.0.0.1/32 > 02:00:00:00:00:01"});
}

TEST_F(LeasesMeterTest, AFileOfAnotherKindIsReported) {
    open("any.leases");
    write("any.leases", "hello world\n");
    EXPECT_EQ(poll(), Texts{});
    EXPECT_EQ(counter("leases_files_unreadable"), 1U);
}

TEST_F(LeasesMeterTest, LargeFilesAreReadInParts) {
    open("dhcpd.leases");
    std::string text;
    constexpr int count = 40'000;
    for (int i = 0; i < count; ++i)
        text += "lease 10." + std::to_string(i / 65536) + "." + std::to_string(i / 256 % 256) +
                "." + std::to_string(i % 256) +
                " { starts epoch 1700000000; ends never; binding state active; hardware ethernet "
                "02:00:00:00:00:01; }\n";
    ASSERT_GT(text.size(), 3 * LeaseFile::step_octets);
    write("dhcpd.leases", text);
    EXPECT_EQ(poll().size(), static_cast<std::size_t>(count));
    EXPECT_EQ(counter("leases_bad_total"), 0U);
    EXPECT_EQ(counter("leases_known"), static_cast<std::uint64_t>(count));
}

TEST_F(LeasesMeterTest, ARestartStatesTheSameEvents) {
    open("dhcpd.leases");
    write("dhcpd.leases", dhcpd_lease(1, 1) + dhcpd_lease(1, 1, "binding state free;"));
    const Texts first = poll();
    open("dhcpd.leases");
    EXPECT_EQ(poll(), first);
    const auto made = meter_->checkpoint(sink_);
    ASSERT_TRUE(made);
    EXPECT_EQ(made->cursors.at(0).note, "1 leases");
}

}  // namespace
}  // namespace octroi::dhcp
