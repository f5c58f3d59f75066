// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The UDP source ports from which an exporter sends. A sender that forges the exporter's address
// does not know them as a rule: what a message from another port states is believed less.

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/byte_cursor.hpp"

namespace octroi::exporter {

class KnownPorts {
public:
    // Messages from a port that make it a usual one.
    static constexpr std::uint32_t usual_messages = 16;

    // A message came from this port. With more ports than are kept, the one with the fewest
    // messages is replaced, and loses one message for each that came from elsewhere.
    void add(std::uint16_t port) noexcept {
        auto at = std::ranges::find(ports_, port, &Port::number);
        if (at == ports_.end() || at->messages == 0) {
            at = std::ranges::min_element(ports_, {}, &Port::messages);
            if (at->messages > 0) {
                --at->messages;
                return;
            }
            *at = {port, 0};
        }
        if (at->messages < UINT32_MAX) ++at->messages;
    }
    [[nodiscard]] bool is_usual(std::uint16_t port) const noexcept {
        return std::ranges::any_of(ports_, [port](const Port& known) {
            return known.number == port && known.messages >= usual_messages;
        });
    }

    void save(ByteWriter& to) const {
        for (const Port& port : ports_) {
            to.be16(port.number);
            to.be32(port.messages);
        }
    }
    [[nodiscard]] bool restore(ByteCursor& from) noexcept {
        return std::ranges::all_of(
            ports_, [&](Port& port) { return from.be16(port.number) && from.be32(port.messages); });
    }

private:
    struct Port {
        std::uint16_t number = 0;
        std::uint32_t messages = 0;
    };
    std::array<Port, 4> ports_{};
};

}  // namespace octroi::exporter
