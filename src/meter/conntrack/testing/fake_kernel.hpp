// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A kernel that tracks connections, for tests: its table, the events that wait, its interfaces and
// its clock. It outlives the meters that read it, as the real one does.

#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "host/connection_host.hpp"
#include "wire/conntrack/testing/messages.hpp"

namespace octroi::conntrack::testing {

struct FakeKernel {
    UtcTime time = UtcTime::from_seconds(1'800'000'000);
    ConnectionSettings settings{.counts = true, .timestamps = true};
    std::string generation = "boot/1";
    std::vector<Interface> interfaces = one_interface();
    Count forwarded;  // by the IP layer, which is not all with a fast path
    Count received;   // for the machine itself
    bool has_fast_path = false;
    std::vector<Entry> table;
    std::deque<std::pair<ConnectionSource::Kind, std::string>> events;
    bool has_reader = false;
    std::size_t events_max = 1000;  // more than that are dropped, and the reader sees that
    bool has_dropped = false;
    // Entries of a listing that one read returns; the others come with the next one.
    std::size_t entries_per_read = 1000;

    static std::vector<Interface> one_interface() {
        Interface wan;
        wan.name = "wan";
        wan.index = 2;
        wan.addresses.push_back({*parse_address("192.0.2.1"), {}});
        return {wan};
    }

    void pass(Duration duration) { time = time + duration; }
    void send_event(ConnectionSource::Kind kind, const std::string& message) {
        if (!has_reader) return;
        if (events.size() < events_max)
            events.emplace_back(kind, message);
        else
            has_dropped = true;
    }
    // The client 10.0.0.`host` talks to 198.51.100.1 through NAT.
    Entry& begin(std::uint8_t host, std::uint32_t id = 1) {
        Entry e;
        e.connection.id = id;
        e.connection.original = {Address::v4(0x0a000000U + host), Address::v4(0xc6336401U), 40'000,
                                 443, 6};
        e.connection.reply = {Address::v4(0xc6336401U), Address::v4(0xc0000201U), 443, 50'000, 6};
        e.has_counts = settings.counts;
        if (settings.timestamps) e.start = time;
        table.push_back(e);
        Entry event = e;
        event.has_counts = false;
        event.start = UtcTime::min();
        if (wants_begun) send_event(ConnectionSource::Kind::begun, message_of(event));
        return table.back();
    }
    Entry& of(std::uint8_t host) {
        return *std::ranges::find(table, Address::v4(0x0a000000U + host),
                                  [](const Entry& e) { return e.connection.original.src; });
    }
    void carry(std::uint8_t host, std::uint64_t up, std::uint64_t down) {
        Entry& e = of(host);
        e.original.bytes += up;
        e.reply.bytes += down;
        e.original.packets += up > 0 ? 1 : 0;
        e.reply.packets += down > 0 ? 1 : 0;
        InterfaceCounters& counters = interfaces.front().counters;
        counters.tx_bytes += up;
        counters.rx_bytes += down;
        counters.tx_packets += up > 0 ? 1 : 0;
        counters.rx_packets += down > 0 ? 1 : 0;
        if (has_fast_path) return;
        forwarded.bytes += up + down;
        forwarded.packets += (up > 0 ? 1 : 0) + (down > 0 ? 1 : 0);
    }
    // The message of the event that end() sends.
    [[nodiscard]] std::string end_of(std::uint8_t host) {
        Entry ended = of(host);
        if (settings.timestamps) ended.stop = time;
        return message_of(ended);
    }
    [[nodiscard]] IpStatistics statistics() const {
        return {
            fmt::format("Ip: InReceives ForwDatagrams OutRequests OutTransmits\n"
                        "Ip: {} {} 0 {}\n",
                        forwarded.packets + received.packets, forwarded.packets, forwarded.packets),
            fmt::format("IpExt: InOctets OutOctets\nIpExt: {} {}\n",
                        forwarded.bytes + received.bytes, forwarded.bytes),
            ""};
    }
    void end(std::uint8_t host, bool sends_event = true) {
        const std::string message = end_of(host);
        const Entry ended = of(host);
        std::erase_if(table, [&](const Entry& e) {
            return e.connection.original == ended.connection.original;
        });
        if (sends_event) send_event(ConnectionSource::Kind::ended, message);
    }

    bool wants_begun = false;
    bool holds_events = false;  // the next read does not get them
};

class FakeSource final : public ConnectionSource {
public:
    explicit FakeSource(FakeKernel& kernel) : kernel_(&kernel) { kernel.has_reader = true; }
    ~FakeSource() override {
        kernel_->has_reader = false;
        kernel_->events.clear();
    }
    FakeSource(const FakeSource&) = delete;
    FakeSource& operator=(const FakeSource&) = delete;

    // The kernel prepares the replies when it is asked: they may be old when they are read.
    Status list() override {
        replies_.clear();
        for (const Entry& entry : kernel_->table) replies_.push_back(message_of(entry));
        is_listing_ = true;
        return {};
    }
    [[nodiscard]] bool is_listing() const override { return is_listing_; }
    Result<bool> read(Handler handler, void* context) override {
        if (!kernel_->holds_events)
            for (const auto& [kind, message] : std::exchange(kernel_->events, {}))
                handler(context, kind, as_octets(message));
        const bool complete = !std::exchange(kernel_->has_dropped, false);
        for (std::size_t i = 0; i < kernel_->entries_per_read && !replies_.empty(); ++i) {
            handler(context, Kind::listed, as_octets(replies_.front()));
            replies_.pop_front();
        }
        if (replies_.empty()) is_listing_ = false;
        return complete;
    }
    void wait(Duration /*wait*/) override {}

private:
    FakeKernel* kernel_;
    std::deque<std::string> replies_;
    bool is_listing_ = false;
};

class FakeConnectionHost final : public ConnectionHost {
public:
    explicit FakeConnectionHost(FakeKernel& kernel) : kernel_(&kernel), clock_(kernel) {}
    [[nodiscard]] std::optional<ConnectionSettings> settings() override {
        return kernel_->settings;
    }
    [[nodiscard]] Status turn_on() override { return {}; }
    [[nodiscard]] Result<std::unique_ptr<ConnectionSource>> open(
        const ConnectionOptions& options) override {
        kernel_->wants_begun = options.begun_events;
        return std::make_unique<FakeSource>(*kernel_);
    }
    [[nodiscard]] Result<std::vector<Interface>> interfaces() override {
        return kernel_->interfaces;
    }
    [[nodiscard]] Result<IpStatistics> ip_statistics() override { return kernel_->statistics(); }
    [[nodiscard]] Result<bool> has_fast_path(
        const std::vector<Interface>& /*interfaces*/) override {
        return kernel_->has_fast_path;
    }
    [[nodiscard]] Result<std::string> generation() override { return kernel_->generation; }
    [[nodiscard]] const Clock& clock() const override { return clock_; }

private:
    class KernelClock final : public Clock {
    public:
        explicit KernelClock(FakeKernel& kernel) : kernel_(&kernel) {}
        [[nodiscard]] UtcTime now() const override { return kernel_->time; }
        [[nodiscard]] Duration uptime() const override {
            return kernel_->time - UtcTime::from_seconds(1'799'999'000);
        }

    private:
        FakeKernel* kernel_;
    };

    FakeKernel* kernel_;
    KernelClock clock_;
};

}  // namespace octroi::conntrack::testing
