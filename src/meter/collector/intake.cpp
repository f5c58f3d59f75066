// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/collector/intake.hpp"

namespace octroi::collector {
namespace {

// Batches taken from one source before the next one has its turn.
constexpr int turns = 16;

}  // namespace

Intake::Intake(std::vector<std::unique_ptr<DatagramSource>> sources, Journal& journal,
               const Clock& clock)
    : sources_(std::move(sources)), journal_(journal), clock_(clock) {
    for (const auto& source : sources_) descriptors_.push_back(source->descriptor());
}

Result<std::size_t> Intake::step() {
    std::size_t taken = 0;
    for (const auto& source : sources_) {
        for (int turn = 0; turn < turns; ++turn) {
            TRY_ASSIGN(const std::size_t got, journal_.receive(*source, clock_.now()));
            taken += got;
            if (got < datagram_batch) break;  // less than could be: there is no more
        }
    }
    return taken;
}

void Intake::wait(Duration wait) const {
    wait_readable(journal_.full() ? std::span<const int>() : std::span<const int>(descriptors_),
                  wait);
}

std::vector<Intake::Drops> Intake::drops() const {
    std::vector<Drops> all;
    for (const auto& source : sources_) all.push_back({source->name(), source->dropped()});
    return all;
}

}  // namespace octroi::collector
