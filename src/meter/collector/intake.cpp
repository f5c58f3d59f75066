// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/intake.hpp"

#include <algorithm>

namespace octroi::collector {
namespace {

// Batches taken from one source before the next one has its turn.
constexpr int turns = 16;

}  // namespace

Intake::Intake(std::vector<std::unique_ptr<DatagramSource>> sources,
               std::vector<std::unique_ptr<StreamListener>> listeners, std::vector<Prefix> allowed,
               journal::Journal& journal, const Clock& clock)
    : sources_(std::move(sources)),
      streams_(std::move(listeners), std::move(allowed), journal),
      journal_(journal),
      clock_(clock) {}

Result<std::size_t> Intake::step() {
    std::size_t taken = 0;
    for (const auto& source : sources_) {
        for (int turn = 0; turn < turns; ++turn) {
            TRY_ASSIGN(const std::size_t got, journal_.receive(*source, clock_.now()));
            taken += got;
            if (got < datagram_batch) break;  // less than could be: there is no more
        }
    }
    TRY_ASSIGN(const std::size_t messages, streams_.step(clock_.now(), clock_.uptime()));
    return taken + messages;
}

void Intake::wait(Duration wait) const {
    std::vector<int> descriptors;
    if (!journal_.full()) {
        for (const auto& source : sources_) descriptors.push_back(source->descriptor());
        streams_.add_descriptors(descriptors, clock_.uptime());
    }
    wait_readable(descriptors, wait);
}

std::vector<std::string> Intake::names() const {
    std::vector<std::string> names;
    for (const auto& source : sources_) names.push_back(source->name());
    const auto streams = streams_.names();
    names.insert(names.end(), streams.begin(), streams.end());
    return names;
}

std::vector<Intake::Drops> Intake::drops() const {
    std::vector<Drops> all;
    for (const auto& source : sources_) {
        auto same = std::ranges::find(all, source->name(), &Drops::source);
        if (same == all.end()) same = all.insert(all.end(), {source->name(), 0});
        same->dropped += source->dropped();
    }
    return all;
}

}  // namespace octroi::collector
