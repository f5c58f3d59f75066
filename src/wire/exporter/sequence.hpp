// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The sequence numbers of one stream of messages: what was lost, what came twice, what came late,
// and when the exporter began anew. A gap is told only when no late message can fill it any more.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/byte_cursor.hpp"
#include "base/time.hpp"

namespace octroi::exporter {

// How a protocol numbers its messages.
enum class Counted : std::uint8_t {
    records,   // v5, v7, IPFIX: the number of records sent before
    messages,  // v9, sFlow: the number of the message
    // The number of records sent with this message, as some exporters count against the rules
    // (softflowd). Nobody says so: it is concluded.
    records_with_it,
};

struct Numbered {
    std::uint32_t sequence = 0;
    std::uint32_t content = 0;  // hash of the octets
    UtcTime received;
    std::optional<std::uint32_t> uptime_ms;  // of the exporter, where the header has it
};

struct Gap {
    std::uint32_t begin = 0;   // first number missing
    std::uint32_t length = 0;  // how many still are
    std::uint32_t age = 0;     // messages seen since
    Interval interval;         // receive times of the messages on both sides
};

class Sequence {
public:
    // A late message is waited for so long, in messages of the same stream. Reordering in networks
    // spans a few; several line cards that share a stream, some tens.
    static constexpr std::uint32_t window = 64;
    static constexpr std::size_t max_gaps = 32;
    // And so long, where somebody looks at the time: see take_gap_by().
    static constexpr Duration patience = Duration::minutes(10);

    enum class Arrival : std::uint8_t {
        in_order,
        ahead,      // behind a gap
        late,       // fills (part of) a gap, or came too late for it
        duplicate,  // the same message again: not to be decoded
        restart,    // the exporter began to count anew
    };

    explicit Sequence(Counted counted = Counted::messages) noexcept : counted_(counted) {}

    // To be called before the message is decoded, with advance() after it unless it is a duplicate.
    [[nodiscard]] Arrival arrive(const Numbered& message) noexcept;
    // What the message counted for; nothing when that is not known (its template is missing): the
    // next message then starts anew, and no loss is invented.
    void advance(std::optional<std::uint32_t> counted) noexcept;

    // Gaps that nothing can fill any more, oldest first; nothing when there is none. All of them,
    // however young, with `all`.
    [[nodiscard]] std::optional<Gap> take_gap(bool all = false) noexcept;
    // Also those that the message behind was seen of longer than `patience` ago: no more messages
    // may come. A clock that was set back so far makes them old as well.
    [[nodiscard]] std::optional<Gap> take_gap_by(UtcTime now) noexcept;

    [[nodiscard]] Counted counted() const noexcept { return counted_; }
    [[nodiscard]] UtcTime last_received() const noexcept { return received_; }

    void save(ByteWriter& to) const;
    // False: not what save() wrote.
    [[nodiscard]] bool restore(ByteCursor& from);

private:
    struct Recent {
        std::uint32_t sequence = 0;
        std::uint32_t content = 0;
    };

    [[nodiscard]] bool seen(const Numbered& message) const noexcept;
    [[nodiscard]] bool started_anew(const Numbered& message) const noexcept;
    [[nodiscard]] bool counts_anew(const Numbered& message) const noexcept;
    [[nodiscard]] std::uint32_t plausible(UtcTime received) const noexcept;
    [[nodiscard]] Gap* gap_of(std::uint32_t sequence) noexcept;
    Arrival backward(const Numbered& message) noexcept;
    Arrival begin_anew(const Numbered& message) noexcept;
    void open_gap(const Numbered& message) noexcept;
    void close_gap(std::uint32_t begin, std::uint32_t length) noexcept;
    void remember(const Numbered& message) noexcept;
    void measure(std::uint64_t advance) noexcept;
    void advance_by_rule(std::optional<std::uint32_t> counted) noexcept;
    void weigh(std::uint32_t counted) noexcept;
    [[nodiscard]] Arrival arrive_with_it(const Numbered& message) noexcept;
    void advance_with_it(std::optional<std::uint32_t> counted) noexcept;

    Counted counted_;
    bool known_ = false;  // next_ is
    std::uint32_t next_ = 0;
    // Where the message being decoded stands: what advance() is about.
    enum class Place : std::uint8_t { main, gap, doubtful } place_ = Place::main;
    std::uint32_t current_ = 0;
    // A message from behind that fills no gap may be very late, or the first after a restart: the
    // one that follows it decides.
    std::optional<std::uint32_t> doubtful_next_;
    // Where the stream stood before the last restart: two sources that number apart and appear as
    // one exporter would make a loss of each change. Forgotten after `window` messages: a stream
    // that goes on for longer comes to that number by itself.
    std::optional<std::uint32_t> left_at_;
    std::uint32_t left_age_ = 0;
    // What speaks for records_with_it: messages in a row that fit it and not the rule.
    struct Suspicion {
        std::optional<std::uint32_t> number;  // of the message before
        std::uint32_t counted = 0;            // its records
        unsigned messages = 0;
        std::uint64_t since = 0;  // the first of them
    } suspicion_;
    std::uint64_t messages_ = 0;
    UtcTime received_;
    UtcTime received_before_;  // when the message before the present one came
    std::optional<std::uint32_t> uptime_ms_;
    // How fast the numbers go, gaps with them, from so many messages before: measure().
    std::uint64_t rate_ = 0;  // in a second; 0: not known yet
    std::uint64_t measured_ = 0;
    std::uint32_t measured_messages_ = 0;
    UtcTime measured_since_;
    std::array<Recent, window> recent_{};  // of message n at n % window
    std::vector<Gap> gaps_;                // at most max_gaps and one, oldest first
};

}  // namespace octroi::exporter
