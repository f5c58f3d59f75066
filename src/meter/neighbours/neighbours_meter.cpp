// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/neighbours/neighbours_meter.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/interface_pattern.hpp"

namespace octroi::neighbours {

NeighboursMeter::NeighboursMeter(NeighboursMeterOptions options,
                                 std::unique_ptr<NeighbourSource> source,
                                 InterfaceName interface_name, std::span<const Cursor> known,
                                 const Clock& clock)
    : options_(std::move(options)),
      source_(std::move(source)),
      interface_name_(interface_name),
      clock_(clock),
      known_(options_.policy) {
    cursor_.source = neighbours_source;
    for (const Cursor& cursor : known)
        if (cursor.source == neighbours_source) cursor_ = cursor;
}

void NeighboursMeter::on_entry(void* meter, const NeighbourEntry& entry) {
    auto& self = *static_cast<NeighboursMeter*>(meter);
    if (self.is_chosen(entry.interface))
        self.known_.on_entry(entry, self.clock_.now(), self.clock_.uptime());
}

bool NeighboursMeter::is_chosen(int interface) {
    if (options_.interfaces.empty()) return true;
    const auto found = chosen_.find(interface);
    if (found != chosen_.end()) return found->second;
    const std::string name = interface_name_(interface);
    const bool is_chosen =
        !name.empty() && std::ranges::any_of(options_.interfaces, [&](const auto& pattern) {
            return may_mean_one_interface(pattern, name);
        });
    chosen_.emplace(interface, is_chosen);
    return is_chosen;
}

Status NeighboursMeter::list() {
    chosen_.clear();
    known_.begin_listing();
    TRY(source_->list(on_entry, this));
    known_.end_listing(clock_.uptime());
    listed_ = clock_.uptime();
    return {};
}

void NeighboursMeter::hand_over(ReadingSink& sink) {
    known_.expire(clock_.now(), clock_.uptime());
    const std::vector<IdentityEvent> events = known_.drain_events();
    if (!events.empty()) sink.accept_identities(events);
}

Result<Pull> NeighboursMeter::pull(ReadingSink& sink, Duration wait) {
    const bool is_listing_due = !listed_ || clock_.uptime() - *listed_ >= options_.poll;
    if (!is_listing_due) {
        const Duration until_listing = options_.poll - (clock_.uptime() - *listed_);
        source_->wait(std::min(wait, until_listing));
    }
    // Changes before the listing: an older change must not follow a newer entry.
    TRY_ASSIGN(const bool is_complete, source_->read(on_entry, this));
    if (!is_complete) known_.on_loss();
    if (is_listing_due || !is_complete) TRY(list());
    hand_over(sink);
    return Pull::idle;
}

Result<Checkpoint> NeighboursMeter::checkpoint(ReadingSink& sink) {
    hand_over(sink);
    ++cursor_.version;
    cursor_.position = "1";  // of the form of the cursor, which has no position
    cursor_.note = fmt::format("{} neighbours", known_.size());
    Checkpoint made;
    made.cursors.push_back(cursor_);
    return made;
}

}  // namespace octroi::neighbours
