// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/nflog/nflog_meter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "meter/nflog/counters.hpp"

namespace octroi::nflog {
namespace {

constexpr std::size_t messages_per_pull = 65'536;
// A checkpoint reads what waits, but no flood keeps it from its end.
constexpr std::size_t messages_per_checkpoint = std::size_t{1} << 20U;
// The interface of a captured flow has 16 bits; 0: none.
constexpr NameRef interfaces_max = UINT16_MAX;
// The flow table has times of this range.
constexpr std::int64_t latest_time = 7'258'118'400'000'000'000;  // 2200-01-01

// Cursor::position: "1 " and the time of the checkpoint, ns since 1970.
std::string position_at(UtcTime time) { return fmt::format("1 {}", time.ns); }

std::optional<UtcTime> time_of(std::string_view position) {
    if (!position.starts_with("1 ")) return std::nullopt;
    position.remove_prefix(2);
    UtcTime time;
    const char* const last = position.data() + position.size();
    const auto [end, error] = std::from_chars(position.data(), last, time.ns);
    if (error != std::errc{} || end != last) return std::nullopt;
    return time;
}

Direction direction_of(const LogMessage& message) {
    switch (message.hook) {
        case Hook::prerouting:
        case Hook::input:
        case Hook::forward:
        case Hook::ingress:
            return Direction::in;
        case Hook::output:
        case Hook::postrouting:
            return Direction::out;
    }
    return Direction::unknown;
}

}  // namespace

NflogMeter::NflogMeter(const NflogMeterOptions& options, CaptureHost& host,
                       std::unique_ptr<capture::FrameAggregator> aggregator)
    : options_(options), host_(&host), aggregator_(std::move(aggregator)), names_(options.seed) {}

Result<std::unique_ptr<NflogMeter>> NflogMeter::open(const NflogMeterOptions& options,
                                                     CaptureHost& host,
                                                     std::span<const Cursor> known) {
    TRY_ASSIGN(auto aggregator, capture::FrameAggregator::create(options.aggregator, options.seed));
    auto meter = std::unique_ptr<NflogMeter>(new NflogMeter(options, host, std::move(aggregator)));
    meter->learn_interfaces();
    TRY_ASSIGN(meter->log_, host.packet_log(options.log));
    meter->settled_ = host.clock().now();
    meter->continue_from(known);
    return meter;
}

void NflogMeter::continue_from(std::span<const Cursor> known) {
    cursor_.source = fmt::format("{}{}", source_prefix, options_.log.group);
    const auto old = std::ranges::find(known, cursor_.source, &Cursor::source);
    lacks_cursor_ = old == known.end();
    if (lacks_cursor_) return;
    cursor_.version = old->version;
    const UtcTime ended = time_of(old->position).value_or(settled_);
    losses_.push_back({cursor_.source,
                       LossReason::not_running,
                       {std::min(ended, settled_), std::max(ended, settled_) + Duration{1}},
                       std::nullopt,
                       std::nullopt});
}

void NflogMeter::learn_interfaces() {
    const auto present = host_->interfaces();
    if (!present.has_value()) return;
    for (const Interface& interface : *present) {
        const NameRef ref = names_.intern(NameKind::interface, interface.name);
        if (ref != no_name && ref <= interfaces_max)
            interfaces_.insert_or_assign(static_cast<std::uint32_t>(interface.index), ref);
    }
}

// An interface that is new is looked for once.
NameRef NflogMeter::interface_of(std::uint32_t if_index) {
    if (if_index == 0) return no_name;
    const auto known = interfaces_.find(if_index);
    if (known != interfaces_.end()) return known->second;
    learn_interfaces();
    return interfaces_.try_emplace(if_index, no_name).first->second;
}

Result<Pull> NflogMeter::pull(ReadingSink& sink, Duration wait) {
    out_.set_sink(sink);
    TRY_ASSIGN(std::size_t messages, read());
    if (messages == 0) {
        log_->wait(wait);
        TRY_ASSIGN(messages, read());
    }
    process_batch();
    if (messages == 0) aggregator_->sweep(host_->clock().now(), out_);
    out_.flush();
    // A process that is killed before its first commit leaves no cursor, and so no loss.
    if (std::exchange(lacks_cursor_, false)) return Pull::checkpoint;
    return messages == 0 ? Pull::idle : Pull::more;
}

Result<std::size_t> NflogMeter::read() {
    now_ = host_->clock().now();
    return log_->read(messages_per_pull, &on_message, this);
}

void NflogMeter::on_message(void* meter, ByteSpan message) {
    static_cast<NflogMeter*>(meter)->count(message);
}

void NflogMeter::count_gap(const LogMessage& message) {
    if (!message.sequence) return;
    // Modulo 2^32: the number wraps. The log gives messages in their order.
    if (next_sequence_) lost_ += *message.sequence - *next_sequence_;
    next_sequence_ = *message.sequence + 1;
}

void NflogMeter::count(ByteSpan message) {
    LogMessage stated;
    if (!decode(message, stated)) return;
    count_gap(stated);
    const Direction direction = direction_of(stated);
    const NameRef in = interface_of(stated.in_interface);
    const NameRef out = interface_of(stated.out_interface);
    const NameRef near = direction == Direction::out ? out : in;
    capture::Sample& sample = batch_[batched_];
    packet::Packet& p = sample.packet;
    packet::decode(packet::LinkType::nflog, message, static_cast<std::uint32_t>(message.size()), p,
                   static_cast<std::uint16_t>(near));
    std::ranges::copy(stated.dst_mac.octets, p.macs.begin());
    std::ranges::copy(stated.src_mac.octets, p.macs.begin() + 6);
    sample.time = std::clamp<std::int64_t>(stated.time.value_or(now_).ns, 0, latest_time);
    sample.wire_length = static_cast<std::uint32_t>(std::min<std::uint64_t>(p.bytes, UINT32_MAX));
    sample.segments = 1;
    sample.icmp_id = 0;
    capture::mark_direction(p.key, direction);
    if (direction == Direction::in && out != no_name && p.outcome == packet::Outcome::ip)
        capture::set_departure(sample, {out, {}});
    if (++batched_ == capture::batch_size) process_batch();
}

void NflogMeter::process_batch() {
    aggregator_->process(std::span(batch_).first(batched_), out_);
    batched_ = 0;
}

Result<Checkpoint> NflogMeter::checkpoint(ReadingSink& sink) {
    out_.set_sink(sink);
    const UtcTime begin = settled_;
    now_ = host_->clock().now();
    const auto rest = log_->read(messages_per_checkpoint, &on_message, this);
    if (!rest) return std::unexpected(rest.error());
    process_batch();
    aggregator_->hand_over(out_);
    out_.flush();
    Checkpoint made;
    settled_ = now_;
    made.losses = std::exchange(losses_, {});
    const std::uint64_t lost = lost_ - std::exchange(reported_, lost_);
    if (lost > 0)
        made.losses.push_back({cursor_.source,
                               LossReason::event_drop,
                               {std::min(begin, now_), std::max(begin, now_) + Duration{1}},
                               lost,
                               lost * capture::packet_bytes_max});
    made.observed = aggregator_->drain_observed();
    cursor_.position = position_at(now_);
    cursor_.version += 1;
    cursor_.note = fmt::format("log group {}: {} packets seen", options_.log.group,
                               aggregator_->totals().frames);
    made.cursors.push_back(cursor_);
    return made;
}

std::vector<CounterValue> NflogMeter::counters() const {
    return counter_values(*aggregator_, lost_, log_->overruns());
}

}  // namespace octroi::nflog
