// SPDX-License-Identifier: GPL-3.0-or-later
// The limits of record/volume_limits.hpp, and the rows of long counted volumes.
#include <gtest/gtest.h>

#include "attribute/attributor.hpp"

namespace octroi {
namespace {

struct Fixture {
    Attributor attributor{std::make_shared<const CompiledDirectory>(),
                          std::make_shared<const CompiledClasses>(),
                          std::make_shared<const CompiledServices>(), 1};

    void accept(const Reading& r) { attributor.accept({&r, 1}); }
    [[nodiscard]] std::uint64_t count(std::string_view name) const {
        for (const CounterValue& value : attributor.counters())
            if (value.name == name) return value.value;
        ADD_FAILURE() << name;
        return 0;
    }
};

Reading some_reading() {
    Reading r;
    r.first = r.last = {1'700'000'100'000'000'000};  // the start of a bucket
    r.bytes = 100;
    r.packets = 2;
    r.flows = 1;
    r.src = Address::v4(0x0a000001U);
    r.dst = Address::v4(0xc6336401U);
    return r;
}

// Impossible volumes are refused as a whole, reported, and stop nothing else.
TEST(VolumeLimits, RefusesImpossibleVolumes) {
    Fixture f;
    Reading r = some_reading();
    ObservedVolume refused;
    for (const std::uint64_t bytes : {record_volume_max + 1, std::uint64_t{1} << 63U, UINT64_MAX}) {
        r.bytes = bytes;
        f.accept(r);
        refused.add(r);
        r.bytes = 100;
        std::swap(r.bytes, r.packets);
        r.packets = bytes;
        f.accept(r);
        refused.add(r);
        r.packets = 2;
    }
    r.bytes = record_volume_max;
    f.accept(r);
    const Attributed made = f.attributor.make_attributed();
    EXPECT_EQ(made.volume.bytes.value(), record_volume_max);
    EXPECT_EQ(made.transfers.size(), 1U);
    EXPECT_EQ(made.refused.volume, refused.value());
    EXPECT_EQ(made.refused.records, 6U);
    EXPECT_EQ(f.count("attribute_refused_total"), 6U);
    EXPECT_EQ(f.attributor.make_attributed().refused.records, 0U);
}

// The length of the record is forged too.
TEST(VolumeLimits, AWrongTimePermitsNoLargerVolume) {
    Fixture f;
    Reading r = some_reading();
    r.first = UtcTime::min();
    r.bytes = record_volume_max + 1;
    f.accept(r);
    EXPECT_EQ(f.count("attribute_refused_total"), 1U);
    EXPECT_EQ(f.attributor.make_attributed().refused.times.end, r.last + Duration{1});
}

// A counter of a link that is read after a month is possible, one of 2^58 bytes is not.
TEST(VolumeLimits, ALongVolumeMayBeLarger) {
    Fixture f;
    CountedVolume v{.first = some_reading().first, .packets = 1};
    v.last = v.first + Duration{30 * 24 * 12 * bucket_length.ns - 1};
    v.bytes = long_record_volume_max;
    f.attributor.accept_counted({&v, 1});
    EXPECT_FALSE(f.attributor.is_volume_due());
    v.bytes += 1;
    f.attributor.accept_counted({&v, 1});
    EXPECT_EQ(f.count("attribute_refused_total"), 1U);
    v.last = v.first + bucket_length + bucket_length;
    v.bytes = 3 * record_volume_max;
    f.attributor.accept_counted({&v, 1});
    ++v.bytes;
    f.attributor.accept_counted({&v, 1});
    EXPECT_EQ(f.count("attribute_refused_total"), 2U);
}

TEST(VolumeLimits, SumsDoNotOverflow) {
    Fixture f;
    Reading r = some_reading();
    r.last = r.first + Duration{1024 * bucket_length.ns};
    r.bytes = long_record_volume_max;
    for (int i = 0; i < 31; ++i) {
        EXPECT_EQ(f.attributor.is_volume_due(), i >= 8);
        f.accept(r);
    }
    r.bytes -= 1;
    f.accept(r);
    r.bytes = 1;
    f.accept(r);
    const Attributed made = f.attributor.make_attributed();
    EXPECT_EQ(made.volume.bytes.value(), (std::uint64_t{1} << 62U) - 1);
    EXPECT_EQ(made.refused.volume, (Volume{Bytes(1), Packets(r.packets), Flows(r.flows)}));
    EXPECT_EQ(f.count("attribute_refused_total"), 1U);
    EXPECT_FALSE(f.attributor.is_volume_due());
}

// Longer than a day: by the hour.
TEST(VolumeLimits, ALongVolumeMakesFewRows) {
    Fixture f;
    constexpr std::int64_t day = 24 * 12 * bucket_length.ns;
    CountedVolume v{.first = {day}, .last = {2 * day - 1}, .bytes = 288, .packets = 288};
    f.attributor.accept_counted({&v, 1});
    EXPECT_EQ(f.attributor.make_attributed().transfers.size(), 288U);
    v.last.ns += bucket_length.ns;
    v.bytes = v.packets = 289;
    f.attributor.accept_counted({&v, 1});
    Attributed made = f.attributor.make_attributed();
    ASSERT_EQ(made.transfers.size(), 25U);
    EXPECT_EQ(made.transfers[0].volume.bytes.value(), 12U);
    EXPECT_EQ(made.transfers[1].bucket.ns, day + 12 * bucket_length.ns);
    EXPECT_EQ(made.transfers[24].volume.bytes.value(), 1U);
    // From the middle of an hour before 1970, over 31 days.
    v.first.ns = -7 * bucket_length.ns;
    v.last.ns = v.first.ns + 31 * day - 1;
    v.bytes = v.packets = 31 * 288;
    f.attributor.accept_counted({&v, 1});
    made = f.attributor.make_attributed();
    ASSERT_EQ(made.transfers.size(), 745U);
    EXPECT_EQ(made.transfers[0].volume.bytes.value(), 7U);
    EXPECT_EQ(made.transfers[1].bucket.ns, 0);
    EXPECT_EQ(made.transfers[744].volume.bytes.value(), 5U);
}

}  // namespace
}  // namespace octroi
