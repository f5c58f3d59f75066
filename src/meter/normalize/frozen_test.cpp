// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "base/id.hpp"
#include "meter/normalize/flow_normalizer.hpp"
#include "support/frozen.hpp"
#include "wire/exporter/exporters.hpp"
#include "wire/exporter/testing/frozen_messages.hpp"

namespace octroi::normalize {
namespace {

class Count final : public FlowSink {
public:
    void accept(std::span<const Reading> readings) override { count += readings.size(); }
    std::size_t count = 0;
};

// Running totals, owners of flows, NAT mappings.
TEST(FrozenSnapshot, OfTheNormalizerHasTheOctetsOfEarlierVersions) {
    exporter::Exporters exporters;
    FlowNormalizer normalizer({.deduplicate = Deduplicate::flow_key}, 1);
    Count sink;
    normalizer.set_sink(&sink);
    for (const auto& m : exporter::testing::frozen_messages()) {
        const exporter::Datagram datagram{as_octets(m.octets), m.from, m.received, m.session};
        EXPECT_EQ(m.session == 0 ? exporters.decode(datagram, normalizer)
                                 : exporters.decode_message(datagram, normalizer),
                  flow::Outcome::ok);
    }
    normalizer.flush();
    EXPECT_EQ(sink.count, 4U);
    const std::string saved = normalizer.save();
    EXPECT_EQ(to_hex(saved), support::frozen_hex("normalizer"));
    FlowNormalizer restored({.deduplicate = Deduplicate::flow_key}, 1);
    ASSERT_TRUE(restored.restore(saved));
    EXPECT_EQ(restored.save(), saved);
    // From before connections of firewalls were kept: their number is not there.
    FlowNormalizer older({.deduplicate = Deduplicate::flow_key}, 1);
    ASSERT_TRUE(older.restore(std::string_view(saved).substr(0, saved.size() - 8)));
    EXPECT_EQ(older.save(), saved);
}

}  // namespace
}  // namespace octroi::normalize
