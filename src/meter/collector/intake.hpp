// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The filling side: from sockets into the journal, and nothing else, so that it is never busy when
// datagrams come. One thread.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/clock.hpp"
#include "host/datagrams.hpp"
#include "meter/collector/stream_intake.hpp"
#include "meter/journal/journal.hpp"

namespace octroi::collector {

class Intake {
public:
    // allowed: who may open streams; empty: everybody. The journal and the clock must outlive it.
    Intake(std::vector<std::unique_ptr<DatagramSource>> sources,
           std::vector<std::unique_ptr<StreamListener>> listeners, std::vector<Prefix> allowed,
           journal::Journal& journal, const Clock& clock);

    // Takes what all sources have at the moment; how many messages that was. Does not wait.
    [[nodiscard]] Result<std::size_t> step();
    // Until a source may have something, at most for `wait`; while the journal is full, for `wait`.
    void wait(Duration wait) const;

    // "udp [::]:2055", "tcp [::]:4739".
    [[nodiscard]] std::vector<std::string> names() const;
    // From any thread: what each datagram source is called, and what the kernel dropped for want of
    // room in its buffer since it was opened, modulo 2^32. Sources of one name are one.
    struct Drops {
        std::string source;
        std::uint32_t dropped = 0;
    };
    [[nodiscard]] std::vector<Drops> drops() const;

private:
    std::vector<std::unique_ptr<DatagramSource>> sources_;
    StreamIntake streams_;
    journal::Journal& journal_;
    const Clock& clock_;
};

}  // namespace octroi::collector
