// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/radius/accounting.hpp"

#include <gtest/gtest.h>

#include "wire/radius/testing/request.hpp"

namespace octroi::radius {
namespace {

using testing::Attributes;

// Keeps the octets that an Accounting refers to.
struct Decoded {
    explicit Decoded(const Attributes& attributes)
        : octets(attributes.request(1, "s")),
          accounting(decode_accounting(decode_packet(as_octets(octets)).value())) {}
    std::string octets;
    std::optional<Accounting> accounting;
};

Attributes begun(std::uint32_t status = 1) {
    return Attributes().number(40, status).text(44, "0000002A");
}

TEST(RadiusAccounting, HasUserAddressesAndTimes) {
    const Decoded decoded(begun(3)
                              .text(1, "alice@example.org")
                              .text(31, "00-30-CA-B8-D9-BC")
                              .text(32, "bras1")
                              .address(4, "192.0.2.1")
                              .address(8, "10.1.2.3")
                              .address(168, "2001:db8:1::5")
                              .v6_prefix(97, "2001:db8:2::", 64)
                              .v6_prefix(123, "2001:db8:ff00::", 56)
                              .number(55, 1'700'000'000)
                              .number(41, 12)
                              .number(46, 3600));
    ASSERT_TRUE(decoded.accounting);
    const Accounting& a = *decoded.accounting;
    EXPECT_EQ(a.status, StatusType::interim);
    EXPECT_EQ(a.session, "0000002A");
    EXPECT_EQ(a.user, "alice@example.org");
    EXPECT_EQ(to_string(a.station), "00:30:ca:b8:d9:bc");
    EXPECT_EQ(a.nas_name, "bras1");
    EXPECT_EQ(to_string(a.nas_address), "192.0.2.1");
    ASSERT_EQ(a.prefixes.size(), 4U);
    EXPECT_EQ(to_string(a.prefixes[0]), "10.1.2.3/32");
    EXPECT_EQ(to_string(a.prefixes[1]), "2001:db8:1::5/128");
    EXPECT_EQ(to_string(a.prefixes[2]), "2001:db8:2::/64");
    EXPECT_EQ(to_string(a.prefixes[3]), "2001:db8:ff00::/56");
    EXPECT_EQ(a.event_time, UtcTime::from_seconds(1'700'000'000));
    EXPECT_EQ(a.delay, Duration::seconds(12));
    EXPECT_EQ(a.session_seconds, 3600U);
    EXPECT_FALSE(a.volume);
    EXPECT_EQ(a.refused, 0U);
}

TEST(RadiusAccounting, VolumesHaveGigawords) {
    const Decoded decoded(begun(2)
                              .number(42, 5)
                              .number(43, 0xffffffff)
                              .number(47, 70)
                              .number(48, 80)
                              .number(52, 1)
                              .number(53, 2));
    ASSERT_TRUE(decoded.accounting && decoded.accounting->volume);
    EXPECT_EQ(*decoded.accounting->volume,
              (SessionVolume{0x1'0000'0005, 0x2'ffff'ffff, 70, 80, true}));
    const Decoded small(begun(2).number(42, 5).number(43, 6));
    EXPECT_EQ(*small.accounting->volume, (SessionVolume{5, 6, 0, 0, false}));
}

TEST(RadiusAccounting, ImpossibleValuesAreRefusedAndCounted) {
    const Decoded decoded(begun()
                              .address(8, "255.255.255.254")  // the NAS chooses
                              .address(8, "0.0.0.0")
                              .address(8, "127.0.0.1")
                              .address(8, "224.0.0.1")
                              .text(8, "abc")
                              .address(168, "::1")
                              .address(168, "ff02::1")
                              .v6_prefix(97, "2001:db8::", 31)
                              .v6_prefix(97, "2001:db8::", 129)
                              .text(97, std::string("\0\x40\x20\x01", 4))
                              .text(42, "12345")
                              .text(55, "1"));
    ASSERT_TRUE(decoded.accounting);
    EXPECT_TRUE(decoded.accounting->prefixes.empty());
    EXPECT_FALSE(decoded.accounting->event_time);
    EXPECT_EQ(decoded.accounting->refused, 12U);
}

TEST(RadiusAccounting, HasABoundedNumberOfAddresses) {
    Attributes many = begun();
    for (int i = 1; i <= 20; ++i) many.address(8, "10.0.0." + std::to_string(i));
    const Decoded decoded(many);
    EXPECT_EQ(decoded.accounting->prefixes.size(), prefixes_max);
    EXPECT_EQ(decoded.accounting->refused, 4U);
}

TEST(RadiusAccounting, NeedsAKnownStatusAndASession) {
    EXPECT_FALSE(Decoded(Attributes().text(44, "1")).accounting);
    EXPECT_EQ(Decoded(Attributes().number(40, 9).text(44, "1")).accounting->status,
              StatusType::other);
    EXPECT_FALSE(Decoded(Attributes().number(40, 1)).accounting);
    EXPECT_TRUE(Decoded(Attributes().number(40, 7)).accounting);
    EXPECT_TRUE(Decoded(Attributes().number(40, 8)).accounting);
}

TEST(RadiusAccounting, StationsHaveAllUsualSpellings) {
    for (const char* text :
         {"00:30:ca:b8:d9:bc", "00-30-CA-B8-D9-BC", "0030.cab8.d9bc", "0030cab8d9bc",
          "0030ca-b8d9bc", "00-30-CA-B8-D9-BC:eduroam", "00-30-ca-b8-d9-bc eth0"})
        EXPECT_EQ(to_string(station_mac(text)), "00:30:ca:b8:d9:bc") << text;
    for (const char* text :
         {"", "436641234567", "00:30:ca:b8:d9", "0030cab8d9bc11", "10.1.2.3", "01:00:5e:00:00:01"})
        EXPECT_TRUE(station_mac(text).empty()) << text;
}

}  // namespace
}  // namespace octroi::radius
