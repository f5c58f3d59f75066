// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The volume of the batch that is being made, and its limits. The sums of the ledger end at 2^63-1;
// an exporter can send any number, by error or on purpose, and must not make a whole batch fail.

#include <algorithm>
#include <cstdint>
#include <utility>

#include "meter/normalize/sender_volumes.hpp"
#include "record/reading.hpp"
#include "record/transfer.hpp"

namespace octroi::normalize {

class BatchVolume {
public:
    enum class Verdict : std::uint8_t { counts, implausible, refused };
    // Adds the reading to the volumes of its sender. is_plausible: of the reading itself. Beyond
    // the limit of a sender its readings are implausible too.
    [[nodiscard]] static Verdict admit(SenderVolume& sender, const Reading& reading,
                                       bool is_plausible) noexcept {
        if (is_plausible && sender.counted.add(reading)) {
            sender.largest_record = std::max(sender.largest_record, reading.bytes);
            return Verdict::counts;
        }
        return sender.implausible.add(reading) ? Verdict::implausible : Verdict::refused;
    }
    // For admit(). Valid until another sender was asked for, or the next batch begins.
    [[nodiscard]] SenderVolume& of(const Address& sender) { return senders_.of(sender, batch_); }
    [[nodiscard]] std::uint64_t largest_record(const Address& sender) const {
        return senders_.largest_record(sender);
    }
    // The batch has as many senders as it can: end it before the next message.
    [[nodiscard]] bool is_full() const noexcept { return senders_.is_full(batch_); }
    // A reading that goes to the sink.
    void add(const Reading& reading) noexcept {
        observed_ += {Bytes(reading.bytes), Packets(reading.packets), Flows(reading.flows)};
    }
    // The volume of the batch; the next one begins.
    [[nodiscard]] Volume drain() noexcept {
        ++batch_;
        return std::exchange(observed_, {});
    }

private:
    SenderVolumes senders_;
    Volume observed_;
    std::uint64_t batch_ = 1;
};

}  // namespace octroi::normalize
