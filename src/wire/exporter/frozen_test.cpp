// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "base/id.hpp"
#include "support/frozen.hpp"
#include "wire/exporter/exporters.hpp"
#include "wire/exporter/testing/collected.hpp"
#include "wire/exporter/testing/frozen_messages.hpp"

namespace octroi::exporter {
namespace {

// A collector that was updated must read the snapshot of the version before.
TEST(FrozenSnapshot, OfExportersHasTheOctetsOfEarlierVersions) {
    Settings settings;
    settings.seed = 1;
    Exporters exporters(settings);
    testing::Collected sink;
    for (const testing::FrozenMessage& m : testing::frozen_messages()) {
        const Datagram datagram{as_octets(m.octets), m.from, m.received, m.session};
        EXPECT_EQ(m.session == 0 ? exporters.decode(datagram, sink)
                                 : exporters.decode_message(datagram, sink),
                  flow::Outcome::ok);
    }
    const std::string saved = exporters.save();
    EXPECT_EQ(to_hex(saved), support::frozen_hex("exporters"));
    const auto restored = Exporters::restore(saved, settings);
    ASSERT_TRUE(restored.has_value());
    EXPECT_EQ(restored->save(), saved);
}

}  // namespace
}  // namespace octroi::exporter
