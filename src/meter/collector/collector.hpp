// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The meter that reads a journal. An Intake (intake.hpp) or a test writes into the journal; the
// meter decodes what it finds there and keeps the journal, a snapshot of the decoders and the
// ledger's cursor in step.
//
// The cursor is a position in the journal and the name of a snapshot: templates, sampling rates,
// sequence numbers, data sets without a template, running totals, NAT mappings. Both are of one
// moment, so a restart decodes the next message exactly as the process before would have.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/clock.hpp"
#include "host/folder.hpp"
#include "meter/collector/intake.hpp"
#include "meter/collector/message_decoder.hpp"
#include "meter/journal/journal.hpp"
#include "meter/meter.hpp"
#include "meter/state/state_files.hpp"

namespace octroi::collector {

inline constexpr std::string_view journal_source_prefix = "journal:";
static_assert(is_content_source(journal_source_prefix));

struct CollectorOptions {
    std::string folder;  // of the journal; made where it is missing
    journal::Options journal;
    DecoderOptions decoder;
    std::string ledger_id;  // that the journal belongs to (Store::ledger_id()); empty: any
};

// The exporters as they were when the cursor was committed, from its snapshot. It needs no lock, so
// it works while a daemon has the folder. Errors: not_found (a later snapshot has replaced it: read
// the cursor again; or the folder is elsewhere), corrupt, unsupported.
[[nodiscard]] Result<exporter::Exporters> exporters_at(const std::string& folder,
                                                       const Cursor& cursor);

class Collector final : public Meter {
public:
    // known: cursors with sources that begin with journal_source_prefix, one of each source. The
    // clock must outlive the meter. Errors: busy (another process has the folder), conflict (the
    // journal belongs to another ledger), those of files. A snapshot that cannot be read is no
    // error but a loss of unknown size: notice() says what it means.
    [[nodiscard]] static Result<std::unique_ptr<Collector>> open(const CollectorOptions& options,
                                                                 std::span<const Cursor> known,
                                                                 const Clock& clock);

    // Its writer() and sync() may be used by other threads.
    [[nodiscard]] journal::Journal& journal() noexcept { return *journal_; }
    // Drops of the intake's sockets become losses at each checkpoint. The intake must outlive the
    // last checkpoint. Call it before the first pull.
    void watch(const Intake& intake);
    // Reads how many datagrams the sockets have dropped until now; the next checkpoint reports
    // these. A message that is decoded between the two can show which exporter lost them. False:
    // none since the last checkpoint.
    bool read_drops();

    // Decodes messages for about `wait`, or until the journal has no more. Never waits: where there
    // is nothing, it returns idle at once.
    [[nodiscard]] Result<Pull> pull(ReadingSink& sink, Duration wait) override;
    [[nodiscard]] Result<Checkpoint> checkpoint(ReadingSink& sink) override;
    void committed() override;
    [[nodiscard]] const NameTable& names() const override { return decoder_.normalizer().names(); }
    [[nodiscard]] std::vector<CounterValue> counters() const override {
        return decoder_.counters();
    }
    // Damage found in the files at the start, as sentences for people; empty: none.
    [[nodiscard]] const std::string& notice() const noexcept { return notice_; }

private:
    Collector(const CollectorOptions& options, OwnFolder folder, const Clock& clock);
    [[nodiscard]] Status resume(const CollectorOptions& options, std::span<const Cursor> known);
    [[nodiscard]] Status check_ledger(const std::string& ledger_id) const;
    [[nodiscard]] Status load(const std::string& snapshot);
    void report_unusable(const std::string& why);
    void report_lost(std::string_view folder);
    [[nodiscard]] Result<std::string> save(const journal::Position& at) const;
    [[nodiscard]] Pull read(Duration wait);
    void collect_losses(UtcTime now);

    OwnFolder folder_;
    const Clock& clock_;
    std::unique_ptr<journal::Journal> journal_;
    StateFiles snapshots_;
    MessageDecoder decoder_;
    SocketLosses socket_losses_;
    const Intake* intake_ = nullptr;                 // null: nobody watches sockets
    std::optional<std::vector<SocketDrops>> drops_;  // of read_drops()

    // What the next checkpoint reports. Kept when a checkpoint fails.
    Checkpoint pending_;
    Cursor cursor_;
    UtcTime since_;               // time of the last checkpoint
    journal::Position reached_;   // position of the last checkpoint
    std::string snapshot_;        // that the cursor of the last checkpoint names
    bool own_messages_ = false;   // a message of this process was read
    std::uint64_t messages_ = 0;  // since the last checkpoint
    std::string notice_;
};

}  // namespace octroi::collector
