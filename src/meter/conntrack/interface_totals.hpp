// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What all interfaces of the network namespace have carried, received and sent. Every packet of a
// connection passes at least one of them, so their increase bounds what connections carried in the
// time. It contains link headers, and a forwarded packet twice: the bound is too high, never too
// low.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_cursor.hpp"
#include "host/interfaces.hpp"
#include "wire/conntrack/conntrack.hpp"

namespace octroi::conntrack {

class InterfaceTotals {
public:
    InterfaceTotals() = default;
    explicit InterfaceTotals(const std::vector<Interface>& interfaces);

    // nullopt: it is not known. An interface is gone, or its counters began again.
    [[nodiscard]] std::optional<Count> increase_to(const InterfaceTotals& later) const;

    void save(ByteWriter& out) const;
    // False: save() did not write it.
    [[nodiscard]] bool restore(ByteCursor& in);

private:
    struct One {
        std::string name;
        std::uint32_t index = 0;
        Count count;
    };
    std::vector<One> interfaces_;
};

}  // namespace octroi::conntrack
