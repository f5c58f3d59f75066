// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <string>

#include "base/id.hpp"
#include "support/frozen.hpp"
#include "wire/exporter/exporters.hpp"
#include "wire/exporter/testing/collected.hpp"
#include "wire/exporter/testing/frozen_messages.hpp"

namespace octroi::exporter {
namespace {

std::string from_frozen(const std::string& name) {
    std::string octets;
    const std::string hex = support::frozen_hex(name);
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        octets += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    return octets;
}

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

// What the newer version added has its default; all else is as the older version saved it.
TEST(FrozenSnapshot, OfExportersOfOlderVersionsIsRead) {
    const auto current = Exporters::restore(from_frozen("exporters"));
    ASSERT_TRUE(current.has_value());
    for (const char* const older : {"exporters-4", "exporters-5"}) {
        const auto restored = Exporters::restore(from_frozen(older));
        ASSERT_TRUE(restored.has_value()) << older;
        EXPECT_EQ(restored->counters().records, current->counters().records);
        ASSERT_EQ(restored->status().size(), current->status().size());
        for (std::size_t i = 0; i < current->status().size(); ++i) {
            EXPECT_EQ(restored->status()[i].missing, current->status()[i].missing) << "young gaps";
            EXPECT_EQ(restored->status()[i].sampling, current->status()[i].sampling);
            EXPECT_EQ(restored->status()[i].templates, current->status()[i].templates);
            EXPECT_EQ(restored->status()[i].pending_octets, current->status()[i].pending_octets);
        }
    }
}

}  // namespace
}  // namespace octroi::exporter
