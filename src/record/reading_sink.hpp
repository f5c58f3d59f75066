// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Where a meter hands over what it saw.

#include <span>

#include "record/counted_volume.hpp"
#include "record/reading.hpp"

namespace octroi {

// Called on the meter's thread, one call for many values. The span is the meter's and is valid
// during the call only. Names that a value refers to are in Meter::names() before the call.
class ReadingSink {
public:
    virtual ~ReadingSink() = default;
    virtual void accept(std::span<const Reading> readings) = 0;
    // Volumes that are already counted for each key. Sinks that have no use for them (a listing of
    // flows) need not override this.
    virtual void accept_counted(std::span<const CountedVolume> /*volumes*/) {}
};

}  // namespace octroi
