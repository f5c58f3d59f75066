// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/normalize/flow_normalizer.hpp"

#include <algorithm>
#include <limits>

#include "meter/normalize/link_octets.hpp"
#include "meter/normalize/plausible_volume.hpp"
#include "record/volume_limits.hpp"
#include "wire/flow/out_counters.hpp"

namespace octroi::normalize {
namespace {

using flow::Field;
using flow::FlowRecord;
using flow::MessageContext;
using flow::RecordKind;

// Rows that a batch may have beyond one for each reading, about: they decide how long its commit
// takes.
constexpr std::uint64_t spread_max = std::uint64_t{1} << 20U;
// NAT mappings of a batch, for the same reason.
constexpr std::size_t translations_max = std::size_t{1} << 17U;
// Flows that a record may aggregate.
constexpr std::uint64_t flows_max = std::uint64_t{1} << 20U;

// A bound of a loss above this says nothing.
constexpr std::uint64_t bound_max = std::uint64_t{1} << 52U;

// RFC 7270 section 4.12: the class is in the two upper bits of the first octet; 2 is "dropped".
constexpr unsigned forwarding_class_dropped = 2;
constexpr std::uint8_t firewall_denied = 3;  // element 233, firewallEvent

bool was_dropped(const FlowRecord& record) noexcept {
    return (record.has(Field::forwarding_status) &&
            record.forwarding_status >> 6U == forwarding_class_dropped) ||
           (record.has(Field::firewall_event) && record.firewall_event == firewall_denied);
}

void copy_details(const FlowRecord& record, Reading& reading) noexcept {
    reading.src = record.src;
    reading.dst = record.dst;
    reading.src_mac = record.src_mac;
    reading.dst_mac = record.dst_mac;
    reading.sport = record.sport;
    reading.dport = record.dport;
    reading.vlan = record.vlan;
    reading.inner_vlan = record.inner_vlan;
    reading.proto = record.proto;
    reading.tcp_flags = record.tcp_flags;
    reading.tos = record.tos;
    reading.icmp_type = record.icmp_type;
    reading.icmp_code = record.icmp_code;
    reading.flows = record.has(Field::flows) && record.flows > 0
                        ? static_cast<std::uint32_t>(std::min(record.flows, flows_max))
                        : 1;
}

// The exporter itself, where the message does not say who sent it.
const Address& sender_of(const MessageContext& context) noexcept {
    return context.sender.empty() ? context.exporter : context.sender;
}

// The out counters in the place of the others, which are 0.
FlowRecord left_only(const FlowRecord& record) noexcept {
    FlowRecord out = record;
    out.bytes = record.out_bytes;
    out.packets = record.out_packets;
    return out;
}

}  // namespace

FlowNormalizer::FlowNormalizer(FlowPolicy policy, std::uint64_t seed)
    : policy_(std::move(policy)),
      exporters_([this] { hand_over(); }),
      running_(seed),
      connections_(seed),
      duplicates_(policy_, seed),
      nat_(policy_, seed) {}

void FlowNormalizer::records(const MessageContext& context, std::span<const FlowRecord> records) {
    // Records that are not booked as they are.
    constexpr std::uint64_t special =
        flow::bit(Field::out_bytes) | flow::bit(Field::out_packets) | flow::bit(Field::frame_bytes);
    const Origin origin = origin_of(context);
    for (const FlowRecord& record : records) {
        const bool is_traffic =
            record.kind == RecordKind::traffic || record.kind == RecordKind::non_ip;
        // A record can be both: some devices report the volume with the end of a session.
        if (record.has(Field::nat_event)) on_nat_event(context, record);
        if (!is_traffic) continue;
        if ((record.fields & special) != 0)
            add_special(origin, record);
        else if (record.bytes > 0 || record.packets > 0)
            add(origin, record);
    }
}

FlowNormalizer::Origin FlowNormalizer::origin_of(const MessageContext& context) {
    ExporterEntry& exporter = exporters_.of(context.exporter);
    return {context, exporter, volume_.of(sender_of(context)), policy_of(exporter, context)};
}

void FlowNormalizer::add_special(const Origin& origin, const FlowRecord& record) {
    const ExporterPolicy& policy = origin.policy;
    if (has_link_octets_only(record)) {
        FlowRecord layer3 = record;
        const auto octets = layer3_octets(record, policy.link_header);
        layer3.bytes = octets.value_or(record.frame_bytes);
        ++counts_[derived];
        if (layer3.bytes > 0 || layer3.packets > 0) add(origin, layer3, octets.has_value());
        return;
    }
    const bool has_out = record.out_bytes > 0 || record.out_packets > 0;
    const bool is_reverse = has_out && (policy.out_counters == OutCounters::automatic
                                            ? flow::out_is_reverse(record)
                                            : policy.out_counters == OutCounters::reverse);
    if (record.bytes > 0 || record.packets > 0) add(origin, record);
    if (!is_reverse) {
        // Metered where it left, and counted nowhere else.
        const bool is_only = has_out && record.bytes == 0 && record.packets == 0;
        if (is_only) add(origin, left_only(record));
        return;
    }
    ++counts_[reverse_out];
    add(origin, flow::out_direction(record));
}

const ExporterPolicy& FlowNormalizer::policy_of(ExporterEntry& exporter,
                                                const MessageContext& context) const {
    if (exporter.policy == nullptr || exporter.policy_domain != context.observation_domain) {
        exporter.policy = &policy_.of(context.exporter, context.observation_domain);
        exporter.policy_domain = context.observation_domain;
    }
    return *exporter.policy;
}

void FlowNormalizer::add(const Origin& origin, const FlowRecord& record, bool are_octets_known) {
    const auto& [context, exporter, sender, policy] = origin;
    ++counts_[seen];
    Reading& reading = out_[filled_];
    reading = Reading{};
    std::optional<UtcTime> since;  // of running totals: the end of the record before
    if (!set_volume(origin, record, since, reading)) return;
    set_times(context, record, policy, since, reading);
    copy_details(record, reading);
    const InsidePorts inside = nat_.resolve(context.exporter, record, reading);
    if (inside.is_translated) ++counts_[translated];
    // A router's record states both interfaces, wherever on its way the packet was counted.
    reading.direction = Direction::in;
    set_route(exporter, record, reading);
    set_kind(context, record, policy, inside, reading);
    const bool has_times = record.has(Field::first) || record.has(Field::last);
    const bool plausible =
        are_octets_known && is_plausible(reading, has_times, policy.link_bits_per_second);
    if (!admit(origin, plausible, reading)) return;
    spread_ += static_cast<std::uint64_t>((reading.last - reading.first).ns / bucket_length.ns);
    if (sink_ == nullptr) return;
    volume_.add(reading);
    if (++filled_ == out_.size()) flush();
}

// False: the record gives no reading. It adds nothing to its running total, or its volume is
// impossible, which is a loss.
bool FlowNormalizer::set_volume(const Origin& origin, const FlowRecord& record,
                                std::optional<UtcTime>& since, Reading& reading) {
    const MessageContext& context = origin.context;
    reading.bytes = record.bytes;
    reading.packets = record.packets;
    if (record.counting == flow::Counting::total) {
        const auto difference = running_.difference(context, record);
        reading.bytes = difference.bytes;
        reading.packets = difference.packets;
        since = difference.since;
        ++counts_[totals];
    } else if (record.counting == flow::Counting::connection) {
        const auto added = connections_.added_by(context, record);
        reading.bytes = added.bytes;
        reading.packets = added.packets;
    }
    if (reading.bytes == 0 && reading.packets == 0 && record.counting != flow::Counting::delta)
        return false;
    if (scale(record, origin.policy, reading)) return true;
    refuse(context);
    return false;
}

void FlowNormalizer::refuse(const MessageContext& context) {
    ++counts_[overflow];
    losses_.add(context.exporter, LossReason::corrupt, {context.received, context.received}, 1,
                std::nullopt);
}

// False: the volume is impossible, and a loss.
bool FlowNormalizer::admit(const Origin& origin, bool plausible, Reading& reading) {
    switch (BatchVolume::admit(origin.sender, reading, plausible)) {
        case BatchVolume::Verdict::counts:
            return true;
        case BatchVolume::Verdict::implausible:
            reading.kind = ReadingKind::implausible;
            ++counts_[implausible];
            return true;
        case BatchVolume::Verdict::refused:
            break;
    }
    refuse(origin.context);
    return false;
}

// False: the volume is impossible.
bool FlowNormalizer::scale(const FlowRecord& record, const ExporterPolicy& policy,
                           Reading& reading) {
    std::uint64_t rate = policy.sampling != 0 ? policy.sampling : record.sampling;
    if (rate == 0) rate = policy_.sampling;
    if (rate == 0 && record.has(Field::sampler)) ++counts_[unsampled];
    if (rate > 1) {
        ++counts_[sampled];
        if (rate > std::numeric_limits<std::uint32_t>::max()) return false;
        reading.sampling = static_cast<std::uint32_t>(rate);
        if (__builtin_mul_overflow(reading.bytes, rate, &reading.bytes) ||
            __builtin_mul_overflow(reading.packets, rate, &reading.packets))
            return false;
    }
    return reading.bytes <= record_volume_max && reading.packets <= record_volume_max;
}

void FlowNormalizer::set_times(const MessageContext& context, const FlowRecord& record,
                               const ExporterPolicy& policy, const std::optional<UtcTime>& since,
                               Reading& reading) {
    if (policy.clock_offset.ns != 0)
        return set_shifted_times(context, record, policy, since, reading);
    const RecordTimes times = times_of(policy_, context, record, since);
    use_times(times, reading);
}

// Of an exporter with a clock that is known to be wrong.
void FlowNormalizer::set_shifted_times(const MessageContext& context, const FlowRecord& record,
                                       const ExporterPolicy& policy,
                                       const std::optional<UtcTime>& since, Reading& reading) {
    MessageContext true_context = context;
    FlowRecord true_record = record;
    true_context.exported = context.exported - policy.clock_offset;
    true_record.first = record.first - policy.clock_offset;
    true_record.last = record.last - policy.clock_offset;
    std::optional<UtcTime> true_since;
    if (since) true_since = *since - policy.clock_offset;
    use_times(times_of(policy_, true_context, true_record, true_since), reading);
}

void FlowNormalizer::use_times(const RecordTimes& times, Reading& reading) noexcept {
    reading.first = times.first;
    reading.last = times.last;
    counts_[late] += times.is_late ? 1 : 0;
    counts_[moved] += times.was_moved ? 1 : 0;
    counts_[odd_times] += times.was_invalid ? 1 : 0;
}

void FlowNormalizer::set_route(ExporterEntry& exporter, const FlowRecord& record,
                               Reading& reading) {
    reading.interface = exporters_.interface(exporter, record.in_if);
    reading.out_interface = exporters_.interface(exporter, record.out_if);
    const bool has_next_hop =
        record.has(Field::next_hop) && !ExporterIndex::is_zero(record.next_hop);
    if (has_next_hop) reading.next_hop = exporters_.next_hop(exporter, record.next_hop);
    // Routers without 4-octet AS numbers write AS_TRANS (RFC 6793) for all of those.
    reading.src_as = record.src_as == as_trans ? 0 : record.src_as;
    reading.dst_as = record.dst_as == as_trans ? 0 : record.dst_as;
    const bool is_unnamed = (record.in_if != 0 && reading.interface == no_name) ||
                            (record.out_if != 0 && reading.out_interface == no_name) ||
                            (has_next_hop && reading.next_hop == no_name);
    if (is_unnamed) ++counts_[unnumbered];
}

void FlowNormalizer::set_kind(const MessageContext& context, const FlowRecord& record,
                              const ExporterPolicy& policy, const InsidePorts& inside,
                              Reading& reading) {
    if (record.kind == RecordKind::non_ip) {
        reading.kind = ReadingKind::non_ip;
        reading.set_ethertype(record.ethertype);
    } else if (was_dropped(record)) {
        reading.kind = ReadingKind::dropped;
        ++counts_[dropped];
    } else if (policy.is_duplicate || duplicates_.is_duplicate(context, record, reading, inside)) {
        reading.kind = ReadingKind::duplicate;
        ++counts_[duplicates];
    }
}

void FlowNormalizer::on_nat_event(const MessageContext& context, const FlowRecord& record) {
    ++counts_[nat_events];
    const std::optional<nat::NatEvent> event = nat_.event_of(context, record);
    if (!event) return;
    FlowRecord timed = record;
    // An event without a time of its own was sent when it happened.
    if (!timed.has(Field::first) && !timed.has(Field::last) && context.exported.ns != 0) {
        timed.first = timed.last = context.exported;
        timed.fields |= flow::bit(Field::first) | flow::bit(Field::last);
    }
    Reading times;
    set_times(context, timed, policy_of(exporters_.of(context.exporter), context), std::nullopt,
              times);
    // Files of messages have no receive time.
    const UtcTime now = context.received.ns != 0 ? context.received : times.last;
    nat_.table().on_event(*event, times.last, now);
}

void FlowNormalizer::flush() {
    hand_over();
    filled_ = handed_over_ = 0;
}

// The complete readings. A reading that is being made keeps its place.
void FlowNormalizer::hand_over() {
    if (filled_ == handed_over_) return;
    sink_->accept(std::span(out_).first(filled_).subspan(handed_over_));
    handed_over_ = filled_;
}

void FlowNormalizer::gap(const MessageContext& context, const flow::SequenceGap& gap) {
    if (gap.lost == 0) {  // the end of a TCP session by a kill: the number is not known
        losses_.add(context.exporter, LossReason::not_running, gap.interval, std::nullopt,
                    std::nullopt);
        return;
    }
    missing_messages_ += gap.messages;
    const std::uint64_t largest = volume_.largest_record(sender_of(context));
    // A message of v9 and a datagram of sFlow hold many records: no bound is known for them.
    std::optional<std::uint64_t> bound;
    std::uint64_t octets = 0;
    if (gap.unit != flow::SequenceGap::Unit::messages && largest > 0 &&
        !__builtin_mul_overflow(largest, gap.lost, &octets) && octets <= bound_max)
        bound = octets;
    losses_.add(context.exporter, LossReason::export_gap, gap.interval, gap.lost, bound);
}

Volume FlowNormalizer::drain_observed() noexcept {
    spread_ = 0;
    return volume_.drain();
}

bool FlowNormalizer::is_full() const noexcept {
    return spread_ > spread_max || nat_.table().changes() > translations_max || volume_.is_full();
}

std::vector<CounterValue> FlowNormalizer::counters() const {
    std::vector<CounterValue> values;
    for (std::size_t i = 0; i < counts_.size(); ++i)
        values.push_back({reading_counters[i].name, counts_[i]});
    values[flows_evicted].value =
        running_.evicted() + connections_.evicted() + duplicates_.evicted();
    values[translations_evicted].value = nat_.table().evicted();
    values[translations_contradicted].value = nat_.table().contradicted();
    return values;
}

std::string FlowNormalizer::save() const {
    ByteWriter out;
    running_.save(out);
    duplicates_.save(out);
    nat_.table().save(out);
    connections_.save(out);
    return out.drain();
}

bool FlowNormalizer::restore(std::string_view saved) {
    ByteCursor in(as_octets(saved));
    if (!running_.restore(in) || !duplicates_.restore(in)) return false;
    // Snapshots from before NAT mappings (docs/decisions/0204-translations.md) end here, those from
    // before connections of firewalls behind the mappings.
    if (in.left() == 0) return true;
    if (!nat_.table().restore(in)) return false;
    return in.left() == 0 || (connections_.restore(in) && in.left() == 0);
}

}  // namespace octroi::normalize
