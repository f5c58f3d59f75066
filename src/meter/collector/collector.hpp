// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The reading side of a collector: from the journal to readings. A Meter whose source is the
// journal; who fills that is no matter (intake.hpp).
//
// Its cursor is the position in the journal, and the name of a snapshot beside it: templates,
// sampling, sequence numbers, messages that wait for their template, running totals. Both belong
// to the same moment, so that a restart decodes the next message as if nothing had happened.

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "host/clock.hpp"
#include "host/folder.hpp"
#include "meter/collector/intake.hpp"
#include "meter/journal/journal.hpp"
#include "meter/meter.hpp"
#include "meter/normalize/flow_normalizer.hpp"
#include "wire/exporter/exporters.hpp"

namespace octroi::collector {

inline constexpr std::string_view journal_source_prefix = "journal:";

struct CollectorOptions {
    std::string folder;  // of the journal; made where it is missing
    journal::JournalOptions journal;
    normalize::FlowPolicy policy;
    exporter::Limits limits;
    std::vector<Prefix> allowed;  // exporters that are listened to; empty: all
    std::uint64_t seed = 0;
};

// In the order of Collector::counters(); those of reading_counters follow.
inline constexpr std::array<CounterInfo, 16> collector_counters = {{
    {"collector_datagrams_total", "Datagrams and messages of streams taken from the journal."},
    {"collector_octets_total", "Their octets."},
    {"collector_refused_total", "Of these, from senders that are not allowed: not looked at."},
    {"collector_messages_total", "Messages in them, of any protocol."},
    {"collector_decoded_total", "Records decoded, options left out."},
    {"collector_options_total", "Records of options data."},
    {"collector_templates_total", "Templates announced."},
    {"collector_unknown_total", "Datagrams that begin with no message known here."},
    {"collector_malformed_total", "Messages or sets that cannot be; the rest was decoded."},
    {"collector_over_limit_total", "What exporters announced beyond the bounds: left out."},
    {"collector_waiting_total", "Data sets put aside because their template was not there."},
    {"collector_resumed_total", "Of these, decoded when it came."},
    {"collector_given_up_total", "Of these, given up: a loss."},
    {"collector_repeated_total", "Datagrams that came twice: counted once."},
    {"collector_restarts_total", "Restarts of exporters."},
    {"collector_lost_total", "Records, messages or samples that did not arrive."},
}};

// The exporters as they were at a cursor's commit, read from its snapshot: also while a daemon has
// the folder. Errors: not_found (the snapshot was superseded meanwhile: ask for the cursor again,
// or the folder is elsewhere), corrupt, unsupported.
[[nodiscard]] Result<exporter::Exporters> exporters_at(const std::string& folder,
                                                       const Cursor& cursor);

class Collector final : public Meter {
public:
    // known: this meter's cursors whose source begins with journal_source_prefix. Errors: busy
    // (another process has the folder), those of files. The clock must outlive it.
    [[nodiscard]] static Result<std::unique_ptr<Collector>> open(const CollectorOptions& options,
                                                                 std::span<const Cursor> known,
                                                                 const Clock& clock);

    // To be filled by an Intake, on any one thread.
    [[nodiscard]] journal::Journal& journal() noexcept { return *journal_; }
    // Whose drops become losses at each checkpoint. It must outlive the last checkpoint.
    void watch(const Intake& intake);

    // Decodes what the journal holds, for at most about `wait`. Does not wait for more: idle.
    [[nodiscard]] Result<Pull> pull(ReadingSink& sink, Duration wait) override;
    [[nodiscard]] Result<Checkpoint> checkpoint(ReadingSink& sink) override;
    void committed() override;
    [[nodiscard]] std::span<const Name> names() const override { return maker_.names(); }
    [[nodiscard]] std::vector<CounterValue> counters() const override;
    // What was wrong with the files at the start, for people; empty: nothing.
    [[nodiscard]] const std::string& notice() const noexcept { return notice_; }

private:
    Collector(CollectorOptions options, OwnFolder folder, const Clock& clock);
    [[nodiscard]] Status resume(std::span<const Cursor> known);
    [[nodiscard]] Status load(const std::string& name);
    [[nodiscard]] Result<std::string> save_snapshot(const journal::JournalPosition& at);
    void remove_snapshots(const std::string& but);
    [[nodiscard]] Pull read(Duration wait);
    void take(const journal::Message& message);
    void add_losses(std::vector<Loss>& losses, UtcTime now);
    [[nodiscard]] bool is_allowed(const Address& sender) const;
    [[nodiscard]] exporter::Settings settings() const;

    CollectorOptions options_;
    OwnFolder folder_;
    const Clock& clock_;
    std::unique_ptr<journal::Journal> journal_;
    exporter::Exporters exporters_;
    normalize::FlowNormalizer maker_;
    const Intake* intake_ = nullptr;
    std::vector<Intake::Drops> reported_drops_;

    Checkpoint unsettled_;  // observed and losses of checkpoints that could not be made
    Cursor cursor_;
    UtcTime since_;                     // of the last checkpoint
    journal::JournalPosition checked_;  // where it stood
    std::string snapshot_;              // that the cursor of the last checkpoint names
    std::array<std::uint64_t, 2> reported_left_out_{};  // as losses, by reason
    bool sessions_ended_ = false;                       // those of the processes before
    std::uint64_t taken_ = 0;                           // messages since the last checkpoint
    std::uint64_t refused_ = 0;
    std::string notice_;
};

}  // namespace octroi::collector
