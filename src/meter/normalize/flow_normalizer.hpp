// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Flow records become readings: what an exporter says is scaled, bounded in time, and counted once.
//
//   - Counts are multiplied by the sampling rate that applies to the record.
//   - Totals since a flow began become differences (running_totals.hpp).
//   - Traffic that the router did not let through (RFC 7270 forwarding status, a firewall's denial)
//     and duplicates keep their volume and are marked: conservation is a sum over all.
//   - Times that cannot be believed are moved to the receive time, and counted.
//   - A translator's events open and close translations (nat_table.hpp); an end that has an
//     outside address of one becomes the inside address, where the policy says so. An exporter is
//     believed of its own records, one that the policy names of everybody's.
//   - Gaps in sequence numbers become losses, bounded by the largest record of the exporter; what
//     nobody numbered (the end of a TCP session that died with its receiver) a loss without a
//     bound.
//
// Pure: no clock but the receive times. One thread. What it remembers is bounded, and saved with
// the exporters' state, so that a restart does not count a total twice.

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "meter/nat/nat_table.hpp"
#include "meter/normalize/exporter_index.hpp"
#include "meter/normalize/flow_owners.hpp"
#include "meter/normalize/flow_policy.hpp"
#include "meter/normalize/running_totals.hpp"
#include "record/counter.hpp"
#include "record/reading_sink.hpp"
#include "record/transfer.hpp"
#include "wire/flow/record_sink.hpp"

namespace octroi::normalize {

// In the order of FlowNormalizer::counters().
inline constexpr std::array<CounterInfo, 16> reading_counters = {{
    {"collector_records_total", "Flow records about traffic."},
    {"collector_sampled_total", "Of these, scaled by a sampling rate above 1."},
    {"collector_sampling_unknown_total",
     "Of these, with a sampler whose rate was not known: taken as they are."},
    {"collector_duplicates_total", "Records booked as duplicates of others."},
    {"collector_dropped_total", "Records about traffic that was not let through."},
    {"collector_totals_total", "Records with running totals, booked as differences."},
    {"collector_moved_total", "Records whose times were moved by the exporter's clock error."},
    {"collector_odd_times_total", "Records whose times could not be: the receive time was taken."},
    {"collector_late_total",
     "Records that came over TCP later than clock_skew: they keep their times."},
    {"collector_forgotten_total",
     "Flows that could not be remembered: their totals, or what two exporters say, may count "
     "twice."},
    {"collector_overflow_total",
     "Records beyond all reason: not booked, a loss of their exporter."},
    {"collector_unnumbered_total",
     "Records with an interface or a next hop that has no number (beyond the bounds, or of an "
     "exporter that a file does not name): it binds nobody."},
    {"collector_nat_events_total", "Events of translators, of any kind."},
    {"collector_translated_total",
     "Records of which an end was booked as the inside address behind it."},
    {"collector_translations_forgotten_total",
     "Translations for which there was no room, or that had to make room for others."},
    {"collector_translations_contradicted_total",
     "Ends of translations that name another inside address than the one that has the outside end: "
     "not taken."},
}};

// What readings are made of: what else a record has need not be decoded.
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
    flow::bit(flow::Field::nat_dport) | flow::bit(flow::Field::port_range);

class FlowNormalizer final : public flow::RecordSink {
public:
    explicit FlowNormalizer(FlowPolicy policy, std::uint64_t seed);

    // Where readings go while messages are decoded, some hundred at once; null: they are dropped (a
    // part of a file that was booked before is read again). After the last message, and before the
    // sink goes away, what is left goes there with flush().
    void set_sink(ReadingSink* sink) noexcept { sink_ = sink; }
    void flush();

    void records(const flow::MessageContext& context,
                 std::span<const flow::FlowRecord> records) override;
    void gap(const flow::MessageContext& context, const flow::SequenceGap& gap) override;

    // Readings over many buckets have made the batch long: it should be taken.
    [[nodiscard]] bool is_full() const noexcept;
    // What went to the sink since the last call, counted at the records.
    [[nodiscard]] Volume drain_observed() noexcept;
    [[nodiscard]] std::vector<Loss> drain_losses();
    // Those that began or ended since the last call.
    [[nodiscard]] std::vector<Translation> drain_translations() {
        return translations_.drain_changes();
    }
    // Names for Reading::interface: "192.0.2.1#3" is interface 3 of that exporter.
    [[nodiscard]] std::span<const Name> names() const noexcept { return books_.names(); }
    // For Reading::next_hop.
    [[nodiscard]] std::vector<CounterValue> counters() const;

    // Totals, claims and translations, as octets.
    [[nodiscard]] std::string save() const;
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
        forgotten,
        overflow,
        unnumbered,
        nat_events,
        translated,
        translations_forgotten,
        translations_contradicted
    };
    void add(const flow::MessageContext& context, const flow::FlowRecord& record);
    [[nodiscard]] bool scale(const flow::FlowRecord& record, Reading& reading);
    [[nodiscard]] bool within_budget(ExporterBook& book, const Reading& reading);
    void set_route(ExporterBook& book, const flow::FlowRecord& record, Reading& reading);
    void set_times(const flow::MessageContext& context, const flow::FlowRecord& record,
                   const std::optional<UtcTime>& since, Reading& reading);
    // Behind the translations, where they say so; else as on the wire.
    struct Ports {
        std::uint16_t source = 0;
        std::uint16_t destination = 0;
    };
    // reading: with the ends as they are behind the translations.
    [[nodiscard]] bool is_duplicate(const flow::MessageContext& context,
                                    const flow::FlowRecord& record, const Reading& reading,
                                    const Ports& inside);
    void take_event(const flow::MessageContext& context, const flow::FlowRecord& record);
    [[nodiscard]] bool is_translator(const Address& exporter) const;
    [[nodiscard]] Ports put_inside(const Address& exporter, Reading& reading);
    void add_loss(const Address& exporter, LossReason reason, const Interval& interval,
                  std::optional<std::uint64_t> lost, std::optional<std::uint64_t> bound);

    FlowPolicy policy_;
    ReadingSink* sink_ = nullptr;
    ExporterIndex books_;
    RunningTotals running_;
    FlowOwners claims_;
    nat::NatTable translations_;
    std::array<Reading, 128> out_;
    std::size_t filled_ = 0;
    Volume observed_;
    std::uint64_t spread_ = 0;  // buckets that readings of the batch reach over, beside one each
    std::uint64_t batch_ = 1;   // its number here
    // Since the last drain_losses(): one for each exporter and reason, so that nobody can make a
    // batch long by sending nonsense.
    std::map<std::pair<std::string, LossReason>, Loss> losses_;
    std::array<std::uint64_t, reading_counters.size()> counts_{};
};

}  // namespace octroi::normalize
