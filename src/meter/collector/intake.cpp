// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/intake.hpp"

#include <algorithm>

namespace octroi::collector {
namespace {

// Batches received from one socket before the next one has its turn: a flood at one socket must not
// fill the buffers of the others.
constexpr int batches_per_turn = 16;

}  // namespace

Intake::Intake(std::vector<std::unique_ptr<DatagramSource>> sources,
               std::vector<std::unique_ptr<StreamListener>> listeners, std::vector<Prefix> allowed,
               const std::string& meter, journal::Writer& journal, const Clock& clock)
    : sources_(std::move(sources)),
      streams_(std::move(listeners), std::move(allowed), meter, journal),
      journal_(journal),
      clock_(clock) {}

Result<std::size_t> Intake::step() {
    std::size_t received = 0;
    for (const auto& source : sources_) {
        for (int batch = 0; batch < batches_per_turn; ++batch) {
            TRY_ASSIGN(const std::size_t got, journal_.receive(*source, clock_.now()));
            received += got;
            if (got < datagram_batch) break;  // the socket was emptied
        }
    }
    TRY_ASSIGN(const std::size_t messages, streams_.step(clock_.now(), clock_.uptime()));
    return received + messages;
}

void Intake::wait(Duration wait) const {
    std::vector<int> descriptors;
    if (!journal_.is_full()) {
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

std::vector<SocketDrops> Intake::drops() const {
    std::vector<SocketDrops> all;
    for (const auto& source : sources_) {
        auto same = std::ranges::find(all, source->name(), &SocketDrops::socket);
        if (same == all.end()) same = all.insert(all.end(), {source->name(), 0});
        same->dropped += source->dropped();
    }
    return all;
}

}  // namespace octroi::collector
