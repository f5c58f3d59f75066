// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A meter that counts no traffic: it states which MAC address each neighbour has. It reads the
// tables at the start and at every poll, and the kernel's changes in between. Without state: after
// a restart it states again all that the kernel has.

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/clock.hpp"
#include "host/neighbour_table.hpp"
#include "meter/meter.hpp"
#include "meter/neighbours/known_neighbours.hpp"

namespace octroi::neighbours {

inline constexpr std::string_view neighbours_source = "neighbours:tables";

struct NeighboursMeterOptions {
    std::vector<std::string> interfaces;  // names or patterns (config/interface_pattern.hpp);
                                          // empty: all
    Duration poll = Duration::seconds(30);
    NeighbourPolicy policy;
};

class NeighboursMeter final : public Meter {
public:
    // The name of an interface by its index; empty: it is gone.
    using InterfaceName = std::string (*)(int index);

    // known: cursors of neighbours_source. The clock must outlive the meter.
    NeighboursMeter(NeighboursMeterOptions options, std::unique_ptr<NeighbourSource> source,
                    InterfaceName interface_name, std::span<const Cursor> known,
                    const Clock& clock);

    [[nodiscard]] Result<Pull> pull(ReadingSink& sink, Duration wait) override;
    // No volume: `observed` is 0.
    [[nodiscard]] Result<Checkpoint> checkpoint(ReadingSink& sink) override;
    [[nodiscard]] const NameTable& names() const override { return names_; }
    [[nodiscard]] std::vector<CounterValue> counters() const override { return known_.counters(); }

private:
    static void on_entry(void* meter, const NeighbourEntry& entry);
    [[nodiscard]] bool is_chosen(int interface);
    [[nodiscard]] Status list();
    void hand_over(ReadingSink& sink);

    NeighboursMeterOptions options_;
    std::unique_ptr<NeighbourSource> source_;
    InterfaceName interface_name_;
    const Clock& clock_;
    KnownNeighbours known_;
    NameTable names_;
    Cursor cursor_;
    std::map<int, bool> chosen_;      // by index, since the last listing
    std::optional<Duration> listed_;  // uptime
};

}  // namespace octroi::neighbours
