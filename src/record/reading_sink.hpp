// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The receiver of what a meter observes.

#include <span>

#include "record/counted_volume.hpp"
#include "record/identity_event.hpp"
#include "record/reading.hpp"

namespace octroi {

// Called on the meter's thread, with many values at a time. The span belongs to the meter and is
// valid during the call only. Meter::names() has the names that the values refer to before the
// call.
class ReadingSink {
public:
    virtual ~ReadingSink() = default;
    virtual void accept(std::span<const Reading> readings) = 0;
    virtual void accept_counted(std::span<const CountedVolume> volumes) = 0;
    // Events may come late and in any order; the same event again changes nothing. They belong to
    // the batch of the next checkpoint.
    virtual void accept_identities(std::span<const IdentityEvent> events) = 0;
};

// For sinks that only list or export flows. They ignore counted volumes and identities, which are
// no flows. What goes into a ledger must not pass through such a sink.
class FlowSink : public ReadingSink {
public:
    void accept_counted(std::span<const CountedVolume> /*volumes*/) final {}
    void accept_identities(std::span<const IdentityEvent> /*events*/) final {}
};

}  // namespace octroi
