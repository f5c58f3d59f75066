// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A meter of one file that is read once, however often it is given. What an import needs to know
// of it beside the readings.

#include <cstdint>
#include <string>

#include "meter/meter.hpp"

namespace octroi::file {

class OnceMeter : public Meter {
public:
    // All of it is in the ledger: there is nothing to pull and nothing to commit.
    [[nodiscard]] virtual bool already_complete() const noexcept = 0;
    // Frames (or messages) of this file that the ledger has already; 0: none.
    [[nodiscard]] virtual std::uint64_t resumed_at() const noexcept = 0;
    // The note of the cursor that the file was recognised by; "" for a new file.
    [[nodiscard]] virtual const std::string& known_as() const noexcept = 0;
    // Its cursor's source.
    [[nodiscard]] virtual const std::string& source() const noexcept = 0;

    // Octets that were read, and of the (plain) file; 0 where that is unknown.
    [[nodiscard]] virtual std::uint64_t position() const noexcept = 0;
    [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;
    // Frames (or messages) that were taken in since this object was made.
    [[nodiscard]] virtual std::uint64_t frames() const noexcept = 0;
    // What cuts the file short: "" or a sentence for people, once pull() said end.
    [[nodiscard]] virtual const std::string& warning() const noexcept = 0;
};

}  // namespace octroi::file
