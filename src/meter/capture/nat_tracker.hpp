// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Keeps a NatTable equal to the connection tracking of the kernel: the table once, then events. The
// table is listed again after lost events, and every few minutes, because the kernel may not send
// an event for the end of an old connection.

#include <cstdint>
#include <memory>

#include "base/time.hpp"
#include "host/capture.hpp"
#include "meter/capture/nat_table.hpp"

namespace octroi::capture {

class NatTracker {
public:
    static constexpr Duration listing_interval = Duration::minutes(5);

    explicit NatTracker(std::uint64_t seed) : table_(seed) {}

    // Reads the whole table. Stays closed where the host tracks no connections or does not permit
    // it.
    void open(CaptureHost& host);
    [[nodiscard]] bool is_open() const noexcept { return source_ != nullptr; }
    // Reads the events that wait. uptime: now. If the source fails, the table keeps what it has
    // until open() succeeds.
    void read(Duration uptime);

    [[nodiscard]] NatTable& table() noexcept { return table_; }
    [[nodiscard]] const NatTable& table() const noexcept { return table_; }
    // How often events were lost.
    [[nodiscard]] std::uint64_t overruns() const noexcept { return overruns_; }

private:
    static void on_message(void* tracker, ConnectionSource::Kind kind, ByteSpan message);
    void list(Duration uptime);

    std::unique_ptr<ConnectionSource> source_;
    NatTable table_;
    bool listing_ = false;
    Duration listed_at_;  // uptime
    Duration reading_at_;
    std::uint64_t overruns_ = 0;
};

}  // namespace octroi::capture
