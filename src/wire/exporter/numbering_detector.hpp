// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Finds exporters that do not number a message by the data records sent before it, as RFC 7011
// section 3.1 and NetFlow v5 do, but by those sent up to and including it (softflowd), or by data
// and template records. No field of a message states this: it follows from messages that fit one
// numbering and not the other. Lost and late messages can fit by chance, so the same evidence for
// the rule undoes the change.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "wire/exporter/numbering.hpp"

namespace octroi::exporter {

class NumberingDetector {
public:
    // Three messages must fit another numbering, and not the assumed one, without one between them
    // that fits the assumed numbering alone. A message that is only taken for the first one of a
    // new count is half as much evidence: behind a restart all numbers are small, and late messages
    // fit too.
    static constexpr unsigned convincing = 6;
    static constexpr unsigned of_difference = 2;
    static constexpr unsigned of_first_message = 1;

    // Of one message.
    struct Records {
        std::uint32_t data = 0;       // options records included
        std::uint32_t templates = 0;  // options templates included
    };
    // The `index`-th message of the stream. The numbering that the exporter has, if it is not the
    // assumed one.
    [[nodiscard]] std::optional<Numbering> observe(std::uint32_t sequence, const Records& records,
                                                   std::uint64_t index,
                                                   Numbering assumed) noexcept {
        std::optional<Numbering> found;
        if (before_) {
            const Fits fits = fits_of(sequence, records);
            const bool by_difference =
                fits[before] || fits[templates] || before_->sequence + records.data == sequence;
            for (std::size_t i = 0; i < candidates.size(); ++i) {
                if (candidates[i] == assumed) continue;
                weigh(i, fits[i], fits[index_of(assumed)],
                      by_difference ? of_difference : of_first_message, index);
                if (evidence_[i].amount >= convincing && !found) found = candidates[i];
            }
        }
        before_ = Message{sequence, records};
        if (found) {
            first_evidence_ = evidence_[index_of(*found)].first;
            evidence_ = {};
        }
        return found;
    }
    // A message could not be compared: the next one is not compared with the one before it.
    void interrupt() noexcept { before_.reset(); }
    // The index of the first message of the evidence for what observe() found last.
    [[nodiscard]] std::uint64_t first_evidence() const noexcept { return first_evidence_; }

private:
    enum : std::size_t { before, including, templates };
    static constexpr std::array candidates{Numbering::records_before, Numbering::records_including,
                                           Numbering::records_and_templates};
    using Fits = std::array<bool, candidates.size()>;

    [[nodiscard]] static constexpr std::size_t index_of(Numbering numbering) noexcept {
        return numbering == Numbering::records_including       ? including
               : numbering == Numbering::records_and_templates ? templates
                                                               : before;
    }
    [[nodiscard]] Fits fits_of(std::uint32_t sequence, const Records& records) const noexcept {
        const std::uint32_t by_rule = before_->sequence + before_->records.data;
        Fits fits{};
        fits[before] = by_rule == sequence;
        // The first message of an exporter that was started again. We count an options record in
        // it, softflowd does not.
        fits[including] = before_->sequence + records.data == sequence ||
                          (sequence != 0 && sequence <= records.data);
        fits[templates] = by_rule + before_->records.templates == sequence;
        return fits;
    }
    // Two messages that fit both prove nothing.
    void weigh(std::size_t candidate, bool fits, bool fits_assumed, unsigned amount,
               std::uint64_t index) noexcept {
        Evidence& evidence = evidence_[candidate];
        if (fits == fits_assumed) return;
        if (fits_assumed) {
            evidence = {};
            return;
        }
        if (evidence.amount == 0) evidence.first = index;
        evidence.amount += amount;
    }

    struct Message {
        std::uint32_t sequence = 0;
        Records records;
    };
    struct Evidence {
        unsigned amount = 0;
        std::uint64_t first = 0;  // the index of its first message
    };
    std::optional<Message> before_;
    std::array<Evidence, candidates.size()> evidence_{};
    std::uint64_t first_evidence_ = 0;
};

}  // namespace octroi::exporter
