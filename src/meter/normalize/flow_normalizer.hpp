// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Flow records become readings. Each step has a file of its own:
//
//   - Totals since a flow, or a connection of a firewall, began become differences
//     (running_totals.hpp, connection_totals.hpp).
//   - Octets of layer 2 become those of layer 3 (link_octets.hpp); out counters may be the other
//     direction (wire/flow/out_counters.hpp).
//   - Counts are multiplied by the sampling rate that applies to the record. Volumes that no link
//     carries in the time are excluded (plausible_volume.hpp), and so is what exceeds the limit of
//     its sender (sender_volumes.hpp).
//   - Times that cannot be right are replaced by the receive time (record_times.hpp).
//   - Outside addresses of NAT devices become inside ones (nat_resolver.hpp).
//   - Interfaces and next hops become names (exporter_index.hpp).
//   - Traffic that the router has dropped (RFC 7270 forwarding status, a firewall's denial), and
//     duplicates (duplicate_filter.hpp), keep their volume and are marked: conservation is a sum
//     over all readings.
//   - Gaps in sequence numbers become losses (exporter_losses.hpp). Their bound is the largest
//     record of the exporter times the lost records, where its protocol numbers records.
//
// One thread, no clock: times come with the messages. No allocation per record after warm-up. The
// state is bounded, and saved with that of the exporters, so that a restart counts no total twice.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "meter/normalize/batch_volume.hpp"
#include "meter/normalize/connection_totals.hpp"
#include "meter/normalize/duplicate_filter.hpp"
#include "meter/normalize/exporter_index.hpp"
#include "meter/normalize/exporter_losses.hpp"
#include "meter/normalize/flow_policy.hpp"
#include "meter/normalize/nat_resolver.hpp"
#include "meter/normalize/record_times.hpp"
#include "meter/normalize/running_totals.hpp"
#include "record/counter.hpp"
#include "record/reading.hpp"
#include "record/reading_sink.hpp"
#include "record/transfer.hpp"
#include "wire/flow/record_sink.hpp"

namespace octroi::normalize {

// In the order of FlowNormalizer::counters().
inline constexpr std::array<CounterInfo, 19> reading_counters = {{
    {"collector_records_total", "Flow records about traffic."},
    {"collector_sampled_total", "Flow records multiplied by a sampling rate above 1."},
    {"collector_sampling_unknown_total",
     "Flow records with a sampler of unknown rate: not multiplied."},
    {"collector_duplicates_total", "Records counted as duplicates, under @excluded/duplicate."},
    {"collector_dropped_total", "Records about traffic that the router has dropped."},
    {"collector_totals_total",
     "Records with running totals: the difference to the previous record was counted."},
    {"collector_moved_total",
     "Records with times that were corrected, because the exporter's clock differs by more than "
     "clock_skew."},
    {"collector_odd_times_total",
     "Records with impossible times: the receive time was used instead."},
    {"collector_late_total",
     "Records that arrived over TCP more than clock_skew after their export: their times were "
     "kept."},
    {"collector_flows_evicted_total",
     "Flows evicted because the flow table was full: their running totals, or reports of a second "
     "exporter, may count twice."},
    {"collector_overflow_total",
     "Records with an impossible volume: not counted, recorded as a loss."},
    {"collector_unnumbered_total",
     "Records with an interface or a next hop that could not be stored, because of a limit or "
     "because the file does not state the exporter: no binding by interface or next hop applies."},
    {"collector_nat_events_total", "Events of NAT devices, of any kind."},
    {"collector_translated_total",
     "Records in which an outside address was replaced by the inside address."},
    {"collector_translations_evicted_total",
     "NAT mappings that were evicted early, or not stored, because of a limit."},
    {"collector_translations_contradicted_total",
     "NAT deallocation events with an inside address that differs from the open mapping: "
     "ignored."},
    {"collector_implausible_total",
     "Records with more volume than a link carries in the time: counted under "
     "@excluded/implausible."},
    {"collector_layer2_total",
     "Records with octets of layer 2 only: those of layer 3 were derived, or, without packets, "
     "the record is under @excluded/implausible."},
    {"collector_out_reverse_total",
     "Records with out counters (elements 23 and 24) that were counted as the other direction."},
}};

// The fields that readings are made of. Decoders need not decode others.
inline constexpr std::uint64_t wanted_fields =
    flow::bit(flow::Field::flows) | flow::bit(flow::Field::src) | flow::bit(flow::Field::dst) |
    flow::bit(flow::Field::sport) | flow::bit(flow::Field::dport) | flow::bit(flow::Field::proto) |
    flow::bit(flow::Field::tos) | flow::bit(flow::Field::tcp_flags) | flow::bit(flow::Field::icmp) |
    flow::bit(flow::Field::vlan) | flow::bit(flow::Field::inner_vlan) |
    flow::bit(flow::Field::src_mac) | flow::bit(flow::Field::dst_mac) |
    flow::bit(flow::Field::in_if) | flow::bit(flow::Field::out_if) |
    flow::bit(flow::Field::src_as) | flow::bit(flow::Field::dst_as) |
    flow::bit(flow::Field::next_hop) | flow::bit(flow::Field::direction) |
    flow::bit(flow::Field::sampling) | flow::bit(flow::Field::sampler) |
    flow::bit(flow::Field::forwarding_status) | flow::bit(flow::Field::firewall_event) |
    flow::bit(flow::Field::flow_id) | flow::bit(flow::Field::ethertype) |
    flow::bit(flow::Field::nat_event) | flow::bit(flow::Field::nat_src) |
    flow::bit(flow::Field::nat_dst) | flow::bit(flow::Field::nat_sport) |
    flow::bit(flow::Field::nat_dport) | flow::bit(flow::Field::port_range) |
    flow::bit(flow::Field::out_bytes) | flow::bit(flow::Field::out_packets) |
    flow::bit(flow::Field::frame_bytes) | flow::bit(flow::Field::section);

class FlowNormalizer final : public flow::RecordSink {
public:
    FlowNormalizer(FlowPolicy policy, std::uint64_t seed);
    FlowNormalizer(const FlowNormalizer&) = delete;  // its parts refer to its policy
    FlowNormalizer& operator=(const FlowNormalizer&) = delete;
    ~FlowNormalizer() override = default;

    // Where readings go, some hundred at once. Null: they are dropped (a part of a file that is in
    // the ledger is read again). The sink must live until flush(), or until another one is set.
    void set_sink(ReadingSink* sink) noexcept { sink_ = sink; }
    // Hands over the readings that are still held. Call it after the last message.
    void flush();

    void records(const flow::MessageContext& context,
                 std::span<const flow::FlowRecord> records) override;
    void gap(const flow::MessageContext& context, const flow::SequenceGap& gap) override;

    // A connection of the exporter has ended, and messages may be missing, nobody knows how many: a
    // loss.
    void on_cut_stream(const Address& exporter, UtcTime received) {
        losses_.add(exporter, LossReason::truncated, {received, received}, std::nullopt,
                    std::nullopt);
    }

    // The batch has become long (readings over many buckets, many NAT mappings) or has
    // the volumes of as many senders as it can: commit it.
    [[nodiscard]] bool is_full() const noexcept;
    // The volume of all readings since the last call, counted at the records. The next batch
    // begins.
    [[nodiscard]] Volume drain_observed() noexcept;
    [[nodiscard]] std::vector<Loss> drain_losses() { return losses_.drain(); }
    // Messages that are missing in the gaps that became losses since the last call, at least.
    [[nodiscard]] std::uint64_t drain_missing_messages() noexcept {
        return std::exchange(missing_messages_, 0);
    }
    // NAT mappings that were created or ended since the last call.
    [[nodiscard]] std::vector<Translation> drain_translations() {
        return nat_.table().drain_changes();
    }
    // For Reading::interface, out_interface and next_hop (ExporterIndex::names()).
    [[nodiscard]] const NameTable& names() const noexcept { return exporters_.names(); }
    [[nodiscard]] std::vector<CounterValue> counters() const;

    // Running totals, owners of flows and NAT mappings, as octets.
    [[nodiscard]] std::string save() const;
    // Into a new normalizer. False: save() did not write these octets. The parts before the damage
    // are kept.
    [[nodiscard]] bool restore(std::string_view saved);

private:
    // In the order of reading_counters.
    enum Count : std::size_t {
        seen,
        sampled,
        unsampled,
        duplicates,
        dropped,
        totals,
        moved,
        odd_times,
        late,
        flows_evicted,
        overflow,
        unnumbered,
        nat_events,
        translated,
        translations_evicted,
        translations_contradicted,
        implausible,
        derived,
        reverse_out
    };
    // A message with its exporter, its sender and the row of the configuration for it.
    struct Origin {
        const flow::MessageContext& context;
        ExporterEntry& exporter;
        // Limits are per sender: one that names many agents has the limits of one.
        SenderVolume& sender;
        const ExporterPolicy& policy;
    };
    [[nodiscard]] Origin origin_of(const flow::MessageContext& context);
    void add_special(const Origin& origin, const flow::FlowRecord& record);
    // are_octets_known: false: `bytes` are not octets of layer 3.
    void add(const Origin& origin, const flow::FlowRecord& record, bool are_octets_known = true);
    [[nodiscard]] const ExporterPolicy& policy_of(ExporterEntry& exporter,
                                                  const flow::MessageContext& context) const;
    [[nodiscard]] bool set_volume(const Origin& origin, const flow::FlowRecord& record,
                                  std::optional<UtcTime>& since, Reading& reading);
    void refuse(const flow::MessageContext& context);
    [[nodiscard]] bool admit(const Origin& origin, bool plausible, Reading& reading);
    [[nodiscard]] bool scale(const flow::FlowRecord& record, const ExporterPolicy& policy,
                             Reading& reading);
    void set_times(const flow::MessageContext& context, const flow::FlowRecord& record,
                   const ExporterPolicy& policy, const std::optional<UtcTime>& since,
                   Reading& reading);
    void set_shifted_times(const flow::MessageContext& context, const flow::FlowRecord& record,
                           const ExporterPolicy& policy, const std::optional<UtcTime>& since,
                           Reading& reading);
    void use_times(const RecordTimes& times, Reading& reading) noexcept;
    void set_route(ExporterEntry& exporter, const flow::FlowRecord& record, Reading& reading);
    void set_kind(const flow::MessageContext& context, const flow::FlowRecord& record,
                  const ExporterPolicy& policy, const InsidePorts& inside, Reading& reading);
    void on_nat_event(const flow::MessageContext& context, const flow::FlowRecord& record);
    void hand_over();

    FlowPolicy policy_;
    ReadingSink* sink_ = nullptr;
    ExporterIndex exporters_;
    RunningTotals running_;
    ConnectionTotals connections_;
    DuplicateFilter duplicates_;
    NatResolver nat_;
    BatchVolume volume_;
    ExporterLosses losses_;
    std::uint64_t missing_messages_ = 0;
    std::array<Reading, 128> out_;
    std::size_t filled_ = 0;
    std::size_t handed_over_ = 0;  // of the filled ones
    std::uint64_t spread_ = 0;     // buckets of the batch's readings, beyond one for each
    std::array<std::uint64_t, reading_counters.size()> counts_{};
};

}  // namespace octroi::normalize
