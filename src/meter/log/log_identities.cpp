// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/log_identities.hpp"

#include <optional>
#include <string>

#include "record/identity.hpp"

namespace octroi::logs {
namespace {

std::optional<Identity> held_identity(const std::string& text) {
    auto identity = parse_identity(text);
    if (!identity) return std::nullopt;
    return *std::move(identity);
}

}  // namespace

void LogIdentities::add(const logline::Entry& entry, UtcTime time) {
    ++lines_;
    std::optional<Identity> address;
    std::optional<Identity> mac;
    std::optional<Identity> user;
    if (!entry.client.address.empty()) address = held_identity(to_string(entry.client.address));
    if (!entry.mac.empty()) mac = held_identity("mac " + std::string(entry.mac));
    if (!entry.user.empty()) user = held_identity("user " + std::string(entry.user));
    if (mac && user) events_.push_back({time, *mac, *user});
    if (address && mac) events_.push_back({time, *address, *mac});
    if (address && user && !mac) events_.push_back({time, *address, *user});
}

void LogIdentities::flush(ReadingSink& sink) {
    if (events_.empty()) return;
    sink.accept_identities(events_);
    events_.clear();
}

}  // namespace octroi::logs
