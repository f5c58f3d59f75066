// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A meter of a file. The ledger contains each file once, however often it is imported.

#include <cstdint>
#include <string>

#include "meter/meter.hpp"

namespace octroi::file {

class OnceMeter : public Meter {
public:
    // The whole file is in the ledger already: nothing has to be pulled or committed.
    [[nodiscard]] virtual bool already_complete() const noexcept = 0;
    // Frames (or messages) of this file that were in the ledger before; 0: none.
    [[nodiscard]] virtual std::uint64_t resumed_at() const noexcept = 0;
    // The note of the file's cursor in the ledger; "" for a new file.
    [[nodiscard]] virtual const std::string& known_as() const noexcept = 0;
    // The source of its cursor.
    [[nodiscard]] virtual const std::string& source() const noexcept = 0;

    // Octets that were read, and octets of the file as far as that is known; 0: it is not. Of a
    // compressed file the first is larger than the second.
    [[nodiscard]] virtual std::uint64_t position() const noexcept = 0;
    [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;
    // Frames (or messages) that this object has read.
    [[nodiscard]] virtual std::uint64_t frames() const noexcept = 0;
    // A doubt whether the ledger has the file, as a sentence for people; "": there is none. Valid
    // from the start.
    [[nodiscard]] virtual const std::string& doubt() const noexcept {
        static const std::string none;
        return none;
    }
    // Why the file is not whole, as a sentence for people that begins with the name of the file;
    // "": it is whole. Valid once pull() has returned end.
    [[nodiscard]] virtual const std::string& warning() const noexcept = 0;
};

}  // namespace octroi::file
