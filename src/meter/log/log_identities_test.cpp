// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/log_identities.hpp"

#include <gtest/gtest.h>

#include "record/identity.hpp"
#include "wire/log/packet_logs.hpp"

namespace octroi::logs {
namespace {

class IdentitySink final : public ReadingSink {
public:
    void accept(std::span<const Reading> /*readings*/) override { ADD_FAILURE(); }
    void accept_counted(std::span<const CountedVolume> /*volumes*/) override { ADD_FAILURE(); }
    void accept_identities(std::span<const IdentityEvent> events) override {
        all.insert(all.end(), events.begin(), events.end());
    }
    std::vector<IdentityEvent> all;
};

constexpr UtcTime then = UtcTime::from_seconds(1'026'864'600);

IdentityEvent event(const std::string& held, const std::string& holder) {
    return {then, *parse_identity(held), *parse_identity(holder)};
}

std::vector<IdentityEvent> events_of(const std::string& line) {
    const auto reader = logline::open_trafficwatch();
    logline::Entry entry;
    EXPECT_EQ(reader->read(line, entry).kind, logline::LineKind::identity) << line;
    EXPECT_EQ(entry.time.local_ns, then.ns);
    LogIdentities identities;
    identities.add(entry, then);
    EXPECT_EQ(identities.lines(), 1U);
    IdentitySink sink;
    identities.flush(sink);
    identities.flush(sink);
    return sink.all;
}

TEST(LogIdentities, ALineStatesEachStepThatItHas) {
    using Events = std::vector<IdentityEvent>;
    const std::string mac = "mac 00:30:ca:b8:d9:bc";
    EXPECT_EQ(events_of("1026864600 alice 0:30:ca:b8:d9:bc 192.0.2.7"),
              (Events{event(mac, "user alice"), event("192.0.2.7", mac)}));
    EXPECT_EQ(events_of("1026864600 - 0:30:ca:b8:d9:bc 192.0.2.7"),
              (Events{event("192.0.2.7", mac)}));
    EXPECT_EQ(events_of("1026864600 alice 0:30:ca:b8:d9:bc -"), (Events{event(mac, "user alice")}));
    EXPECT_EQ(events_of("1026864600 alice - 2001:db8::7"),
              (Events{event("2001:db8::7", "user alice")}));
    EXPECT_EQ(events_of("1026864600 - - 192.0.2.7"), Events{});
    EXPECT_EQ(events_of("1026864600 alice ff:ff:ff:ff:ff:ff 192.0.2.7"),
              (Events{event("192.0.2.7", "user alice")}))
        << "no station has this MAC address";
}

TEST(LogIdentities, TrafficOfTheSameFormatStaysTraffic) {
    const auto reader = logline::open_trafficwatch();
    logline::Entry entry;
    EXPECT_EQ(reader->read("1026864622 - 0:30:ca:b8:d9:bc 192.0.2.7 198.51.100.1 41 0", entry).kind,
              logline::LineKind::traffic);
    EXPECT_EQ(reader->read("1026864622 alice 0:30:ca:b8:d9 192.0.2.7", entry).kind,
              logline::LineKind::bad);
}

}  // namespace
}  // namespace octroi::logs
