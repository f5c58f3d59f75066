// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Finds exporters that number a message by the records sent up to and including it (softflowd),
// where RFC 7011 section 3.1 and NetFlow v5 number it by the records sent before it. No field
// of a message states this: it follows from messages that fit one numbering and not the other.
// Lost and late messages can fit by chance, so the same evidence for the rule undoes the change.

#include <cstdint>
#include <optional>

namespace octroi::exporter {

class NumberingDetector {
public:
    // Three messages must fit the other numbering alone, without one between them that fits the
    // assumed numbering alone. A message that is only taken for the first one of a new count is
    // half as much evidence: behind a restart all numbers are small, and late messages fit too.
    static constexpr unsigned convincing = 6;
    static constexpr unsigned of_difference = 2;
    static constexpr unsigned of_first_message = 1;

    enum class Assumed : std::uint8_t { records_before, records_including };

    // The `index`-th message of the stream, with its sequence number and its data records, options
    // records included. True: the exporter has the numbering that is not assumed.
    [[nodiscard]] bool observe(std::uint32_t sequence, std::uint32_t records, std::uint64_t index,
                               Assumed assumed) noexcept {
        if (before_) {
            const bool by_rule = before_->sequence + before_->records == sequence;
            const bool by_difference = before_->sequence + records == sequence;
            // The first message of an exporter that was started again. We count an options record
            // in it, softflowd does not.
            const bool including = by_difference || (sequence != 0 && sequence <= records);
            // Two messages with the same number of records fit both, and prove nothing.
            if (by_rule != including) {
                if (including == (assumed == Assumed::records_before))
                    add_evidence(by_rule || by_difference ? of_difference : of_first_message,
                                 index);
                else
                    evidence_ = 0;
            }
        }
        before_ = Message{sequence, records};
        if (evidence_ < convincing) return false;
        evidence_ = 0;
        return true;
    }
    // A message could not be compared: the next one is not compared with the one before it.
    void interrupt() noexcept { before_.reset(); }
    // The index of the first message of the evidence that observe() counts, or counted last.
    [[nodiscard]] std::uint64_t first_evidence() const noexcept { return first_evidence_; }

private:
    void add_evidence(unsigned amount, std::uint64_t index) noexcept {
        if (evidence_ == 0) first_evidence_ = index;
        evidence_ += amount;
    }

    struct Message {
        std::uint32_t sequence = 0;
        std::uint32_t records = 0;
    };
    std::optional<Message> before_;
    unsigned evidence_ = 0;
    std::uint64_t first_evidence_ = 0;
};

}  // namespace octroi::exporter
