// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The sequence numbers of one stream of messages: which numbers are missing, which messages are
// duplicates or late, and when the exporter restarted.
//
// A gap is handed out only when no late message is expected to fill it any more, or when the caller
// asks for all. A message that arrives more than `window` messages late stays counted as lost.
// Where numbers cannot be compared (across a restart, behind a message with records that could not
// be counted) no loss is assumed.
//
// For each message: arrive(), then decode it, then advance() with the records it held. Pure: times
// come from the caller. Our clock may be set back between two messages.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/byte_cursor.hpp"
#include "base/time.hpp"
#include "wire/exporter/number_rate.hpp"
#include "wire/exporter/numbering.hpp"
#include "wire/exporter/numbering_detector.hpp"
#include "wire/exporter/recent_messages.hpp"
#include "wire/exporter/snapshot_values.hpp"

namespace octroi::exporter {

struct NumberedMessage {
    std::uint32_t sequence = 0;
    std::uint32_t content = 0;  // content_hash() of its octets
    UtcTime received;
    std::optional<std::uint32_t> uptime_ms;  // of the exporter, where the header states it
};

struct Gap {
    std::uint32_t begin = 0;   // first missing number
    std::uint32_t length = 0;  // how many numbers are still missing
    std::uint32_t age = 0;     // messages received since
    Interval interval;         // receive times of the messages on both sides
};

class SequenceTracker {
public:
    // A late message is waited for during so many messages of the same stream. Networks reorder a
    // few; line cards that share a stream, some tens.
    static constexpr std::uint32_t window = RecentMessages::window;
    // A count with fewer messages may be forged.
    static constexpr std::uint32_t few_messages = 8;
    // With more gaps than these the oldest is handed out early.
    static constexpr std::size_t max_gaps = 32;
    // pop_expired_gap() waits so long for a late message.
    static constexpr Duration patience = Duration::minutes(10);

    enum class Arrival : std::uint8_t {
        in_order,
        ahead,      // numbers before it are missing
        late,       // it fills a gap in whole or in part, or came too late for that
        duplicate,  // it was received before: do not decode it
        restart,    // the exporter started a new count
    };

    explicit SequenceTracker(Numbering numbering = Numbering::messages) noexcept
        : numbering_(numbering) {}

    [[nodiscard]] Arrival arrive(const NumberedMessage& message) noexcept;
    // To be called once after each arrive() that was not a duplicate. `records`: of the message;
    // nothing if their number is not known because a template is missing. The next message is then
    // taken as it comes, and no loss is counted. Ignored where messages are numbered.
    using Records = NumberingDetector::Records;
    void advance(const std::optional<Records>& records) noexcept;
    // The last message was not decoded in whole: a copy is no duplicate.
    void uncount_last() noexcept { recent_.remove_last(); }

    // Removes and returns the oldest gap ...
    // ... if it is older than `window` messages, or there are more than max_gaps.
    [[nodiscard]] std::optional<Gap> pop_closed_gap() noexcept;
    // ... also if the message behind it was received more than `patience` before or after `now`.
    [[nodiscard]] std::optional<Gap> pop_expired_gap(UtcTime now) noexcept;
    // ... however young it is.
    [[nodiscard]] std::optional<Gap> pop_gap() noexcept;

    // How many messages are missing in that gap, at least.
    [[nodiscard]] std::uint64_t messages_of(const Gap& gap) const noexcept;
    // How many numbers are missing in the gaps that were not removed.
    [[nodiscard]] std::uint64_t missing_numbers() const noexcept;

    [[nodiscard]] Numbering numbering() const noexcept { return numbering_; }
    [[nodiscard]] UtcTime last_received() const noexcept { return received_; }

    // All but the evidence for another numbering. False: not what save() wrote.
    void save(ByteWriter& to) const;
    [[nodiscard]] bool restore(ByteCursor& from, std::uint32_t version = snapshot_version);

private:
    [[nodiscard]] bool uptime_restarted(const NumberedMessage& message) const noexcept;
    [[nodiscard]] bool is_new_count(const NumberedMessage& message) const noexcept;
    [[nodiscard]] std::uint32_t largest_jump(UtcTime received) const noexcept;
    [[nodiscard]] Gap* gap_of(std::uint32_t sequence) noexcept;
    Arrival arrive_behind(const NumberedMessage& message) noexcept;
    Arrival restart(const NumberedMessage& message) noexcept;
    void drop_gaps_of_unknown_count() noexcept;
    void open_gap(std::uint32_t length, UtcTime before, UtcTime after) noexcept;
    void fill_gap(std::uint32_t begin, std::uint32_t length) noexcept;
    void add_recent(const NumberedMessage& message) noexcept;
    void advance_by_rule(std::optional<std::uint32_t> records) noexcept;
    void advance_in_gap(std::uint32_t records) noexcept;
    void undo_jump() noexcept;
    void detect_numbering(const Records& records) noexcept;
    [[nodiscard]] Arrival arrive_including(const NumberedMessage& message) noexcept;
    void advance_including(std::optional<std::uint32_t> records) noexcept;

    Numbering numbering_;
    bool next_known_ = false;
    std::uint32_t next_ = 0;  // the number expected next
    // Where the message stands that arrive() has seen and advance() has not.
    enum class Position : std::uint8_t { in_sequence, in_gap, uncertain };
    Position position_ = Position::in_sequence;
    std::uint32_t current_ = 0;  // its number
    // A message that stands before next_ and fills no gap may be very late, or the first one after
    // a restart. It was a restart if the next message has this number.
    std::optional<std::uint32_t> next_if_restarted_;
    // The number expected before the last restart. If it appears again, two sources that number
    // apart are behind one address, and the change is no loss. Dropped after `window` messages: a
    // stream that goes on for longer reaches that number by itself.
    std::optional<std::uint32_t> next_before_restart_;
    std::uint32_t messages_since_restart_ = 0;
    // The last restart went on with the count before it. Not in a snapshot.
    bool is_known_count_ = false;
    // The last message that left a gap before it. If the numbers of the gap then come in order and
    // nothing comes behind the message, it is no part of the count: a forged one, or one of another
    // exporter behind the same address.
    struct Jump {
        std::uint32_t begin = 0;  // its number
        std::uint32_t next = 0;   // the number expected behind it
        std::uint32_t fills = 0;  // messages that filled the gap from its front since
    };
    static constexpr std::uint32_t fills_that_undo = 3;
    std::optional<Jump> jump_;
    // A jump that was undone, in case the count reaches it.
    std::optional<Jump> undone_;
    std::uint32_t most_records_ = 1;  // of a message
    UtcTime received_;                // of the last message
    UtcTime received_before_;
    std::optional<std::uint32_t> uptime_ms_;
    NumberRate rate_;
    RecentMessages recent_;
    NumberingDetector detector_;
    std::vector<Gap> gaps_;  // oldest first; at most max_gaps and one
};

}  // namespace octroi::exporter
