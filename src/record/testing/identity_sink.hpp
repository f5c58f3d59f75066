// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Keeps the identity events that a meter hands over; any traffic fails the test.

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "record/reading_sink.hpp"

namespace octroi::testing {

class IdentitySink final : public ReadingSink {
public:
    void accept(std::span<const Reading> /*readings*/) override { ADD_FAILURE(); }
    void accept_counted(std::span<const CountedVolume> /*volumes*/) override { ADD_FAILURE(); }
    void accept_identities(std::span<const IdentityEvent> events) override {
        all.insert(all.end(), events.begin(), events.end());
    }
    [[nodiscard]] std::vector<IdentityEvent> drain() { return std::exchange(all, {}); }

    std::vector<IdentityEvent> all;
};

// "2026-11-28T10:00:00Z 10.1.0.17/32 > 00:30:ca:b8:d9:bc until 2026-11-28T12:00:00Z"
[[nodiscard]] inline std::string event_text(const IdentityEvent& event) {
    std::string text = to_rfc3339(event.at) + " " + event.held.value + " > ";
    text += event.is_held() ? event.holder.value : "nobody";
    return event.until == UtcTime::max() ? text : text + " until " + to_rfc3339(event.until);
}

[[nodiscard]] inline std::vector<std::string> event_texts(
    const std::vector<IdentityEvent>& events) {
    std::vector<std::string> texts;
    for (const IdentityEvent& event : events) texts.push_back(event_text(event));
    return texts;
}

}  // namespace octroi::testing
