// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A daemon with a collector and a listener for scrapes.

#include <sys/socket.h>

#include "host/streams.hpp"
#include "support/curl.hpp"
#include "support/openmetrics_checker.hpp"
#include "support/running_daemon.hpp"

namespace octroi::metrics {

using nlohmann::json;
using support::Page;
using support::RunningDaemon;

// A port that no program listens on. Another program may open it before the daemon does: then the
// daemon says so, and the test fails.
inline std::uint16_t free_tcp_port() {
    const auto listener = listen_tcp(Address::v4(INADDR_LOOPBACK), 0);
    EXPECT_TRUE(listener.has_value());
    return (*listener)->port();
}

class MeteredDaemon : public RunningDaemon {
public:
    explicit MeteredDaemon(support::Sections sections = {}, std::uint16_t port = free_tcp_port())
        : RunningDaemon(with_listener(std::move(sections), port)), port_(port) {}

    [[nodiscard]] std::uint16_t metrics_port() const { return port_; }
    [[nodiscard]] Page get(const std::string& path, const support::Arguments& more = {}) const {
        return support::curl(port_, path, more);
    }
    [[nodiscard]] support::MetricsText metrics() const {
        return support::MetricsText(get("/metrics").body);
    }
    [[nodiscard]] std::uint64_t value(const std::string& name) const {
        return metrics().value(name, {{"meter", "flows"}}).value_or(0);
    }
    // Waits until all records that the exporter sent are in the ledger, by the daemon's counter.
    [[nodiscard]] bool has_committed_all() const {
        return support::wait_until(
            [&] { return value("octroi_committed_bytes_total") == sent().bytes; }, patience);
    }
    // Compares the ledger with what the exporter has sent: nothing lost, nothing twice.
    void expect_everything_in_ledger() const {
        EXPECT_TRUE(has_committed_all())
            << value("octroi_committed_bytes_total") << " of " << sent().bytes << " bytes; log:\n"
            << log();
        const support::Ended ended = command({"--json", "usage", "--by", "meter"});
        EXPECT_EQ(ended.status, 0) << ended.err;
        const json answer = json::parse(ended.out, nullptr, false);
        EXPECT_EQ(answer.value("observed_bytes", std::uint64_t{0}), sent().bytes);
        EXPECT_EQ(answer.value("observed_packets", std::uint64_t{0}), sent().packets);
        EXPECT_EQ(answer.value("attributed_bytes", std::uint64_t{0}) +
                      answer.value("unattributed_bytes", std::uint64_t{0}),
                  sent().bytes);
        EXPECT_TRUE(answer.value("conserved", false)) << ended.out;
        // The meter publishes its counters about once a second.
        EXPECT_TRUE(support::wait_until(
            [&] { return value("octroi_collector_decoded_total") == sent().records; }, patience));
    }

private:
    static support::Sections with_listener(support::Sections sections, std::uint16_t port) {
        sections.try_emplace("ledger", "commit_interval = \"1s\"\n");
        sections.try_emplace("attribute", "local = [\"10.0.0.0/8\"]\n");
        sections["metrics"] = "listen = \"127.0.0.1:" + std::to_string(port) + "\"\n";
        return sections;
    }

    std::uint16_t port_;
};

}  // namespace octroi::metrics
