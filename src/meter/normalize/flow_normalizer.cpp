// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/normalize/flow_normalizer.hpp"

#include <algorithm>
#include <limits>

#include "meter/nat/known_port.hpp"
#include "meter/normalize/nat_event.hpp"

namespace octroi::normalize {
namespace {

using flow::Field;
using flow::FlowRecord;
using flow::MessageContext;
using flow::RecordKind;

// One record beyond this (128 TiB: 400 Gbit/s for three quarters of an hour) is no traffic that
// anybody could have sent.
constexpr std::uint64_t record_max = std::uint64_t{1} << 47U;
// What an exporter, and all of them, may say in one batch. The ledger's sums end at 2^63-1: nobody
// may bring them there.
constexpr std::uint64_t exporter_max = std::uint64_t{1} << 49U;
constexpr std::uint64_t batch_max = std::uint64_t{1} << 52U;
// Rows that a batch may have of readings over several buckets, about.
constexpr std::uint64_t spread_max = std::uint64_t{1} << 20U;
// Exporters with losses of their own in a batch.
constexpr std::size_t losses_max = 8192;
// Translations that make a batch long.
constexpr std::size_t translations_max = std::size_t{1} << 17U;
// The longest a record may reach back; attribution books longer ones whole.
constexpr Duration span_max = Duration::hours(24);

// RFC 7270 section 4.12: the two upper bits; 2 is "dropped". A record of one octet.
constexpr unsigned forwarding_class_dropped = 2;
constexpr std::uint8_t firewall_denied = 3;  // element 233
constexpr std::uint8_t egress = 1;           // element 61

bool was_dropped(const FlowRecord& record) noexcept {
    return (record.has(Field::forwarding_status) &&
            record.forwarding_status >> 6U == forwarding_class_dropped) ||
           (record.has(Field::firewall_event) && record.firewall_event == firewall_denied);
}

// A time from an uptime of 32 bits in milliseconds, which decoders take as it stands: it came round
// in between if it is out of bounds, and within them one round earlier or later.
UtcTime unwrapped(UtcTime time, UtcTime earliest, UtcTime latest) noexcept {
    constexpr Duration round = Duration::milliseconds(std::int64_t{1} << 32U);
    if (time > latest && time - round >= earliest) return time - round;
    if (time < earliest && time + round <= latest) return time + round;
    return time;
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
}

// Where additions of times and differences of clocks cannot overflow.
UtcTime clamped(UtcTime time) noexcept {
    constexpr UtcTime least = UtcTime::from_seconds(0);
    constexpr UtcTime most = UtcTime::from_seconds(std::int64_t{1} << 32U);
    return std::clamp(time, least, most);
}

}  // namespace

FlowNormalizer::FlowNormalizer(FlowPolicy policy, std::uint64_t seed)
    : policy_(std::move(policy)),
      running_(seed),
      claims_(policy_.window, seed),
      translations_(seed) {}

void FlowNormalizer::records(const MessageContext& context, std::span<const FlowRecord> records) {
    for (const FlowRecord& record : records) {
        const bool is_traffic =
            record.kind == RecordKind::traffic || record.kind == RecordKind::non_ip;
        if (record.has(Field::nat_event)) take_event(context, record);
        if (is_traffic && (record.bytes > 0 || record.packets > 0)) add(context, record);
    }
}

void FlowNormalizer::add(const MessageContext& context, const FlowRecord& record) {
    Reading& reading = out_[filled_];
    reading = Reading{};
    std::optional<UtcTime> since;  // of running totals: the time of the record before
    ++counts_[seen];
    reading.bytes = record.bytes;
    reading.packets = record.packets;
    if (record.counting == flow::Counting::total) {
        const auto difference = running_.difference(context, record);
        reading.bytes = difference.bytes;
        reading.packets = difference.packets;
        since = difference.since;
        ++counts_[totals];
        if (reading.bytes == 0 && reading.packets == 0) return;
    }
    ExporterBook& book = books_.of(context.exporter);
    if (!scale(record, reading) || !within_budget(book, reading)) {
        ++counts_[overflow];
        add_loss(context.exporter, LossReason::corrupt, {context.received, context.received}, 1,
                 std::nullopt);
        return;
    }
    book.largest_bytes = std::max(book.largest_bytes, reading.bytes);
    set_times(context, record, since, reading);
    copy_details(record, reading);
    Ports inside{record.sport, record.dport};
    if (!translations_.empty() && policy_.apply_translations)
        inside = put_inside(context.exporter, reading);
    constexpr std::uint64_t flows_max = 1U << 20U;  // aggregated into one record
    reading.flows = record.has(Field::flows) && record.flows > 0
                        ? static_cast<std::uint32_t>(std::min(record.flows, flows_max))
                        : 1;
    spread_ += static_cast<std::uint64_t>((reading.last - reading.first).ns / bucket_length.ns);
    // A router's record knows both sides, wherever it was made.
    reading.direction = Direction::in;
    set_route(book, record, reading);
    if (record.kind == RecordKind::non_ip) {
        reading.kind = ReadingKind::non_ip;
        reading.set_ethertype(record.ethertype);
    } else if (was_dropped(record)) {
        reading.kind = ReadingKind::dropped;
        ++counts_[dropped];
    } else if (is_duplicate(context, record, reading, inside)) {
        reading.kind = ReadingKind::duplicate;
        ++counts_[duplicates];
    }
    if (sink_ == nullptr) return;
    observed_ += {Bytes(reading.bytes), Packets(reading.packets), Flows(reading.flows)};
    if (++filled_ == out_.size()) flush();
}

void FlowNormalizer::take_event(const MessageContext& context, const FlowRecord& record) {
    ++counts_[nat_events];
    if (!is_translator(context.exporter)) return;
    std::optional<NatEvent> event = nat_event_of(record);
    if (!event) return;
    FlowRecord timed = record;
    if (!timed.has(Field::first) && !timed.has(Field::last) && context.exported.ns != 0) {
        timed.first = timed.last = context.exported;
        timed.fields |= flow::bit(Field::first) | flow::bit(Field::last);
    }
    Reading at;
    set_times(context, timed, std::nullopt, at);
    event->translation.exporter = context.exporter;
    const UtcTime now = context.received.ns != 0 ? context.received : at.last;
    if (event->begins)
        translations_.begin(event->translation, at.last, now);
    else
        translations_.end(event->translation, at.last, now);
}

FlowNormalizer::Ports FlowNormalizer::put_inside(const Address& exporter, Reading& reading) {
    Ports inside{reading.sport, reading.dport};
    if (!translations_.knows(reading.src) && !translations_.knows(reading.dst)) return inside;
    const nat::NatTable::Ask of_source{exporter,
                                       reading.src,
                                       reading.dst,
                                       reading.proto,
                                       nat::known_port(reading.proto, reading.sport),
                                       nat::known_port(reading.proto, reading.dport),
                                       reading.first,
                                       reading.last,
                                       policy_.translators};
    nat::NatTable::Ask of_destination = of_source;
    std::swap(of_destination.outside, of_destination.remote);
    std::swap(of_destination.port, of_destination.remote_port);
    const auto source = translations_.inside_of(of_source);
    const auto destination = translations_.inside_of(of_destination);
    const auto put = [](const auto& found, Address& address, std::uint16_t& port) {
        if (!found) return;
        address = found->address;
        if (found->port != 0) port = found->port;
    };
    put(source, reading.src, inside.source);
    put(destination, reading.dst, inside.destination);
    if (source || destination) ++counts_[translated];
    return inside;
}

bool FlowNormalizer::is_translator(const Address& exporter) const {
    return policy_.translators.empty() || any_contains(policy_.translators, exporter);
}

bool FlowNormalizer::scale(const FlowRecord& record, Reading& reading) {
    std::uint64_t rate = record.sampling;
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
    return reading.bytes <= record_max && reading.packets <= record_max;
}

void FlowNormalizer::set_route(ExporterBook& book, const FlowRecord& record, Reading& reading) {
    reading.interface = books_.interface(book, record.in_if);
    reading.out_interface = books_.interface(book, record.out_if);
    const bool has_next_hop =
        record.has(Field::next_hop) && !ExporterIndex::is_zero(record.next_hop);
    if (has_next_hop) reading.next_hop = books_.next_hop(book, record.next_hop);
    reading.src_as = record.src_as == as_trans ? 0 : record.src_as;
    reading.dst_as = record.dst_as == as_trans ? 0 : record.dst_as;
    const bool unnumbered_interface = (record.in_if != 0 && reading.interface == 0) ||
                                      (record.out_if != 0 && reading.out_interface == 0);
    if (unnumbered_interface || (has_next_hop && reading.next_hop == 0)) ++counts_[unnumbered];
}

// What an exporter says beyond all reason is its own trouble, and not that of others.
bool FlowNormalizer::within_budget(ExporterBook& book, const Reading& reading) {
    if (book.batch != batch_) {
        book.batch = batch_;
        book.batch_bytes = book.batch_packets = 0;
    }
    if (book.batch_bytes + reading.bytes > exporter_max ||
        book.batch_packets + reading.packets > exporter_max ||
        observed_.bytes.value() > batch_max || observed_.packets.value() > batch_max)
        return false;
    book.batch_bytes += reading.bytes;
    book.batch_packets += reading.packets;
    return true;
}

void FlowNormalizer::set_times(const MessageContext& context, const FlowRecord& record,
                               const std::optional<UtcTime>& since, Reading& reading) {
    // Of messages in a file without receive times the exporter's clock is all there is.
    const UtcTime received = context.received.ns != 0 ? context.received : context.exported;
    const bool has_first = record.has(Field::first);
    const bool has_last = record.has(Field::last);
    if (!has_first && !has_last) {
        reading.first = reading.last = received;
        return;
    }
    reading.first = clamped(has_first ? record.first : record.last);
    reading.last = clamped(has_last ? record.last : record.first);
    if (since && *since < reading.last) reading.first = std::max(reading.first, *since);
    const Duration behind = received - context.exported;
    // What comes over TCP waits for a receiver that is away: late says nothing about its clock.
    const bool is_late = behind > policy_.skew && context.exported.ns != 0;
    if (is_late && context.transport_session != 0) ++counts_[late];
    const bool clock_is_off =
        (is_late && context.transport_session == 0) || Duration{-behind.ns} > policy_.skew;
    if (context.exported.ns != 0 && clock_is_off) {
        reading.first = reading.first + behind;
        reading.last = reading.last + behind;
        ++counts_[moved];
    }
    const UtcTime latest = received + policy_.skew;
    const UtcTime earliest = received - policy_.age;
    reading.first = unwrapped(reading.first, earliest - span_max, latest);
    reading.last = unwrapped(reading.last, earliest, latest);
    const bool impossible = reading.last > latest || reading.last < earliest ||
                            reading.first > reading.last || reading.first < reading.last - span_max;
    if (!impossible) return;
    reading.first = reading.last = received;
    ++counts_[odd_times];
}

bool FlowNormalizer::is_duplicate(const MessageContext& context, const FlowRecord& record,
                                  const Reading& reading, const Ports& inside) {
    if (any_contains(policy_.witnesses, context.exporter)) return true;
    switch (policy_.deduplicate) {
        case Deduplicate::none:
            return false;
        case Deduplicate::ingress:
            return record.has(Field::direction) && record.direction == egress;
        case Deduplicate::flow_key: {
            // As it is behind translators: routers on both sides of one report the same flow.
            FlowIdentity flow = identity_of(record);
            flow.src = reading.src.octets;
            flow.dst = reading.dst.octets;
            flow.family = static_cast<std::uint8_t>(reading.src.family);
            flow.sport = inside.source;
            flow.dport = inside.destination;
            return claims_.is_anothers(flow, context.exporter, context.received);
        }
    }
    return false;
}

void FlowNormalizer::flush() {
    if (filled_ == 0) return;
    sink_->accept(std::span(out_).first(filled_));
    filled_ = 0;
}

void FlowNormalizer::gap(const MessageContext& context, const flow::SequenceGap& gap) {
    if (gap.lost == 0) {
        add_loss(context.exporter, LossReason::not_running, gap.interval, std::nullopt,
                 std::nullopt);
        return;
    }
    const std::uint64_t largest = books_.of(context.exporter).largest_bytes;
    // A message of v9 and a datagram of sFlow hold many records: no bound is known for them.
    std::optional<std::uint64_t> bound;
    std::uint64_t octets = 0;
    if (gap.unit != flow::SequenceGap::Unit::messages && largest > 0 &&
        !__builtin_mul_overflow(largest, gap.lost, &octets) && octets <= batch_max)
        bound = octets;
    add_loss(context.exporter, LossReason::export_gap, gap.interval, gap.lost, bound);
}

Volume FlowNormalizer::drain_observed() noexcept {
    spread_ = 0;
    ++batch_;
    return std::exchange(observed_, {});
}

bool FlowNormalizer::is_full() const noexcept {
    return spread_ > spread_max || translations_.changes() > translations_max;
}

void FlowNormalizer::add_loss(const Address& exporter, LossReason reason, const Interval& interval,
                              std::optional<std::uint64_t> lost,
                              std::optional<std::uint64_t> bound) {
    // Files of messages do not say who sent them.
    const std::string source = exporter.empty()              ? "unknown exporter"
                               : losses_.size() < losses_max ? to_string(exporter)
                                                             : "other exporters";
    const auto [at, is_new] = losses_.try_emplace(
        {source, reason},
        Loss{source,
             reason,
             {std::min(interval.begin, interval.end), std::max(interval.begin, interval.end)},
             lost,
             bound});
    if (is_new) return;
    Loss& loss = at->second;
    loss.interval = {std::min(loss.interval.begin, interval.begin),
                     std::max(loss.interval.end, interval.end)};
    if (loss.packets && lost)
        loss.packets = std::min(checked_add(*loss.packets, *lost).value_or(batch_max), batch_max);
    else
        loss.packets.reset();
    const bool bounded = loss.bytes_bound && bound && *bound <= batch_max - *loss.bytes_bound;
    loss.bytes_bound = bounded ? std::optional(*loss.bytes_bound + *bound) : std::nullopt;
}

std::vector<Loss> FlowNormalizer::drain_losses() {
    std::vector<Loss> taken;
    for (auto& [key, loss] : losses_) taken.push_back(std::move(loss));
    losses_.clear();
    return taken;
}

std::vector<CounterValue> FlowNormalizer::counters() const {
    std::vector<CounterValue> values;
    for (std::size_t i = 0; i < counts_.size(); ++i)
        values.push_back({reading_counters[i].name, counts_[i]});
    values[forgotten].value = running_.forgotten() + claims_.forgotten();
    values[translations_forgotten].value = translations_.forgotten();
    values[translations_contradicted].value = translations_.contradicted();
    return values;
}

std::string FlowNormalizer::save() const {
    ByteWriter out;
    running_.save(out);
    claims_.save(out);
    translations_.save(out);
    return out.drain();
}

bool FlowNormalizer::restore(std::string_view saved) {
    ByteCursor in(as_octets(saved));
    if (!running_.restore(in) || !claims_.restore(in)) return false;
    // Versions before 0204 knew no translations.
    return in.left() == 0 || (translations_.restore(in) && in.left() == 0);
}

}  // namespace octroi::normalize
