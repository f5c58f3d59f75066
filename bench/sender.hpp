// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A process that sends the messages of an exporter to the loopback interface at a constant rate.

#include <sys/types.h>

#include <cstdint>

#include "flow_messages.hpp"

namespace octroi::bench {

// The calling process and its children run on that processor only. Below 0: no change.
void run_on(int processor);

class Sender {
public:
    // Begins to send immediately. rate: records a second. processor: which one it runs on; -1: any.
    Sender(const ExportMessages& messages, std::uint16_t port, double rate, unsigned seconds,
           int processor = -1);
    ~Sender();
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;

    // True when all messages were sent. Call it until it returns true.
    [[nodiscard]] bool done();
    // Records sent and the time needed; valid when done() has returned true.
    [[nodiscard]] std::uint64_t records() const noexcept { return sent_.records; }
    [[nodiscard]] double seconds() const noexcept { return sent_.seconds; }

private:
    struct Sent {
        std::uint64_t records = 0;
        double seconds = 0;
    };
    static Sent send_all(const ExportMessages& messages, std::uint16_t port, double rate,
                         unsigned seconds);

    pid_t child_ = -1;
    int result_ = -1;
    Sent sent_;
    bool done_ = false;
};

}  // namespace octroi::bench
