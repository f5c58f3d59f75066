// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Finds exporters that number a message by the records sent up to and including it (softflowd),
// where RFC 7011 section 3.1 and NetFlow v5 number it by the records sent before it. No field
// of a message states this: it follows from messages that fit one numbering and not the other.

#include <cstdint>
#include <optional>

namespace octroi::exporter {

class NumberingDetector {
public:
    // This many messages must fit the other numbering alone, without one that fits the rule alone.
    static constexpr unsigned convincing = 3;

    // The `index`-th message of the stream, with its sequence number and its data records, options
    // records included. True: the exporter includes a message's own records.
    [[nodiscard]] bool observe(std::uint32_t sequence, std::uint32_t records,
                               std::uint64_t index) noexcept {
        if (before_) {
            const bool by_rule = before_->sequence + before_->records == sequence;
            // The second case is the first message of an exporter that was started again. We count
            // an options record in it, softflowd does not.
            const bool including =
                before_->sequence + records == sequence || (sequence != 0 && sequence <= records);
            // Two messages with the same number of records fit both, and prove nothing.
            if (by_rule && !including) evidence_ = 0;
            if (including && !by_rule && ++evidence_ == 1) first_evidence_ = index;
        }
        before_ = Message{sequence, records};
        return evidence_ >= convincing;
    }
    // A message could not be compared: the next one is not compared with the one before it.
    void interrupt() noexcept { before_.reset(); }
    // The index of the first message that fitted the other numbering alone.
    [[nodiscard]] std::uint64_t first_evidence() const noexcept { return first_evidence_; }

private:
    struct Message {
        std::uint32_t sequence = 0;
        std::uint32_t records = 0;
    };
    std::optional<Message> before_;
    unsigned evidence_ = 0;
    std::uint64_t first_evidence_ = 0;
};

}  // namespace octroi::exporter
