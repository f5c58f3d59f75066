// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Log messages that input from outside can cause (a datagram, a connection, a file): at most
// LineLimit::lines lines of a kind in any minute, and one more that says how many were left out.
//
//     constinit LimitedLog malformed("malformed_message");
//     malformed.warning([&] { return fmt::format("message from {} …", sender); });

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "host/log.hpp"

namespace octroi {

// The rule, without clock and output. One thread.
class LineLimit {
public:
    static constexpr std::size_t lines = 10;
    static constexpr Duration period = Duration::minutes(1);

    // Whether a line may be written at that time (of a monotonic clock). If not, it is counted.
    [[nodiscard]] bool admit(Duration uptime) noexcept;
    // A period has passed since the first line that was not admitted.
    [[nodiscard]] bool is_summary_due(Duration uptime) const noexcept;
    // Counts lines that were left out without a call of admit().
    void add_suppressed(std::uint64_t lines_left_out, Duration uptime) noexcept;
    // How many lines were not admitted since the last call.
    [[nodiscard]] std::uint64_t drain_suppressed() noexcept;
    // Whether admit() would admit a line.
    [[nodiscard]] bool is_open(Duration uptime) const noexcept {
        return count_ < lines || uptime - admitted_[count_ % lines] >= period;
    }

private:
    std::array<Duration, lines> admitted_{};  // a ring: times of the last admitted lines
    std::uint64_t count_ = 0;                 // of admitted lines
    std::uint64_t suppressed_ = 0;            // since the last summary
    Duration suppressed_since_;
};

// One kind of message. Any thread. Objects live as long as the process does (namespace scope).
//
// Once a line is suppressed the kind is closed: a further message costs one addition, and reads no
// clock. write_due_summaries() opens it again when the limit admits a line.
class LimitedLog {
public:
    // kind: a literal, in snake_case; the label of its counters.
    constexpr explicit LimitedLog(std::string_view kind) noexcept : kind_(kind) {}
    LimitedLog(const LimitedLog&) = delete;
    LimitedLog& operator=(const LimitedLog&) = delete;

    // make_message is called only where the line is written: a flood costs no formatting.
    template <typename MakeMessage>
    void warning(MakeMessage&& make_message) {
        if (is_closed_.load(std::memory_order_relaxed))
            skipped_.fetch_add(1, std::memory_order_relaxed);
        else if (admit())
            log_warning(make_message());
    }

    // For all kinds of which a message came: writes the summaries that are due, and opens kinds. To
    // be called every few seconds while the process may log such messages; without it a kind has
    // LineLimit::lines lines in all.
    static void write_due_summaries() { write_summaries(false); }
    // The same when the process ends: also those that are not due.
    static void write_last_summaries() { write_summaries(true); }

    struct Counts {
        std::string_view kind;
        std::uint64_t messages = 0;    // written and suppressed
        std::uint64_t suppressed = 0;  // of these, not written
    };
    // Of all kinds of which a message came, sorted by kind.
    [[nodiscard]] static std::vector<Counts> counts();

private:
    [[nodiscard]] bool admit();
    [[nodiscard]] std::uint64_t drain_summary(Duration uptime, bool last);
    static void write_summaries(bool last);

    const std::string_view kind_;
    std::atomic<bool> is_closed_ = false;
    std::atomic<std::uint64_t> skipped_ = 0;  // while closed, since the last look at the limit
    std::mutex mutex_;                        // for what follows
    LineLimit limit_;
    std::uint64_t written_ = 0;
    std::uint64_t suppressed_ = 0;  // without skipped_
    LimitedLog* next_ = nullptr;    // in the list of all kinds; set once
    bool listed_ = false;
};

}  // namespace octroi
